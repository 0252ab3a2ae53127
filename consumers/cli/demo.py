"""``driftline demo``: the whole thing in two minutes, on simulated traffic with a known change."""

import logging
import re
from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "driftline demo --keep demo"


def demo(
    *,
    files: Annotated[bool, typer.Option("--files", help="Without a broker: replay the same events.")] = False,
    broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Use this broker; topics are deleted at the end.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long the simulated day takes.")] = 100,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep configuration, baseline and events here.")
    ] = None,
) -> None:
    """Show it all in two minutes: simulated traffic, a change that nobody announced, drift opened and resolved."""
    if files and broker:
        raise typer.BadParameter("--files is without a broker: leave one of the two out", param_hint="--broker")
    if broker and not re.fullmatch(r".+:\d{1,5}", broker):
        raise typer.BadParameter(f"{broker} is no host:port; write for example localhost:9092", param_hint="--broker")
    from consumers.demo.demo import DemoOptions, run_demo
    from consumers.demo.stage import DemoFailed
    from consumers.source import LogRefused, LogUnavailable

    # What matters is told by the story; a client that loses its broker at the end is no news.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        as_told = run_demo(DemoOptions(seconds, files, broker, keep))
    except (DemoFailed, LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {broker + ': ' if broker else ''}{error}", err=True)
        raise typer.Exit(1) from error
    if not as_told:
        raise typer.Exit(1)
