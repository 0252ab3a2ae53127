"""Whether it went as promised: found after the change, by name; resolved after the return; and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consumers.demo.stage import Told
from consumers.demo.traffic import CHANGE_MS, RETURN_MS, SHIFTED


@dataclass(frozen=True, slots=True)
class Verdict:
    """Minutes of event time from the change to the alarm, and from the return to its end; what went otherwise."""

    found_after_min: int | None
    resolved_after_min: int | None
    complaints: tuple[str, ...]


def verdict(alerts: Sequence[Told], midnight_ms: int) -> Verdict:
    """Judge the drift events of one simulated day that begins at ``midnight_ms`` (UTC)."""
    opened = [alert for alert in alerts if alert["type"] == "drift.opened"]
    resolved = [alert for alert in alerts if alert["type"] == "drift.resolved"]
    complaints = [
        *_opening_complaints(opened, midnight_ms + CHANGE_MS),
        *_resolving_complaints(resolved, midnight_ms + RETURN_MS),
        *_stranger_complaints(alerts),
    ]
    found = _minutes(opened[0], midnight_ms + CHANGE_MS) if opened else None
    over = _minutes(resolved[-1], midnight_ms + RETURN_MS) if resolved else None
    return Verdict(found, over, tuple(complaints))


def _opening_complaints(opened: Sequence[Told], change_ms: int) -> Iterator[str]:
    if not opened:
        yield "drift was never opened"
        return
    if len(opened) > 1:
        yield f"drift was opened {len(opened)} times instead of once"
    if opened[0]["window"]["end_ms"] <= change_ms:
        yield "drift was opened before anything had changed"
    if unnamed := sorted(set(SHIFTED) - set(_names(opened[0]))):
        yield f"the alarm does not name {' and '.join(unnamed)}"


def _resolving_complaints(resolved: Sequence[Told], return_ms: int) -> Iterator[str]:
    if not resolved:
        yield "drift was never resolved"
    elif resolved[0]["window"]["end_ms"] <= return_ms:
        yield "drift was resolved before the traffic had come back"


def _stranger_complaints(alerts: Sequence[Told]) -> Iterator[str]:
    if strangers := sorted({name for alert in alerts for name in _names(alert)} - set(SHIFTED)):
        yield f"{', '.join(strangers)} did not change, yet an alarm names it"
    if any(alert["type"] == "monitor.health" for alert in alerts):
        yield "driftline reported trouble of its own"


def _names(alert: Told) -> list[str]:
    return [feature["name"] for feature in alert["features"]]


def _minutes(alert: Told, since_ms: int) -> int:
    return int((alert["window"]["end_ms"] - since_ms) // 60_000)
