"""Changes of how events are made, put into words: the `monitor.health` events that tell of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stream.drift_event import DriftEvent, Identity, TestedWindow, health_event
from stream.schema_drift.change import Change, Sort
from stream.schema_drift.state import Incident

SCHEMA_CHANGED, SAMPLING_CHANGED = "schema_changed", "sampling_changed"
_MOST_TOLD, _MOST_LISTED = 5, 50
_ADVICE = {
    SCHEMA_CHANGED: "Ask who writes these events. If the change is meant, see that the model gets what it was trained "
    "on, and fit the baseline anew where a feature has changed; else repair the producer.",
    SAMPLING_CHANGED: "Ask who samples or routes these events: windows hold another share of the traffic than before.",
}


def begun_event(identity: Identity, window: TestedWindow, incident: Incident, severity: str) -> DriftEvent:
    """Return what is said when changes begin."""
    told = [change_sentence(change) for change in incident.changes[:_MOST_TOLD]]
    more = len(incident.changes) - _MOST_TOLD
    told += [f"{more} more changes"] if more > 0 else []
    told += [_ORDER] if _trade_places(incident.changes) else []
    sentence = f"{_upper('; '.join(told))}.".replace("?.", "?")
    event = health_event(identity, window, incident.reason, "begun", sentence, incident.began_ms)
    changes = [_listed(change) for change in incident.changes[:_MOST_LISTED]]
    return replace(event, severity=severity, changes=changes, advice=_ADVICE[incident.reason])


def ended_event(identity: Identity, window: TestedWindow, incident: Incident, stood: Sequence[Change]) -> DriftEvent:
    """Return what is said when all of an incident's changes are over; ``stood`` are those that are usual now."""
    keys = {change.key for change in stood}
    back = [change for change in incident.changes if change.key not in keys]
    told = [f"As before again: {_names(back)}."] if back else []
    told += [f"Usual from now on: {_names(stood)}."] if stood else []
    event = health_event(identity, window, incident.reason, "ended", " ".join(told), incident.began_ms)
    return replace(event, changes=[_listed(change) for change in incident.changes[:_MOST_LISTED]])


_ORDER = "values seem to stand in each other's places: has their order changed?"


def change_sentence(change: Change) -> str:
    """Return a change as people say it.

    >>> change_sentence(Change("appeared", "loyalty_tier", "", "text", 0.984))
    '`loyalty_tier` appeared: text, in 98.4 % of the events looked at'
    >>> change_sentence(Change("retyped", "age", "number", "text", 1.0, feature=True))
    '`age` is text now in 100 % of the events, was a number'
    """
    return _SENTENCES[change.sort](change, f"`{change.name}`", f"{100 * change.share:.3g} %")


def _appeared(change: Change, name: str, share: str) -> str:
    return f"{name} appeared: {change.after or 'of several kinds'}, in {share} of the events looked at"


def _vanished(change: Change, name: str, share: str) -> str:
    if not change.feature:
        return f"{name} vanished: {share} of the events looked at have it, nearly all had"
    trained = f"{100 * float(change.before):.3g} %"
    return f"the feature {name} vanished: {share} of the events have it, {trained} had it in training"


def _retyped(change: Change, name: str, share: str) -> str:
    if change.feature and not change.after:
        return f"{name} is no longer {_kind(change.before)} in {share} of the events"
    where = f" in {share} of the events" if change.feature else ""
    return f"{name} is {_kind(change.after)} now{where}, was {_kind(change.before)}"


def _rate(change: Change, name: str, share: str) -> str:
    return f"the stated sampling rate is {change.after or 'no more there'}, was {change.before or 'not stated'}"


def _volume(change: Change, name: str, share: str) -> str:
    before, now = int(change.before), int(change.after)
    times = f"{now / before:.3g} times as many" if now > before else f"{before / now:.3g} times as few"
    return f"{times} events come as usual at this time, {now} instead of {before}: was sampling changed?"


_SENTENCES: Mapping[Sort, Callable[[Change, str, str], str]] = {
    "appeared": _appeared, "vanished": _vanished, "retyped": _retyped, "rate": _rate, "volume": _volume,
}  # fmt: skip


def _kind(kind: str) -> str:
    """Return a kind with its article.

    >>> _kind("number"), _kind("array"), _kind("text"), _kind("")
    ('a number', 'an array', 'text', 'of several kinds')
    """
    if kind == "text":
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" if kind else "of several kinds"


def _trade_places(changes: Sequence[Change]) -> bool:
    """Tell whether text came where numbers were, and numbers where text was."""
    retyped = [change for change in changes if change.sort == "retyped" and change.feature]
    return any(one.before == "number" for one in retyped) and any(one.after == "number" for one in retyped)


def _listed(change: Change) -> dict[str, Any]:
    return {
        "change": change.sort,
        "field": change.name,
        "is_feature": change.feature,
        "before": change.before,
        "after": change.after,
        "share": round(change.share, 4),
    }


def _names(changes: Sequence[Change]) -> str:
    shown = ", ".join(
        f"`{one.name}`" if one.sort not in ("rate", "volume") else _NAMELESS[one.sort] for one in changes[:_MOST_TOLD]
    )
    more = len(changes) - _MOST_TOLD
    return f"{shown} and {more} more" if more > 0 else shown


_NAMELESS = {"rate": "the stated sampling rate", "volume": "the number of events"}


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
