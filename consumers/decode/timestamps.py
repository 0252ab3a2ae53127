"""Event times: numbers of any usual unit and ISO 8601 texts -> UTC milliseconds.

Whole numbers are floored to the millisecond. Numbers with a fraction or an exponent are rounded to the microsecond
(half to even: a float of seconds carries no more) and then floored. A text is read as a number if it looks like one,
otherwise as ISO 8601; without an offset it is UTC. Each value is judged alone, so that batches change nothing.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import IntArray
from consumers.decode.event_format import TimestampUnit

# Times as they are written, or as moments.
Times: TypeAlias = Sequence[object] | NDArray[np.datetime64]

# The last millisecond of the year 9999; the first that counts is 0, the beginning of 1970.
LATEST_MS: Final = 253_402_300_799_999
BAD_TIME_MS: Final = -1

_UNIT_BELOW: Final = ((10**11, "s"), (10**14, "ms"), (10**17, "us"))
_NS_PER: Final[Mapping[str, int]] = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_NS_PER_MS: Final = 10**6
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_TEXT = 64
_LONGEST_SHOWN_BITS = 256
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(values: Times, unit: TimestampUnit) -> tuple[IntArray, dict[int, str]]:
    """Return the times of n JSON values, shape (n,), and by position why a value is no time (``BAD_TIME_MS`` there).

    An array of numpy holds moments (``datetime64``), which need no unit.
    ``unit`` "auto" takes seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds.

    >>> to_ms([1700000000, "2023-11-14T22:13:20Z", True], "auto")
    (array([1700000000000, 1700000000000,            -1]), {2: 'true is not a timestamp'})
    """
    if isinstance(values, np.ndarray):
        return _moments(values)
    times = _alike_integers(values, unit)
    if times is not None:
        return times, {}
    times, bad = np.empty(len(values), dtype=np.int64), {}
    for position, value in enumerate(values):
        try:
            times[position] = one_to_ms(value, unit)
        except ValueError as error:
            times[position], bad[position] = BAD_TIME_MS, str(error)
    return times, bad


def one_to_ms(value: object, unit: TimestampUnit) -> int:
    """Return the time of one JSON value; ValueError says in a sentence why it is none."""
    if isinstance(value, str):
        return _in_range(_text_to_ms(value, unit), value)
    if isinstance(value, datetime):
        return _in_range(_moment_to_ms(value), value)
    if isinstance(value, bool) or not isinstance(value, int | float) or unit == "iso":
        raise ValueError(f"{_shown(value)} is not {'an ISO 8601 text' if unit == 'iso' else 'a timestamp'}")
    return _in_range(_number_to_ms(value, unit), value)


def _alike_integers(values: Sequence[object], unit: TimestampUnit) -> IntArray | None:
    """Convert in one step what nearly every batch is: integers of one unit, all in range."""
    if unit == "iso" or set(map(type, values)) != {int}:
        return None
    try:
        numbers = np.fromiter(values, np.int64, len(values))
    except OverflowError:
        return None
    lowest, highest = int(numbers.min()), int(numbers.max())
    ns_per_unit = _ns_per(highest, unit)
    if lowest < 0 or _ns_per(lowest, unit) != ns_per_unit or highest > LATEST_MS * _NS_PER_MS // ns_per_unit:
        return None
    if ns_per_unit >= _NS_PER_MS:
        return numbers * (ns_per_unit // _NS_PER_MS)
    return numbers // (_NS_PER_MS // ns_per_unit)


def _moments(values: NDArray[np.datetime64]) -> tuple[IntArray, dict[int, str]]:
    times = values.astype("datetime64[ms]").astype(np.int64)
    bad = np.flatnonzero((times < 0) | (times > LATEST_MS)).tolist()
    times[bad] = BAD_TIME_MS
    return times, {row: f"{values[row]} is outside the years 1970 to 9999" for row in bad}


def _ns_per(number: float, unit: TimestampUnit) -> int:
    if unit != "auto":
        return _NS_PER[unit]
    size = abs(number)
    return _NS_PER[next((name for below, name in _UNIT_BELOW if size < below), "ns")]


def _number_to_ms(number: float, unit: TimestampUnit) -> int:
    if isinstance(number, int):
        return number * _ns_per(number, unit) // _NS_PER_MS
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a timestamp")
    return round(number * (_ns_per(number, unit) / 1000)) // 1000


def _text_to_ms(text: str, unit: TimestampUnit) -> int:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"{_shown(text)} is not a timestamp")
    if unit != "iso" and _NUMBER.fullmatch(text):
        return _number_to_ms(int(text) if text.lstrip("+-").isdigit() else float(text), unit)
    try:
        time = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(f"{_shown(text)} is neither a number nor an ISO 8601 time") from None
    return _moment_to_ms(time)


def _moment_to_ms(time: datetime) -> int:
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def _in_range(time_ms: int, value: object) -> int:
    if not 0 <= time_ms <= LATEST_MS:
        raise ValueError(f"{_shown(value)} is outside the years 1970 to 9999")
    return time_ms


def _shown(value: object) -> str:
    """Return a value as people wrote it in JSON, cut short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN_BITS:
        return "an integer of that size"
    return repr(value)[:80]
