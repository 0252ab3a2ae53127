"""A record of the alerts topic -> a drift event with types."""

import msgspec
import orjson

from stream.drift_event import SCHEMA_VERSION, DriftEvent
from stream.policy import SEVERITIES


class NotAnEvent(ValueError):
    """A record on the alerts topic that is no drift event; the message says why, and repeats nothing of it."""


def read_event(value: bytes | None) -> DriftEvent:
    """Return the drift event that a record's value is; ``to_dict`` gives the same JSON again.

    Fields that a later driftline has added are passed over. Raises NotAnEvent for everything else.
    """
    if value is None:
        raise NotAnEvent("the record has no value")
    try:
        data = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise NotAnEvent(f"not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(data, dict):
        raise NotAnEvent("JSON, but not an object")
    if data.get("schema_version") != SCHEMA_VERSION:
        raise NotAnEvent(f"no drift event of schema_version {SCHEMA_VERSION}")
    try:
        event = msgspec.convert(data, DriftEvent)
    except msgspec.ValidationError as error:
        raise NotAnEvent(f"no drift event: {error}") from None
    if event.severity not in SEVERITIES:
        raise NotAnEvent(f"no drift event: severity is none of {', '.join(SEVERITIES)}")
    return event


def ends_incident(event: DriftEvent) -> bool:
    """Tell whether nothing more will be said of the event's incident."""
    ended = event.type == "drift.resolved" or (event.type == "monitor.health" and event.state != "begun")
    return ended or stands_alone(event)


def stands_alone(event: DriftEvent) -> bool:
    """Tell whether the event is all that is ever said of its incident: nothing begins with it, and nothing ends."""
    return event.type == "detector.fired"
