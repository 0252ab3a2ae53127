"""What a judge has to say of a monitor that comes from no window: its log or its configuration is not what it was."""

from stream.drift_event import DriftEvent, TestedWindow, health_event
from stream.memory import Memory
from stream.monitors import Monitors


def begun_anew(monitors: Monitors, memory: Memory) -> DriftEvent:
    """Say that windows begin anew; an open incident ends with what it was found against."""
    same_baseline = memory.counted_on.startswith(monitors.any.identity.fingerprint)
    reason = "configuration_changed" if same_baseline else "baseline_changed"
    what = "schedule" if same_baseline else "baseline"
    sentence = f"The {what} was replaced: windows begin anew, and nothing is carried over from the old ones."
    at_ms = memory.state.sealed_to_ms or 0
    return _notice(monitors, reason, sentence, at_ms, at_ms)


def topic_recreated(monitors: Monitors, topic: str, life: int) -> DriftEvent:
    """Say that the events come from another topic of the same name, its ``life``-th."""
    sentence = f"The topic {topic} was deleted and created again: it is read from its beginning."
    at_ms = monitors.sealed_to_ms or 0
    return _notice(monitors, "topic_recreated", sentence, at_ms, at_ms + life)


def counts_recreated(monitors: Monitors, topic: str, judged_to: int) -> DriftEvent:
    """Say that the counts topic is another one; the old one was judged up to an offset."""
    sentence = (
        f"The topic {topic} was deleted and created again: what counters wrote to the old one, "
        f"at offset {judged_to} and behind, is in no window."
    )
    at_ms = monitors.sealed_to_ms or 0
    return _notice(monitors, "counts_recreated", sentence, at_ms, at_ms + judged_to)


def counts_lost(monitors: Monitors, place: str, offsets: int, total: int) -> DriftEvent:
    """Say that some of the counts topic is gone, ``total`` offsets by now."""
    sentence = f"{offsets} offsets of {place} are gone before or after they were judged: windows may lack events."
    at_ms = monitors.sealed_to_ms or 0
    return _notice(monitors, "counts_lost", sentence, at_ms, at_ms + total)


def reports_lost(monitors: Monitors, run: str, reports: int, total: int) -> DriftEvent:
    """Say that reports of a process that counts by itself never came, ``total`` of all such by now."""
    sentence = f"{reports} reports of the tap {run} are not on the counts topic: windows may lack events."
    at_ms = monitors.sealed_to_ms or 0
    return _notice(monitors, "reports_lost", sentence, at_ms, at_ms + total)


def memory_lost(monitors: Monitors, judged_to: int, at_ms: int = 0) -> DriftEvent:
    """Say that the panes of what was judged are not on the panes topic any more, or not all of them."""
    sentence = (
        f"The counts up to offset {judged_to} were judged, and their panes are gone: windows begin anew, and an open "
        "incident is forgotten."
    )
    return _notice(monitors, "memory_lost", sentence, at_ms, at_ms + judged_to)


def _notice(monitors: Monitors, reason: str, sentence: str, at_ms: int, began_ms: int) -> DriftEvent:
    window = TestedWindow(at_ms, at_ms, 0, 0.0)
    return health_event(monitors.whole, window, reason, "begun", sentence, began_ms)
