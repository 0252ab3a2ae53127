"""``driftline replay``: the same arithmetic over files, no broker."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli.fates import fates

if TYPE_CHECKING:
    from consumers.cli.outlets import Outlet
    from consumers.replay import Replay
    from consumers.settings import Settings

EXAMPLE = "driftline replay --config driftline.toml monday.jsonl.gz --findings findings.jsonl --summary summary.json"
# Found drift, asked for with --exit-code: neither success nor one of the failures.
_DRIFT_FOUND = 3


def replay(
    stream: Annotated[list[Path], typer.Argument(help="Events, a JSON object a line (.gz, .zst too), in their order.")],
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    events: Annotated[
        Path | None, typer.Option(help="Where drift events go; default standard output, with --try nowhere.")
    ] = None,
    findings: Annotated[
        Path | None, typer.Option(help="Where every test goes, a JSON object per window, feature and check.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Where the ledger goes, as one JSON object.")] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 3 when drift was found with the settings as configured.")
    ] = False,
    tries: Annotated[
        list[str] | None,
        typer.Option(
            "--try",
            metavar="NAME:KEY=VALUE[,...]|FILE.toml",
            help="Also judge with other settings, in the same pass, and compare; may be given again.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --try: one JSON object instead of tables.")] = False,
) -> None:
    """Replay recorded events: drift events as JSON Lines, exactly as `run` would publish them.

    With --try it compares settings instead: how often each would have fired, and when.
    """
    from consumers.cli.environment import settings_from
    from consumers.cli.outlets import outlets
    from consumers.errors import SettingsError
    from consumers.replay import check_streams

    settings = settings_from(config)
    check_streams(settings, stream)
    if as_json and not tries:
        raise SettingsError("--json: goes with --try; without it, standard output has drift events, as JSON already")
    with ExitStack() as stack:
        if tries:
            from consumers.cli.backtest import backtest

            found = backtest(settings, stream, tries, outlets(stack, events, findings, summary), as_json=as_json)
        else:
            out = outlets(stack, events, findings, summary, standard=sys.stdout.buffer)
            found = _replay(settings, stream, out)
    if exit_code and found:
        raise typer.Exit(_DRIFT_FOUND)


def _replay(settings: "Settings", stream: list[Path], out: "Outlet") -> bool:
    """Replay, say in a sentence what came of it, and tell whether drift was found."""
    from consumers.assembly import assemble
    from consumers.replay import Replay
    from consumers.streams import stream_batches

    work = Replay(assemble(settings))
    for tick in work.run(stream_batches(stream)):
        out.take(work.assembly.identity(tick.segment), tick)
    told = work.summary()
    out.close(told)
    typer.echo(_sentence(work, told), err=True)
    if work.assembly.unverified:
        typer.echo(f"budget: {told['budget']}: {work.assembly.unverified}", err=True)
    return work.event_types["drift.opened"] > 0


def _sentence(work: "Replay", told: dict[str, Any]) -> str:
    windows = told["windows"]
    tested, opened = windows.get("tested", 0), work.event_types["drift.opened"]
    few = f", {windows['insufficient']} with too few events" if "insufficient" in windows else ""
    return (
        f"{fates(told['ledger'])}. {tested} windows tested{few}, "
        f"{len(told['incomplete_windows'])} incomplete. Drift opened {opened} times."
    )
