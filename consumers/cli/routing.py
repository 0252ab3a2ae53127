"""`driftline run`: delivering alerts to `[routes]`, beside the loops or as a role of its own."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from consumers.facts import Observer
    from consumers.routes import Router
    from consumers.settings import Settings

# What a route works on for longer is told again by the next process.
_END_WITHIN_S = 3.0
_log = logging.getLogger("driftline.run")


@contextmanager
def routing(
    settings: "Settings", observer: "Observer", stop: Callable[[], None], *, wanted: bool, burst: bool
) -> Iterator[None]:
    """Deliver alerts while the block runs; in a burst, until what it published is delivered or given up.

    ``stop`` is called when a route ends by a fault of ours; the process then ends with 1, to be started again.
    """
    if not (wanted and settings.routes):
        yield
        return
    from consumers.routes import Router

    router = Router(settings, observer, stop)
    _start(router, settings)
    try:
        yield
        if burst:
            router.finish()
            router.join()
    finally:
        router.stop()
        router.join(_END_WITHIN_S)
    if router.dead:
        raise typer.Exit(1)


def route_alone(settings: "Settings", on_signals: Callable[[Callable[[], None]], None], *, burst: bool) -> None:
    """Deliver alerts until stopped, or in a burst what is on the topic now; ``on_signals`` is told what stops it."""
    from consumers.errors import SettingsError
    from consumers.routes import Router

    if not settings.routes:
        raise SettingsError(
            f"{settings.path}: routes: --role router delivers alerts, and there is nobody to deliver them to; "
            "write for example [routes.team]"
        )
    router = Router(settings, _observer(settings, burst=burst))
    on_signals(router.stop)
    _start(router, settings)
    if burst:
        router.finish()
        router.join()
    else:
        router.wait()
        router.join(_END_WITHIN_S)
    _log.info("%s: stopped", settings.monitor.name)
    if router.dead:
        raise typer.Exit(1)


def _start(router: "Router", settings: "Settings") -> None:
    from consumers.source import LogRefused, LogUnavailable

    try:
        router.start()
    except (LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {', '.join(settings.kafka.bootstrap_servers)}: {error}", err=True)
        raise typer.Exit(1) from error


def _observer(settings: "Settings", *, burst: bool) -> "Observer":
    """Serve metrics and health as the settings say, and return who must be told for them."""
    from consumers.facts import NOBODY, Observers
    from consumers.health import Health
    from consumers.health_server import serve
    from consumers.routes.route import role_of
    from consumers.telemetry import Telemetry

    if burst:
        return NOBODY
    health, telemetry = Health([], map(role_of, settings.routes)), Telemetry(settings.monitor.name, "")
    server = serve(settings, health, telemetry.metrics.registry)
    if server is None:
        return NOBODY
    _log.info("metrics and health at http://%s (/metrics, /healthz, /readyz)", server.address)
    return Observers([health, telemetry])
