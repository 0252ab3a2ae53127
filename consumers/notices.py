"""What a judge has to say of a monitor that comes from no window: its log or its configuration is not what it was."""

from consumers.records import JudgeMemory
from stream.drift_event import DriftEvent, TestedWindow, health_event
from stream.monitor import Monitor


def begun_anew(monitor: Monitor, memory: JudgeMemory) -> DriftEvent:
    """Say that windows begin anew; an open incident ends with what it was found against."""
    same_baseline = memory.monitor.counted_on.startswith(monitor.identity.fingerprint)
    reason = "configuration_changed" if same_baseline else "baseline_changed"
    what = "schedule" if same_baseline else "baseline"
    sentence = f"The {what} was replaced: windows begin anew, and nothing is carried over from the old ones."
    at_ms = memory.monitor.state.sealed_to_ms or 0
    return _notice(monitor, reason, sentence, at_ms, at_ms)


def topic_recreated(monitor: Monitor, topic: str, life: int) -> DriftEvent:
    """Say that the events come from another topic of the same name, its ``life``-th."""
    sentence = f"The topic {topic} was deleted and created again: it is read from its beginning."
    at_ms = monitor.state.sealed_to_ms or 0
    return _notice(monitor, "topic_recreated", sentence, at_ms, at_ms + life)


def counts_recreated(monitor: Monitor, topic: str, judged_to: int) -> DriftEvent:
    """Say that the counts topic is another one; the old one was judged up to an offset."""
    sentence = (
        f"The topic {topic} was deleted and created again: what counters wrote to the old one, "
        f"at offset {judged_to} and behind, is in no window."
    )
    at_ms = monitor.state.sealed_to_ms or 0
    return _notice(monitor, "counts_recreated", sentence, at_ms, at_ms + judged_to)


def counts_lost(monitor: Monitor, place: str, offsets: int, total: int) -> DriftEvent:
    """Say that some of the counts topic is gone, ``total`` offsets by now."""
    sentence = f"{offsets} offsets of {place} are gone before or after they were judged: windows may lack events."
    at_ms = monitor.state.sealed_to_ms or 0
    return _notice(monitor, "counts_lost", sentence, at_ms, at_ms + total)


def memory_lost(monitor: Monitor, judged_to: int, at_ms: int = 0) -> DriftEvent:
    """Say that the panes of what was judged are not on the panes topic any more, or not all of them."""
    sentence = (
        f"The counts up to offset {judged_to} were judged, and their panes are gone: windows begin anew, and an open "
        "incident is forgotten."
    )
    return _notice(monitor, "memory_lost", sentence, at_ms, at_ms + judged_to)


def _notice(monitor: Monitor, reason: str, sentence: str, at_ms: int, began_ms: int) -> DriftEvent:
    window = TestedWindow(at_ms, at_ms, 0, 0.0)
    return health_event(monitor.identity, window, reason, "begun", sentence, began_ms)
