"""Rows: a batch of decoded events as columns, in the order of the baseline's features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from stream.looks import LookColumn
from stream.segments import SegmentColumn

StateArray: TypeAlias = NDArray[np.uint8]

# What a numeric value is: a number (finite or infinite), nothing, or something that no number can be read from.
PRESENT, MISSING, NOT_A_NUMBER, WRONG_TYPE = range(4)


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """One numeric feature of a batch: ``values`` (n,), and per value one of the states above.

    ``states`` None says that every NaN in ``values`` is a missing value and everything else is present.
    """

    values: FloatArray
    states: StateArray | None = None

    @classmethod
    def join(cls, columns: Sequence["NumericColumn"]) -> "NumericColumn":
        """Put the columns of several batches one behind the other."""
        values = np.concatenate([column.values for column in columns])
        if all(column.states is None for column in columns):
            return cls(values)
        return cls(values, np.concatenate([_explicit(column) for column in columns]))

    def take(self, index: IntArray) -> "NumericColumn":
        """Select rows by number."""
        return NumericColumn(self.values[index], None if self.states is None else self.states[index])

    def finite(self) -> FloatArray:
        """Return the values (n,), NaN or infinite where there is no usable number."""
        return self.values if self.states is None else np.where(self.states == PRESENT, self.values, np.nan)


def _explicit(column: NumericColumn) -> StateArray:
    """Return a column's states, written out where they are understood."""
    if column.states is not None:
        return column.states
    return np.where(np.isnan(column.values), np.uint8(MISSING), np.uint8(PRESENT))


@dataclass(frozen=True, slots=True)
class CategoricalColumn:
    """One categorical feature of a batch: ``codes`` (n,), numbers of the feature's cells.

    Code ``c < len(categories)`` is a category of the reference; the next three are unseen, missing and wrong type, as
    in ``CATEGORICAL_SPECIALS``. ``unseen`` names the categories that training did not have, by row number.
    """

    codes: IntArray
    unseen: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def join(cls, columns: Sequence["CategoricalColumn"]) -> "CategoricalColumn":
        """Put the columns of several batches one behind the other."""
        starts = accumulate((len(column.codes) for column in columns), initial=0)
        names = {
            start + row: name
            for start, column in zip(starts, columns, strict=False)
            for row, name in column.unseen.items()
        }
        return cls(np.concatenate([column.codes for column in columns]), names)

    def take(self, index: IntArray) -> "CategoricalColumn":
        """Select rows by number."""
        if not self.unseen:
            return CategoricalColumn(self.codes[index])
        new_names = {new: self.unseen[old] for new, old in enumerate(index.tolist()) if old in self.unseen}
        return CategoricalColumn(self.codes[index], new_names)


@dataclass(frozen=True, slots=True)
class Rows:
    """Events of one partition in offset order: event times (UTC ms), offsets, and a column per feature.

    ``numeric`` and ``categorical`` follow ``Baseline.numeric`` and ``Baseline.categorical``. ``record_times_ms`` are
    the records' own timestamps, where the source has them: an event time far ahead of its record's is a broken clock.
    ``segments`` None says that events are not told apart, ``looks`` None that none was looked at closer.
    """

    times_ms: IntArray
    offsets: IntArray
    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    record_times_ms: IntArray | None = None
    segments: SegmentColumn | None = None
    looks: LookColumn | None = None

    def __len__(self) -> int:
        return len(self.times_ms)

    @classmethod
    def join(cls, parts: Sequence["Rows"]) -> "Rows":
        """Put the rows of several batches one behind the other; the records' own timestamps are left behind."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.times_ms for part in parts]),
            np.concatenate([part.offsets for part in parts]),
            tuple(NumericColumn.join(columns) for columns in zip(*(part.numeric for part in parts), strict=True)),
            tuple(
                CategoricalColumn.join(columns) for columns in zip(*(part.categorical for part in parts), strict=True)
            ),
            segments=_joined([part.segments for part in parts]),
            looks=LookColumn.join([part.looks for part in parts], list(map(len, parts))),
        )

    def take(self, index: IntArray) -> "Rows":
        """Select rows by number."""
        return Rows(
            self.times_ms[index],
            self.offsets[index],
            tuple(column.take(index) for column in self.numeric),
            tuple(column.take(index) for column in self.categorical),
            None if self.record_times_ms is None else self.record_times_ms[index],
            None if self.segments is None else self.segments.take(index),
            None if self.looks is None else self.looks.take(index),
        )


def _joined(columns: Sequence[SegmentColumn | None]) -> SegmentColumn | None:
    told_apart = [column for column in columns if column is not None]
    return SegmentColumn.join(told_apart) if told_apart else None
