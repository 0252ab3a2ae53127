"""What a monitor looks like at a tick: the value of a record on the status topic, and the same as facts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from consumers.facts import FeatureEffect, MonitorStands, WindowTested, by_fate
from consumers.taps import Taps
from stream.budget import budget
from stream.decision import Trial
from stream.drift_event import MOST_FEATURES, iso
from stream.incidents import Incident
from stream.ledger import Ledger
from stream.monitor import Monitor, Tick
from stream.monitors import Monitors
from stream.waiting import REASONS, Waiting
from stream.waiting_events import waiting_status
from stream.watermark import Watermark

STATUS_VERSION = 1
_SEVERITIES = ("critical", "warning", "info")


def status_of(monitor: Monitor, tick: Tick, watermark: Watermark, ledger: Ledger) -> dict[str, Any]:
    """Return the status after ``tick``, the latest one, for JSON; a function of what the monitor was given.

    ``status`` is of the window: incomplete, insufficient, uncompared or tested; ``drifting`` names the features of the
    open incident, of which ``features`` describes 50 at most, those with most impact first. A feature that does not
    drift in this very window has no ``check``.
    """
    incident, reached_ms = monitor.incidents.open, watermark.reached_ms
    features = sorted(_features(incident, tick), key=lambda feature: (-(feature["impact"] or 0.0), feature["name"]))
    return {
        "schema_version": STATUS_VERSION,
        "monitor": monitor.identity.monitor,
        "segment": dict(monitor.identity.segment),
        "model": monitor.identity.model,
        "model_version": monitor.identity.model_version,
        "baseline": monitor.identity.fingerprint,
        "status": tick.status,
        "since": _since(monitor),
        "severity": _worst(features) if incident else None,
        "window": tick.window.to_dict(),
        "min_samples": monitor.policy.min_samples,
        "incident": incident.id if incident else None,
        "drifting": sorted(incident.joined_ms) if incident else [],
        "features": features[:MOST_FEATURES],
        "features_watched": len(monitor.layout.baseline.features),
        "budget": budget(monitor.layout.baseline.calibration, monitor.schedule, monitor.policy),
        "watermark": None if reached_ms is None else iso(reached_ms),
        "ledger": ledger.to_dict(),
    }


def statuses_of(
    monitors: Monitors, ticks: Iterable[Tick], watermark: Watermark, ledger: Ledger, log: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Return label and status, as JSON, of each segment with a tick, after its latest one; ``log`` is in each."""
    latest, changes = {tick.segment: tick for tick in ticks}, monitors.schema.told()
    log = {**log, "schema": changes} if changes else log
    for segment, tick in sorted(latest.items()):
        monitor = monitors.each[segment]
        yield monitor.identity.label, orjson.dumps({**status_of(monitor, tick, watermark, ledger), **log})


def log_status(lost: Mapping[str, Mapping[int, int]], taps: Taps, watermark: Watermark) -> dict[str, Any]:
    """Return what a status says of the log, for JSON: lost offsets by topic and partition; taps, if any."""
    gone = {
        topic: {str(partition): offsets for partition, offsets in sorted(partitions.items())}
        for topic, partitions in sorted(lost.items())
    }
    told = taps.told(watermark.newest_ms, watermark.idle)
    return {"lost": gone} if told is None else {"lost": gone, "taps": told}


def waiting_record(monitor: str, waiting: Waiting, watermark: Watermark) -> bytes | None:
    """Return which partitions a monitor's windows wait for, and since when, as JSON; None when they wait for none."""
    told = waiting_status(waiting, watermark)
    record = {"schema_version": STATUS_VERSION, "monitor": monitor, "waiting": told}
    return None if told is None else orjson.dumps(record)


def window_tested(tick: Tick, monitor: Monitor) -> WindowTested:
    """Return a tick as a fact, with the effects of what drifts in the incident that is open after it."""
    incident = monitor.incidents.open
    members, drifting = sorted(incident.joined_ms)[:MOST_FEATURES] if incident else [], _drifting(tick)
    effects = [
        FeatureEffect(name, trial.measured.check, trial.effect) for name in members for trial in drifting.get(name, ())
    ]
    label = monitor.identity.label
    return WindowTested(label, tick.window.end_ms, tick.status, tick.window.n, tuple(effects))


def standing(monitors: Monitors, watermark: Watermark, ledger: Ledger, waiting: Waiting) -> MonitorStands:
    """Return how a monitor stands between ticks, over all its segments."""
    opened = [one.incidents.open for one in monitors.each.values() if one.incidents.open is not None]
    drifting = sum(len(incident.joined_ms) for incident in opened) if opened else None
    told = waiting.state.told
    return MonitorStands(
        watermark.reached_ms,
        len(monitors.pane_keys()),
        drifting,
        by_fate(ledger),
        waiting.waited_ms(monitors.next_boundary()),
        {reason: len(told[reason].places) if reason in told else 0 for reason in REASONS},
    )


def _features(incident: Incident | None, tick: Tick) -> Iterator[dict[str, Any]]:
    drifting, explanation = _drifting(tick), tick.explanation
    members = {name: incident.since_ms[name] for name in incident.joined_ms} if incident else {}
    for name, since_ms in members.items():
        # The check that is furthest above its floor says most.
        trial = max(drifting.get(name, ()), key=_over_floor, default=None)
        yield {
            "name": name,
            "severity": explanation.severity(name) if explanation and trial else "info",
            "impact": explanation.impact(name) if explanation else None,
            "check": trial.measured.check if trial else None,
            "effect": trial.effect if trial else None,
            "threshold": trial.floor if trial else None,
            "since": iso(since_ms),
            "since_ms": since_ms,
        }


def _drifting(tick: Tick) -> dict[str, list[Trial]]:
    """Return the tests that say drift in this window, by feature."""
    drifting: dict[str, list[Trial]] = {}
    for trial in tick.explanation.decision.trials if tick.explanation else ():
        if trial.agrees:
            drifting.setdefault(trial.feature, []).append(trial)
    return drifting


def _over_floor(trial: Trial) -> tuple[float, str]:
    return (trial.effect / trial.floor if trial.floor else float("inf"), trial.measured.check)


def _worst(features: Iterable[dict[str, Any]]) -> str:
    found = {feature["severity"] for feature in features}
    return next((severity for severity in _SEVERITIES if severity in found), "info")


def _since(monitor: Monitor) -> str | None:
    """Return since when it has been so: the first drift of the incident, or the first window of too few events."""
    incident = monitor.incidents.open
    since_ms = monitor.state.insufficient_since_ms
    if incident is not None:
        since_ms = min((incident.since_ms[name] for name in incident.joined_ms), default=incident.opened_ms)
    return None if since_ms is None else iso(since_ms)
