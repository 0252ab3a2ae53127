"""JSON, patiently: what quick parsers refuse is read, or refused with the reason.

It takes what Python's ``json`` takes: NaN, Infinity, integers of any length, half surrogate pairs, a byte order mark.
"""

import json
from typing import Any

from consumers.decode.event_format import Scalar


class Refused(Exception):
    """An event that counts nowhere; ``reason`` is its entry in the ledger."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def parse_object(value: bytes | None) -> dict[str, Any]:
    """Return the JSON object that a record's value is; raises Refused with what it is instead."""
    event = parse(value)
    if not isinstance(event, dict):
        raise Refused("not_an_object", f"the event is JSON, but not an object: {str(event)[:40]!r}")
    return event


def parse(value: bytes | None) -> Any:
    """Return the JSON that a record's value is; raises Refused with what it is instead."""
    if value is None:
        raise Refused("tombstone", "the record has no value")
    try:
        text = value.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("not_utf8", f"byte {error.start} is not UTF-8") from None
    if not text or text.isspace():
        raise Refused("empty", "the record's value is empty")
    return _parse(text)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused("bad_json", str(error)) from None
    except RecursionError:
        raise Refused("bad_json", "nested too deeply") from None
    except ValueError:
        # Python refuses integers of thousands of digits; beyond every float, they are infinite.
        return json.loads(text, parse_int=_parse_long_integer)


def _parse_long_integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:
        return float(digits)


def follow(event: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path, None where there is none."""
    for key in path:
        if not isinstance(event, dict):
            return None
        event = event.get(key)
    return event


def same(value: object, required: Scalar) -> bool:
    """Compare as JSON does: ``true`` is not 1, 3 is 3.0."""
    return value == required and isinstance(value, bool) == isinstance(required, bool)
