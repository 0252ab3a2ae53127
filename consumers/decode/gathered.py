"""Rows gathered from the tables of many events: few large columns instead of many small ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TypeAlias

import numpy as np

from baselines.baseline import Baseline
from baselines.cells import IntArray
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.event_format import EventFormat, split_path
from consumers.decode.features import FeatureColumns
from consumers.decode.frame import Frame
from consumers.decode.lenient import Refused, same
from consumers.decode.parts import Part, times_of
from consumers.decode.record import Record
from consumers.decode.row_values import PerRow, value_at
from consumers.decode.segment_names import SegmentNames
from consumers.decode.tables import Row, Table
from consumers.decode.timestamps import Times
from consumers.raw import RawBatch

# Rows turned into columns at a time: few enough for the processor's cache, enough to share out numpy's overhead.
_PIECE = 512
# Of arrays; they are copied, and not looked at one by one.
_PIECE_OF_ARRAYS = 16_384


class RowReader:
    """What belongs to the rows of a table: whether they are ours, their times, their segments."""

    def __init__(self, event_format: EventFormat) -> None:
        self._where = tuple((path, split_path(path), value) for path, value in event_format.where.items())
        self._timestamp = event_format.timestamp
        self._timestamp_keys = split_path(event_format.timestamp or "")
        self._segments = tuple((path, split_path(path)) for path in event_format.segments)
        # Whether there is nothing to tell of rows.
        self.is_idle = not (self._where or self._timestamp or self._segments)

    def excludes(self, record: Record) -> bool:
        """Tell whether an object without rows belongs to others."""
        return record.is_object and any(not same(record.at(keys), value) for _, keys, value in self._where)

    def ours(self, record: Record, table: Table) -> Table | None:
        """Return the rows that belong to this monitor, None where none does."""
        for path, keys, required in self._where:
            value = value_at(record, table, path, keys)
            if not isinstance(value, PerRow):
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
        value = value_at(record, table, self._timestamp, self._timestamp_keys)
        times = value.values if isinstance(value, PerRow) else [value] * n
        if not isinstance(times, np.ndarray) and None in times:
            raise Refused("no_timestamp", f"there is no value at {self._timestamp!r}")
        return times

    def segments(self, record: Record, table: Table, n: int) -> Sequence[Row]:
        """Return the values by which each row is told apart."""
        if not self._segments:
            return ()
        columns = []
        for path, keys in self._segments:
            value = value_at(record, table, path, keys)
            columns.append(value.values if isinstance(value, PerRow) else repeat(value, n))
        return list(zip(*columns, strict=True))


# A record's rows as they are added: the table, how many rows it has, each one's time and segment.
Added: TypeAlias = tuple[Table, int, Times, Sequence[Row]]


@dataclass(slots=True)
class Gathered:
    """The rows of a batch, added record by record; ``bad`` are the records without a time, by place.

    Tables that can be joined are kept until there are many rows, and then turned into columns together.
    """

    batch: RawBatch
    baseline: Baseline
    event_format: EventFormat
    codes: Sequence[CategoryCodes]
    segment_names: SegmentNames
    bad: dict[int, Refused] = field(default_factory=dict)
    _features: FeatureColumns = field(init=False)
    _parts: list[Part] = field(default_factory=list)
    _kind: object = None
    _most: int = _PIECE
    _places: list[int] = field(default_factory=list)
    _kept: list[Added] = field(default_factory=list)
    _rows: int = 0

    def __post_init__(self) -> None:
        self._features = FeatureColumns(self.baseline, self.codes)

    def add(self, place: int, tables: Sequence[Added]) -> None:
        """Add the rows of one record."""
        for added in tables:
            table, n, times, _ = added
            kind = (type(table), table.key, type(times))
            if self._rows >= self._most or kind != self._kind:
                self._flush()
                self._kind = kind
                self._most = _PIECE_OF_ARRAYS if isinstance(table, Frame) and table.is_of_arrays else _PIECE
            self._kept.append(added)
            self._places.append(place)
            self._rows += n

    def all(self) -> list[Part]:
        """Return all rows."""
        self._flush()
        return self._parts

    def _flush(self) -> None:
        """Make a part of the rows kept so far."""
        if not self._kept:
            return
        tables, lengths, times, segments = zip(*self._kept, strict=True)
        places = np.repeat(self._places, lengths)
        numeric, categorical = self._features.of(tables[0].joined(tables[1:]) if len(tables) > 1 else tables[0])
        told_apart = self.segment_names.column(chain.from_iterable(segments)) if self.event_format.segments else None
        self._parts.append(Part(places, self._times(places, lengths, times), numeric, categorical, told_apart))
        self._places, self._kept, self._rows = [], [], 0

    def _times(self, places: IntArray, lengths: Sequence[int], times: Sequence[Times]) -> IntArray:
        if self.event_format.timestamp is None:
            each, bad = times_of(self.batch, self.event_format, self._places, ())
            found = np.repeat(each, lengths)
        else:
            found, bad = times_of(self.batch, self.event_format, places.tolist(), _one_behind_the_other(times))
        self.bad.update(bad)
        return found


def _one_behind_the_other(times: Sequence[Times]) -> Times:
    """Return times of one kind: as they are written, or moments."""
    moments = [some.astype("datetime64[ms]") for some in times if isinstance(some, np.ndarray)]
    return np.concatenate(moments) if moments else list(chain.from_iterable(times))
