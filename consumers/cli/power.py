"""``driftline power``: what shift in each feature would be caught, and how soon."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumers.assembly import Assembly

EXAMPLE = "driftline power --config driftline.toml --rate 5000 --features user_age,device_type"


def power(
    sample: Annotated[
        list[Path] | None, typer.Argument(help="Recorded events: how many fill a window is taken from them.")
    ] = None,
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    rows_per_window: Annotated[int | None, typer.Option(metavar="N", min=1, help="Events in a window.")] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="EVENTS", min=0.001, help="Events an hour, instead of --rows-per-window.")
    ] = None,
    features: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Only these features; default all of them.")
    ] = None,
    sure: Annotated[
        float, typer.Option("--power", min=0.05, max=0.99, help="The probability with which a change is caught.")
    ] = 0.8,
    draws: Annotated[
        int, typer.Option(metavar="N", min=16, help="Windows simulated for each kind of change; more are more exact.")
    ] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulation; the same seed gives the same numbers.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Say what change of each feature these settings catch, and within how many windows, by simulation."""
    import orjson

    from consumers.assembly import assemble
    from consumers.cli.baseline_tables import console_for
    from consumers.cli.environment import settings_from
    from consumers.cli.fit import names
    from consumers.cli.power_text import power_text
    from consumers.cli.progress import progress_bar
    from consumers.power import Wanted, report

    assembly = assemble(settings_from(config))
    rows = _rows(assembly, rows_per_window, rate, sample)
    wanted = Wanted(sure, tuple(sorted(names(features))), draws, seed)
    with progress_bar(console_for(stderr=True), "simulating", "windows") as progress:
        told = report(assembly, rows, wanted, progress)
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        console_for(stderr=False).print(power_text(told), soft_wrap=True)


def _rows(assembly: "Assembly", rows: int | None, rate: float | None, sample: list[Path] | None) -> int:
    """Return the rows of a window from the one place where they were given."""
    from consumers.errors import SettingsError
    from consumers.power import rows_at_rate, rows_in_sample
    from consumers.replay import check_streams
    from consumers.streams import stream_batches

    if sum(given is not None for given in (rows, rate, sample or None)) != 1:
        raise SettingsError(
            "power depends on the traffic: give one of --rows-per-window N, --rate EVENTS (an hour), or recorded events"
        )
    if rows is not None:
        return rows
    if rate is not None:
        return rows_at_rate(assembly.settings, rate)
    check_streams(assembly.settings, sample or [])
    return rows_in_sample(assembly, stream_batches(sample or []))
