"""``driftline run``: the long-lived consumer."""

import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from consumers.service import Service
    from stream.drift_event import DriftEvent

EXAMPLE = "driftline run --config driftline.toml"
_log = logging.getLogger("driftline.run")


def run(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    role: Annotated[
        Literal["all", "counter", "judge"], typer.Option(help="Count events, judge windows, or both in one process.")
    ] = "all",
    burst: Annotated[
        bool, typer.Option("--burst", help="Stop when what was in the topic at the start is counted and judged.")
    ] = False,
) -> None:
    """Consume events, test windows, publish drift events; until SIGTERM or SIGINT."""
    from consumers.assembly import Assembly, assemble
    from consumers.cli.environment import settings_from
    from consumers.kafka_loops import new_counter, new_judge
    from consumers.service import Loop, Service
    from consumers.source import LogRefused, LogUnavailable
    from consumers.topics import ensure_topics

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("driftline").setLevel(logging.INFO)
    settings = settings_from(config)
    assembly = assemble(settings)
    try:
        ensure_topics(settings)
        makers: dict[str, Callable[[Assembly], Loop]] = {"counter": new_counter, "judge": new_judge}
        loops = [make(assembly) for name, make in makers.items() if role in (name, "all")]
    except (LogUnavailable, LogRefused) as error:
        _no_broker(settings.kafka.bootstrap_servers, error)
    service = Service(loops, _tell)
    _stop_on_signals(service)
    _log.info(
        "%s: %s of %s since %s", settings.monitor.name, role, settings.topics.events, assembly.baseline.fingerprint
    )
    try:
        if burst:
            service.run_burst()
        else:
            service.run()
    except LogRefused as error:
        _no_broker(settings.kafka.bootstrap_servers, error)
    _log.info("%s: stopped", settings.monitor.name)


def _tell(event: "DriftEvent") -> None:
    _log.info("%s %s %s: %s", event.window["end"], event.severity, event.type, event.summary)


def _no_broker(servers: tuple[str, ...], error: Exception) -> None:
    typer.echo(f"driftline: {', '.join(servers)}: {error}", err=True)
    raise typer.Exit(1) from error


def _stop_on_signals(service: "Service") -> None:
    """End after the present transaction; a second signal ends at once, and the next owner goes on from the last one."""

    def stop(number: int, _frame: object) -> None:
        service.stop()
        signal.signal(number, lambda *_: os._exit(130))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
