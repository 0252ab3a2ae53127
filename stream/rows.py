"""Rows: a batch of decoded events as columns, in the order of the baseline's features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray

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

    def take(self, index: IntArray) -> "NumericColumn":
        """Select rows by number."""
        return NumericColumn(self.values[index], None if self.states is None else self.states[index])


@dataclass(frozen=True, slots=True)
class CategoricalColumn:
    """One categorical feature of a batch: ``codes`` (n,), numbers of the feature's cells.

    Code ``c < len(categories)`` is a category of the reference; the next three are unseen, missing and wrong type, as
    in ``CATEGORICAL_SPECIALS``. ``unseen`` names the categories that training did not have, by row number.
    """

    codes: IntArray
    unseen: Mapping[int, str] = field(default_factory=dict)

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
    """

    times_ms: IntArray
    offsets: IntArray
    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    record_times_ms: IntArray | None = None

    def __len__(self) -> int:
        return len(self.times_ms)

    def take(self, index: IntArray) -> "Rows":
        """Select rows by number."""
        return Rows(
            self.times_ms[index],
            self.offsets[index],
            tuple(column.take(index) for column in self.numeric),
            tuple(column.take(index) for column in self.categorical),
            None if self.record_times_ms is None else self.record_times_ms[index],
        )
