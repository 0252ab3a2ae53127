"""``driftline run``: the long-lived consumer."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from consumers.assembly import Assembly
    from consumers.facts import Observer
    from consumers.service import Service
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
        Literal["all", "counter", "judge", "router"],
        typer.Option(help="Count events, judge windows, deliver alerts to [routes], or all of it in one process."),
    ] = "all",
    burst: Annotated[
        bool, typer.Option("--burst", help="Stop when what was in the topic at the start is counted and judged.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Also show what the Kafka client logs.")] = False,
) -> None:
    """Consume events, test windows, publish drift events; until SIGTERM or SIGINT."""
    from consumers.assembly import assemble
    from consumers.cli.environment import settings_from
    from consumers.cli.routing import route_alone, routing
    from consumers.fact_log import FactLog
    from consumers.facts import Observers
    from consumers.kafka_loops import new_loop
    from consumers.service import Service
    from consumers.source import LogRefused, LogUnavailable
    from consumers.topics import ensure_topics

    _log_to_stderr(verbose)
    for number in _SIGNALS:
        signal.signal(number, _stop_starting)
    settings = settings_from(config)
    if role == "router":
        route_alone(settings, _stop_on_signals, burst=burst)
        return
    assembly = assemble(settings)
    roles = _roles(settings, role)
    # A burst is over before anybody could ask how it is.
    observer = Observers([FactLog()]) if burst else _watched(assembly, roles)
    try:
        ensure_topics(settings)
        loops = [new_loop(name, assembly, observer) for name in roles]
    except LogUnavailable as error:
        _no_broker(settings, f"{error}; start the broker, or write where it is in kafka.bootstrap_servers")
    except LogRefused as error:
        _no_broker(settings, str(error))
    service = Service(loops, _tell)
    _stop_on_signals(service.stop)
    name, source = settings.monitor.name, settings.topics.events or "taps"
    _log.info("%s: %s of %s since %s", name, " and ".join(roles), source, assembly.baseline.fingerprint)
    if assembly.unverified and "judge" in roles:
        _log.warning("%s: budget: %s: %s", settings.monitor.name, assembly.budget, assembly.unverified)
    with routing(settings, observer, service.stop, wanted=role == "all", burst=burst):
        _serve(service, settings, burst=burst)
    _log.info("%s: stopped", settings.monitor.name)


def _serve(service: "Service", settings: "Settings", *, burst: bool) -> None:
    from consumers.source import LogRefused

    try:
        if burst:
            service.run_burst()
        else:
            service.run()
    except LogRefused as error:
        _no_broker(settings, str(error))


def _roles(settings: "Settings", role: str) -> list[str]:
    """Return what this process does; raises SettingsError for a counter where taps count all events."""
    from consumers.errors import SettingsError

    if role == "counter" and not settings.topics.events:
        raise SettingsError(f'{settings.path}: topics.events is "": taps count, and a counter has nothing to read')
    return [
        name for name in ("counter", "judge") if role in (name, "all") and (name == "judge" or settings.topics.events)
    ]


def _watched(assembly: "Assembly", roles: list[str]) -> "Observer":
    """Serve metrics and health as the settings say, and return who must be told for them."""
    from consumers.fact_log import FactLog
    from consumers.facts import Observers
    from consumers.health import Health
    from consumers.health_server import serve
    from consumers.telemetry import Telemetry

    health, telemetry = Health(roles), Telemetry(assembly.settings.monitor.name, assembly.baseline.fingerprint)
    server = serve(assembly.settings, health, telemetry.metrics.registry)
    if server is None:
        return Observers([FactLog()])
    _log.info("metrics and health at http://%s (/metrics, /healthz, /readyz)", server.address)
    return Observers([FactLog(), health, telemetry])


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
    """End where nothing was begun yet."""
    raise SystemExit(0)


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
