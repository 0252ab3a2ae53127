"""Trying a route before there is drift: a made-up incident, opened and resolved, and what the service said of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from consumers.routes.kinds import KINDS
from consumers.routes.post import Answer, Poster
from consumers.settings import Settings
from stream.drift_event import DriftEvent, iso
from stream.ids import digest

_SEVERITY = "warning"


def try_route(settings: Settings, name: str) -> Iterator[tuple[DriftEvent, Answer]]:
    """Send both events of a trial, once each, and yield what came of them. Nothing is written to Kafka."""
    route, now = settings.routes[name], datetime.now(UTC)
    poster = Poster(route.address, route.timeout_ms / 1000, route.secrets)
    try:
        for event, before in _incident(settings.monitor.name, now):
            yield event, poster.post(KINDS[route.kind](event, before, route, now))
    finally:
        poster.close()


def _incident(monitor: str, now: datetime) -> Iterator[tuple[DriftEvent, str | None]]:
    now_ms = int(now.timestamp() * 1000)
    incident = digest("trial", monitor, str(now_ms))
    window = {"start": iso(now_ms), "end": iso(now_ms), "start_ms": now_ms, "end_ms": now_ms, "n": 0, "coverage": 1.0}
    opened = DriftEvent(
        id=digest("trial", incident, "opened"),
        incident=incident,
        type="drift.opened",
        monitor=monitor,
        segment={},
        severity=_SEVERITY,
        summary="This is a test of the route. Nothing drifts.",
        window=window,
        baseline={"fingerprint": "none", "n": 0},
        advice="Nothing to do.",
    )
    yield opened, None
    yield replace(opened, id=digest("trial", incident, "resolved"), type="drift.resolved", severity="info"), _SEVERITY
