"""Windows that wait, put into words: the `monitor.health` events of a wait that begins or ends."""

from collections.abc import Sequence

from stream.drift_event import DriftEvent, Identity, TestedWindow, health_event, iso
from stream.waiting import REASONS, Reason, Wait, WaitChange, Waiting
from stream.watermark import Watermark

_MOST_NAMES = 5
_WHY: dict[Reason, str] = {
    "stalled": "nothing new is counted there",
    "lagging": "they are counted, and their event time stays behind the other partitions'",
}


def wait_event(identity: Identity, change: WaitChange, window: TestedWindow) -> DriftEvent:
    """Return what is said of a change; ``window`` is the first one that waits, or the last one that has waited."""
    names = place_names(change.wait.places)
    sentence = (
        f"Windows wait for {names} since {iso(change.wait.since_ms)}: {_WHY[change.reason]}. "
        f"The first of these windows ends at {iso(window.end_ms)}."
        if change.begun
        else f"Windows do not wait any more for {names}."
    )
    state = "begun" if change.begun else "ended"
    return health_event(identity, window, change.reason, state, sentence, change.wait.told_ms)


def waiting_status(waiting: Waiting, watermark: Watermark) -> dict[str, object] | None:
    """Return what windows wait for, for JSON: each reason's partitions and since when; None when nothing was told.

    ``since`` is in log time, ``boundary`` in event time: the end of the first window that waited.
    """
    told = waiting.state.told
    found: dict[str, object] = {reason: _wait_status(told[reason], watermark) for reason in REASONS if reason in told}
    return found or None


def place_names(places: Sequence[tuple[str, int]]) -> str:
    """Return partitions as people read them.

    >>> place_names([("events", 0), ("events", 3)])
    'events-0, events-3'
    """
    shown = ", ".join(f"{topic}-{partition}" for topic, partition in places[:_MOST_NAMES])
    more = len(places) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _wait_status(wait: Wait, watermark: Watermark) -> dict[str, object]:
    partitions = [
        {"topic": topic, "partition": partition, "newest": iso_or_none(watermark.newest_ms.get((topic, partition)))}
        for topic, partition in wait.places
    ]
    return {"since": iso(wait.since_ms), "boundary": iso(wait.boundary_ms), "partitions": partitions}


def iso_or_none(time_ms: int | None) -> str | None:
    """Return a time (UTC ms) as people read it, and no time as it is."""
    return None if time_ms is None else iso(time_ms)
