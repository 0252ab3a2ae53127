"""``driftline run``: the long-lived consumer."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from consumers.facts import Observer
    from consumers.kafka_crew import Post
    from consumers.service import Loop, Service
    from consumers.settings import Settings
    from stream.drift_event import DriftEvent

EXAMPLE = "driftline run --config driftline.toml"
# Stopping takes no longer than this, even if the broker is away: then the open transaction is left to the next owner.
_STOP_WITHIN_S = 4.0
_SECOND_SIGNAL_AFTER_S = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("driftline.run")


def run(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    role: Annotated[
        Literal["all", "counter", "judge", "joiner", "router"],
        typer.Option(
            help="Count events, judge windows, join labels, deliver alerts to [routes], or all of it in one process."
        ),
    ] = "all",
    burst: Annotated[
        bool, typer.Option("--burst", help="Stop when what was in the topic at the start is counted and judged.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also show what the Kafka client logs.")] = False,
) -> None:
    """Consume events, test windows, publish drift events; until SIGTERM or SIGINT."""
    # Before anything else: what is imported here takes a second, and longer on a busy machine.
    _log_to_stderr(verbose)
    for number in _SIGNALS:
        signal.signal(number, _stop_starting)
    from consumers.assembly import assemble, assemble_performance
    from consumers.cli.environment import settings_from
    from consumers.cli.routing import route_alone, routing
    from consumers.cli.watching import watched
    from consumers.fact_log import FactLog
    from consumers.kafka_crew import posts
    from consumers.service import Service

    settings = settings_from(config)
    if role == "router":
        route_alone(settings, _stop_on_signals, burst=burst)
        return
    assembly, performance = assemble(settings), assemble_performance(settings)
    crew = posts(role, assembly, performance)
    # A burst is over before anybody could ask how it is.
    observers = [FactLog() for _ in crew] if burst else watched(crew, settings.routes if role == "all" else ())
    loops = _started(settings, crew, observers)
    service = Service(loops, _tell)
    _stop_on_signals(service.stop)
    _say_begin(settings, crew, None if burst else config)
    # The first post is of the events' monitor, whose alerts topic both share.
    with routing(settings, observers[0], service.stop, wanted=role == "all", burst=burst):
        _serve(service, settings, burst=burst)
    _log.info("%s: stopped", settings.monitor.name)


def _say_begin(settings: "Settings", crew: Sequence["Post"], config: Path | None) -> None:
    """Log what runs, against which baseline; ``config`` is the file of a monitor that will be quiet for long."""
    monitor, names = settings.monitor.name, " and ".join(post.name for post in crew)
    source, fingerprint = settings.topics.events or "taps", crew[0].assembly.baseline.fingerprint
    _log.info("%s: %s of %s, baseline %s", monitor, names, source, fingerprint)
    judges = [post.assembly for post in crew if post.role == "judge"]
    for assembly in judges:
        if assembly.unverified:
            _log.warning("%s: budget: %s: %s", assembly.settings.monitor.name, assembly.budget, assembly.unverified)
    if judges and config is not None:
        status = f"driftline status --config {config}"
        _log.info("%s: drift is told here and on %s; how things stand: %s", monitor, settings.topics.alerts, status)


def _serve(service: "Service", settings: "Settings", *, burst: bool) -> None:
    from consumers.source import LogRefused

    try:
        if burst:
            service.run_burst()
        else:
            service.run()
    except LogRefused as error:
        _no_broker(settings, str(error))


def _started(settings: "Settings", crew: list["Post"], observers: Sequence["Observer"]) -> list["Loop"]:
    """Create what is missing and return the loops; where the log is not there, or will not let us, end with exit 1."""
    from consumers.settings.performance import performance_of
    from consumers.source import LogRefused, LogUnavailable
    from consumers.topics import ensure_topics

    try:
        ensure_topics(settings)
        performance = performance_of(settings)
        if performance is not None:
            # Its events are the labelled ones, whose topic is there by now.
            ensure_topics(performance)
        return [post.new_loop(observer) for post, observer in zip(crew, observers, strict=True)]
    except LogUnavailable as error:
        _no_broker(settings, f"{error}; start the broker, or write where it is in kafka.bootstrap_servers")
    except LogRefused as error:
        _no_broker(settings, str(error))


def _tell(event: "DriftEvent") -> None:
    _log.info("%s %s %s: %s", event.window["end"], event.severity, event.type, event.summary)


def _log_to_stderr(verbose: bool) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("driftline").setLevel(logging.INFO)
    if not verbose:
        # The client warns of every step of a first join; what matters of it comes back to us as an error.
        logging.getLogger("kafka").setLevel(logging.CRITICAL)


def _no_broker(settings: "Settings", sentence: str) -> NoReturn:
    typer.echo(f"driftline: {', '.join(settings.kafka.bootstrap_servers)}: {sentence}", err=True)
    raise typer.Exit(1)


def _stop_starting(_number: int, _frame: object) -> NoReturn:
    """End where nothing was begun yet; at once: an import that is interrupted by an exception may fail with another."""
    os._exit(0)


def _stop_on_signals(stop_it: Callable[[], None]) -> None:
    """End after the present transaction; a second signal ends at once, and the next owner goes on from the last one."""
    first_s = 0.0

    def stop(_number: int, _frame: object) -> None:
        nonlocal first_s
        if first_s:
            # `timeout`, a shell and a terminal may each pass on the same wish: only a later one is a second one.
            if time.monotonic() - first_s > _SECOND_SIGNAL_AFTER_S:
                os._exit(130)
            return
        first_s = time.monotonic()
        stop_it()
        patience = threading.Timer(_STOP_WITHIN_S, os._exit, (0,))
        patience.daemon = True
        patience.start()

    for number in _SIGNALS:
        signal.signal(number, stop)
