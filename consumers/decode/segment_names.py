"""Values by which events are told apart -> names of segments."""

from collections.abc import Iterable

from baselines.categories import canonical
from stream.segments import Segment, SegmentColumn

# Where an event has no such value, or one that is no name.
NONE = "(none)"
_LONGEST_NAME = 200
_REMEMBERED = 10_000


class SegmentNames(dict[tuple[object, ...], Segment]):
    """Maps the values of an event, as they stand in JSON, to its segment.

    The same values are looked up again and again; a key holds the values' types, too, for ``True == 1`` in Python.
    """

    def __missing__(self, key: tuple[object, ...]) -> Segment:
        segment = tuple(map(_name, key[::2]))
        if len(self) < _REMEMBERED:
            self[key] = segment
        return segment

    def column(self, events: Iterable[tuple[object, ...]]) -> SegmentColumn:
        """Return the segments of a batch of events, given by their values."""
        return SegmentColumn.of([self[_key(values)] for values in events])


def _key(values: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(part for value in values for part in (value if _hashable(value) else None, type(value)))


def _hashable(value: object) -> bool:
    return not isinstance(value, list | dict)


def _name(value: object) -> str:
    if not isinstance(value, str | bool | int | float) or value != value:  # noqa: PLR0124 - NaN
        return NONE
    text = canonical(value)[:_LONGEST_NAME]
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
