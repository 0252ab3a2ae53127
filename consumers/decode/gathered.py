"""Rows gathered from the tables of many events: few large columns instead of many small ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from baselines.baseline import Baseline
from baselines.cells import IntArray
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.event_format import EventFormat, split_path
from consumers.decode.lenient import Refused, same
from consumers.decode.parts import Part, times_of
from consumers.decode.record import Record
from consumers.decode.segment_names import SegmentNames
from consumers.decode.tables import Frame, Row, Table
from consumers.decode.timestamps import Times
from consumers.decode.values import categorical_column, numeric_column
from consumers.raw import RawBatch

# Rows turned into columns at a time: few enough for the processor's cache, enough to share out numpy's overhead.
_PIECE = 256
# Arrays of so many rows are not worth taking apart into rows.
_LONG = 16


class RowReader:
    """What belongs to the rows of a table: whether they are ours, their times, their segments."""

    def __init__(self, event_format: EventFormat) -> None:
        self._where = tuple((path, split_path(path), value) for path, value in event_format.where.items())
        self._timestamp = event_format.timestamp
        self._timestamp_keys = split_path(event_format.timestamp or "")
        self._segments = tuple((path, split_path(path)) for path in event_format.segments)

    def excludes(self, record: Record) -> bool:
        """Tell whether an object without rows belongs to others."""
        return record.is_object and any(not same(record.at(keys), value) for _, keys, value in self._where)

    def ours(self, record: Record, table: Table) -> Table | None:
        """Return the rows that belong to this monitor, None where none does."""
        for path, keys, required in self._where:
            value = _at(record, table, path, keys)
            if not isinstance(value, _Column):
                if not same(value, required):
                    return None
                continue
            index = [row for row, one in enumerate(value.values) if same(one, required)]
            if not index:
                return None
            table = table if len(index) == len(table) else table.take(index)
        return table

    def times(self, record: Record, table: Table, n: int) -> Times:
        """Return each row's time as it is written; raises Refused where one has none."""
        if self._timestamp is None:
            return []
        value = _at(record, table, self._timestamp, self._timestamp_keys)
        times = value.values if isinstance(value, _Column) else [value] * n
        if not isinstance(times, np.ndarray) and None in times:
            raise Refused("no_timestamp", f"there is no value at {self._timestamp!r}")
        return times

    def segments(self, record: Record, table: Table, n: int) -> Sequence[Row]:
        """Return the values by which each row is told apart."""
        if not self._segments:
            return ()
        columns = []
        for path, keys in self._segments:
            value = _at(record, table, path, keys)
            columns.append(value.values if isinstance(value, _Column) else repeat(value, n))
        return list(zip(*columns, strict=True))


@dataclass(frozen=True, slots=True)
class _Column:
    values: Any


def _at(record: Record, table: Table, path: str, keys: tuple[str, ...]) -> object:
    """Return the value at a path of the record, or else the column of that name, or None."""
    value = record.at(keys)
    if value is not None and not isinstance(value, list):
        return value
    column = table.column(path)
    if column is None and isinstance(value, list) and len(value) == len(table) and isinstance(table, Frame):
        column = value
    return value if column is None else _Column(column)


@dataclass(slots=True)
class Gathered:
    """The rows of a batch, added record by record; ``bad`` are the records without a time, by place."""

    batch: RawBatch
    baseline: Baseline
    event_format: EventFormat
    codes: Sequence[CategoryCodes]
    segment_names: SegmentNames
    bad: dict[int, Refused] = field(default_factory=dict)
    _names: tuple[str, ...] = ()
    _parts: list[Part] = field(default_factory=list)
    _rows: list[Row] = field(default_factory=list)
    _places: list[int] = field(default_factory=list)
    _times: list[object] = field(default_factory=list)
    _segments: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        numbers = tuple(feature.name for feature in self.baseline.numeric)
        self._names = (*numbers, *(feature.name for feature in self.baseline.categorical))

    def add(self, place: int, tables: Sequence[tuple[Table, int, Times, Sequence[Row]]]) -> None:
        """Add the rows of one record: its tables, how many rows each has, and each row's time and segment."""
        for table, n, times, segments in tables:
            if n >= _LONG and isinstance(table, Frame) and (n >= _PIECE or table.is_of_arrays):
                self._flush()
                self._add_frame(place, table, times, segments)
                continue
            self._rows += table.rows(self._names)
            self._places += [place] * n
            self._times += np.datetime_as_string(times, unit="ms").tolist() if isinstance(times, np.ndarray) else times
            self._segments += segments
        if len(self._rows) >= _PIECE:
            self._flush()

    def all(self) -> list[Part]:
        """Return all rows."""
        self._flush()
        return self._parts

    def _flush(self) -> None:
        """Make a part of the rows gathered so far."""
        if not self._rows:
            return
        columns = dict(zip(self._names, zip(*self._rows, strict=True), strict=True))
        times, bad = times_of(self.batch, self.event_format, self._places, self._times)
        self.bad.update(bad)
        self._end(columns, np.array(self._places, dtype=np.int64), times, self._segments)
        self._rows, self._places, self._times, self._segments = [], [], [], []

    def _add_frame(self, place: int, frame: Frame, times: Times, segments: Sequence[Row]) -> None:
        n = len(frame)
        if self.event_format.timestamp is None:
            one, bad = times_of(self.batch, self.event_format, [place], ())
            found = np.full(n, one[0])
        else:
            found, bad = times_of(self.batch, self.event_format, [place] * n, times)
        self.bad.update(bad)
        self._end(frame.columns, np.full(n, place), found, segments)

    def _end(self, columns: Mapping[str, Any], places: IntArray, times_ms: IntArray, segments: Sequence[Row]) -> None:
        """Make a part of columns and what belongs to their rows."""
        missing = [None] * len(places)
        numeric = tuple(numeric_column(columns.get(feature.name, missing)) for feature in self.baseline.numeric)
        categorical = tuple(
            categorical_column(columns.get(feature.name, missing), codes)
            for feature, codes in zip(self.baseline.categorical, self.codes, strict=True)
        )
        told_apart = self.segment_names.column(segments) if self.event_format.segments else None
        self._parts.append(Part(places, times_ms, numeric, categorical, told_apart))
