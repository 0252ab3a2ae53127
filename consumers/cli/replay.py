"""``driftline replay``: the same arithmetic over files, no broker."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

if TYPE_CHECKING:
    from consumers.replay import Replay

EXAMPLE = "driftline replay --config driftline.toml monday.jsonl.gz --findings findings.jsonl --summary summary.json"
# Found drift, asked for with --exit-code: neither success nor one of the failures.
_DRIFT_FOUND = 3


def replay(
    stream: Annotated[list[Path], typer.Argument(help="Events, a JSON object a line (.gz, .zst too), in their order.")],
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    events: Annotated[Path | None, typer.Option(help="Where drift events go; default standard output.")] = None,
    findings: Annotated[
        Path | None, typer.Option(help="Where every test goes, a JSON object per window, feature and check.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(help="Where the ledger goes, as one JSON object.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 when drift was found.")] = False,
) -> None:
    """Replay recorded events: drift events as JSON Lines, exactly as `run` would publish them."""
    import orjson

    from consumers.assembly import assemble
    from consumers.cli.environment import settings_from
    from consumers.replay import Replay, check_streams
    from consumers.streams import stream_batches

    settings = settings_from(config)
    check_streams(settings, stream)
    work = Replay(assemble(settings))
    with ExitStack() as stack:
        events_out = sys.stdout.buffer if events is None else stack.enter_context(_writable(events))
        findings_out = None if findings is None else stack.enter_context(_writable(findings))
        # Opened before the work, which may be long: a path that cannot be written is said at once.
        summary_out = None if summary is None else stack.enter_context(_writable(summary))
        for tick in work.run(stream_batches(stream)):
            for event in tick.events:
                events_out.write(orjson.dumps(event.to_dict(), option=orjson.OPT_APPEND_NEWLINE))
            if findings_out is not None:
                for finding in work.findings(tick):
                    findings_out.write(orjson.dumps(finding, option=orjson.OPT_APPEND_NEWLINE))
        events_out.flush()
        told = work.summary()
        if summary_out is not None:
            summary_out.write(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    typer.echo(_sentence(work, told), err=True)
    if exit_code and work.event_types["drift.opened"]:
        raise typer.Exit(_DRIFT_FOUND)


def _writable(path: Path) -> BinaryIO:
    from consumers.errors import SettingsError

    try:
        return path.open("wb")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from error


def _sentence(work: "Replay", told: dict[str, Any]) -> str:
    ledger, windows = work.ledger, told["windows"]
    left = ledger.read - ledger.counted
    fates = f", {left} not ({_fates(told['ledger'])})" if left else ""
    tested, opened = windows.get("tested", 0), work.event_types["drift.opened"]
    few = f", {windows['insufficient']} with too few events" if "insufficient" in windows else ""
    return (
        f"{ledger.read} events read, {ledger.counted} counted{fates}. {tested} windows tested{few}, "
        f"{len(told['incomplete_windows'])} incomplete. Drift opened {opened} times."
    )


def _fates(ledger: dict[str, Any]) -> str:
    fates = {name: ledger[name] for name in ("late", "ahead", "foreign")} | ledger["rejected"]
    return ", ".join(f"{name} {count}" for name, count in fates.items() if count)
