"""A closer look at a sample of the events: the names and kinds of all that they hold, read by the baseline or not."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
import numpy as np

from baselines.baseline import Baseline
from consumers.decode.event_format import EventFormat, split_path
from consumers.decode.frame import Frame
from consumers.decode.lenient import Refused, follow
from consumers.decode.record import Record
from consumers.decode.tables import Names, Table
from consumers.decode.typed import REFUSALS
from consumers.raw import RawBatch
from stream.looks import RATE, Fields, LookColumn, Shape, chosen
from stream.rows import Rows

# Opens the record at a place of a batch: its first table that is ours, with the record that this stands in.
Opener: TypeAlias = Callable[[RawBatch, int], tuple[Record, Table] | None]
# What a value is called, by its type; null is nothing at all.
_KINDS: Mapping[object, str] = {
    int: "number", float: "number", bool: "boolean", str: "text", bytes: "text", dict: "object", list: "array",
    type(None): "null",
}  # fmt: skip
_KINDS_OF_ARRAYS = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "time"}
_OTHER = "other"
_parse = msgspec.json.Decoder().decode
_MOST_KNOWN = 256
_LONGEST_RATE = 12


class Looker:
    """Looks at events that a decoder has read; the first row of an event stands for all of its rows.

    Names are as events have them: a feature's by itself, other fields as paths (``features.loyalty_tier``). Nulls are
    left out, and numeric features with a number: the cells have counted these.
    """

    def __init__(self, baseline: Baseline, event_format: EventFormat, first: Opener) -> None:
        self._numbers = frozenset(feature.name for feature in baseline.numeric)
        self._features = frozenset(feature.name for feature in baseline.features)
        self._path = split_path(event_format.features)
        self._prefix = f"{event_format.features}." if self._path else ""
        self._first = first

        # Most events have the same names with the same types.
        self._of_row = lru_cache(_MOST_KNOWN)(self._fields_of_row)
        self._of_object = lru_cache(_MOST_KNOWN)(self._object)

    def looked(self, batch: RawBatch, rows: Rows, patiently: Collection[int]) -> Rows:
        """Return the rows, with a look at each event whose offset is chosen.

        ``patiently`` are the places of the records that were read so; all others are plain JSON.
        """
        wanted = np.flatnonzero(chosen(rows.offsets))
        if not len(wanted):
            return rows
        firsts = wanted[np.diff(rows.offsets[wanted], prepend=-1) != 0]
        odd, found, shapes = frozenset(patiently), [], []
        for offset, row in zip(rows.offsets[firsts].tolist(), firsts.tolist(), strict=True):
            place = bisect_left(batch.offsets, offset)
            shape = self._patiently(batch, place) if place in odd else self._plainly(batch.values[place])
            if shape is not None:
                found.append(row)
                shapes.append(shape)
        return replace(rows, looks=LookColumn(np.array(found, dtype=np.int64), tuple(shapes))) if found else rows

    def _plainly(self, value: bytes | None) -> Shape | None:
        try:
            document = _parse(value or b"")
        except REFUSALS:
            # Something is damaged in a field that is not read.
            return None
        row = follow(document, self._path)
        return (self._of_row(tuple(row), tuple(map(type, row.values()))), *self._around(document))

    def _patiently(self, batch: RawBatch, place: int) -> Shape | None:
        try:
            opened = self._first(batch, place)
        except Refused:
            # What is read of it is in order, and has been counted.
            return None
        if opened is None:
            return None
        record, table = opened
        rate = record.around.get(RATE[1:])
        stated = () if rate is None else ((RATE, str(rate)[:_LONGEST_RATE]),)
        return (self._of_table(table), *self._around(record.parsed if record.is_object else None), stated)

    def _of_table(self, table: Table) -> Fields:
        if isinstance(table, Frame):
            return self._row(_kinds_of(table))
        first = table if len(table) == 1 else table.take([0])
        names = first.names
        return self._of_row(names, tuple(map(type, next(iter(first.rows(names))))))

    def _around(self, document: Any) -> Iterator[Fields]:
        """Yield the fields of the objects on the way to the row."""
        prefix = ""
        for key in self._path:
            if not isinstance(document, dict):
                return
            yield self._of_object(prefix, key, tuple(document), tuple(map(type, document.values())))
            document, prefix = document.get(key), f"{prefix}{key}."

    def _fields_of_row(self, names: Names, types: Sequence[type]) -> Fields:
        return self._row(_by_type(names, types))

    def _row(self, kinds: Mapping[str, str]) -> Fields:
        return tuple(
            (name if name in self._features else self._prefix + name, kind)
            for name, kind in kinds.items()
            if kind != "null" and not (kind == "number" and name in self._numbers)
        )

    def _object(self, prefix: str, inside: str, names: Names, types: Sequence[type]) -> Fields:
        """Return the fields of an object beside the one that leads to the row."""
        kinds = {prefix + name: kind for name, kind in _by_type(names, types).items() if name != inside}
        return tuple((name, kind) for name, kind in kinds.items() if kind != "null" and name not in self._features)


def _by_type(names: Names, types: Sequence[type]) -> dict[str, str]:
    return {name: _KINDS.get(one, _OTHER) for name, one in zip(names, types, strict=True)}


def _kinds_of(frame: Frame) -> Mapping[str, str]:
    """Return the kinds of a frame's columns: as a schema states them, else of their first values."""
    return {name: _kind(frame.at(name)) for name in frame.names} if frame.stated is None else frame.stated()


def _kind(column: Any) -> str:
    if isinstance(column, np.ndarray):
        return _KINDS_OF_ARRAYS.get(column.dtype.kind, _OTHER)
    return _KINDS.get(type(column[0]), _OTHER)
