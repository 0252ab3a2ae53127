"""The patient reader: one event, value by value, for what the typed decoder refuses.

It takes what Python's ``json`` takes (NaN, Infinity, integers of any length, half surrogate pairs, a byte order mark)
and says of each value what it is, so that one odd value never costs the event.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from baselines.baseline import Baseline
from consumers.decode.category_codes import WRONG
from consumers.decode.event_format import EventFormat, Scalar, split_path
from stream.rows import NOT_A_NUMBER, WRONG_TYPE

_INFINITY = float("inf")


class Refused(Exception):
    """An event that counts nowhere; ``reason`` is its entry in the ledger."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class LenientEvent:
    """One event read: numbers, then categories, as the typed decoder would give them.

    ``states`` says by number of the numeric feature what is neither present nor missing. ``segment`` holds the
    values by which events are told apart.
    """

    values: tuple[object, ...]
    time: object
    states: Mapping[int, int]
    segment: tuple[object, ...] = ()


class LenientReader:
    """Reads single events along the paths of the format."""

    def __init__(self, baseline: Baseline, event_format: EventFormat) -> None:
        self._numeric = tuple(feature.name for feature in baseline.numeric)
        self._categorical = tuple(feature.name for feature in baseline.categorical)
        self._features_path, self._features = event_format.features, split_path(event_format.features)
        self._timestamp_path = event_format.timestamp
        self._timestamp = split_path(event_format.timestamp or "")
        self._segments = tuple(map(split_path, event_format.segments))
        self._where = tuple((split_path(path), value) for path, value in event_format.where.items())

    def read(self, value: bytes | None) -> LenientEvent | None:
        """Return the event, or None for one that belongs to others; raises Refused for what is no event."""
        event = parse_object(value)
        if not all(same(follow(event, path), required) for path, required in self._where):
            return None
        features = follow(event, self._features)
        if not isinstance(features, dict):
            raise Refused("no_features", f"there is no object at {self._features_path!r}")
        time = self._time(event)
        numbers, states = _read_numbers(map(features.get, self._numeric))
        categories = map(_read_category, map(features.get, self._categorical))
        segment = tuple(follow(event, path) for path in self._segments)
        return LenientEvent((*numbers, *categories), time, states, segment)

    def _time(self, event: dict[str, Any]) -> object:
        if self._timestamp_path is None:
            return None
        time = follow(event, self._timestamp)
        if time is None:
            raise Refused("no_timestamp", f"there is no value at {self._timestamp_path!r}")
        return time


def parse_object(value: bytes | None) -> dict[str, Any]:
    """Return the JSON object that a record's value is; raises Refused with what it is instead."""
    if value is None:
        raise Refused("tombstone", "the record has no value")
    try:
        text = value.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("not_utf8", f"byte {error.start} is not UTF-8") from None
    if not text or text.isspace():
        raise Refused("empty", "the record's value is empty")
    event = _parse(text)
    if not isinstance(event, dict):
        raise Refused("not_an_object", f"the event is JSON, but not an object: {text[:40]!r}")
    return event


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


def _read_numbers(values: Iterable[object]) -> tuple[list[object], dict[int, int]]:
    """Return floats, None where there is no number, and by position the states that are not the obvious ones."""
    numbers = list(values)
    states: dict[int, int] = {}
    for i, value in enumerate(numbers):
        if value is None or (type(value) is float and value == value):  # noqa: PLR0124 - not NaN
            continue
        if type(value) is int:
            numbers[i] = _to_float(value)
        else:
            states[i] = NOT_A_NUMBER if type(value) is float else WRONG_TYPE
            numbers[i] = None
    return numbers, states


def _to_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return _INFINITY if number > 0 else -_INFINITY


def _read_category(value: object) -> object:
    """Return a text or number, or None for what is missing (NaN is); bool becomes text, see CategoryCodes."""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is list or kind is dict:
        return WRONG
    return None if value != value else value  # noqa: PLR0124 - NaN
