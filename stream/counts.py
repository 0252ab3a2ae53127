"""Counts: what a set of rows adds, in integers, so that it adds, subtracts and merges without a trace of the order."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, CategoricalReference, NumericReference
from baselines.cells import FloatArray, IntArray, count_ordered
from baselines.pairs import count_pairs
from baselines.strata import Column
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, CategoricalColumn, NumericColumn, Rows
from stream.unseen import merge_names, tally_names

NameTables = dict[int, dict[str, int]]
_NO_SPECIALS = np.zeros(len(NUMERIC_SPECIALS), dtype=np.int64)


@dataclass(slots=True)
class Counts:
    """Rows counted on a layout: ``cells`` (layout.size,), exact moments per numeric feature, names never seen.

    ``moments`` (numeric features, 2) holds Python integers: the step sums of ``Quantiser.sums``. ``names`` maps the
    number of a categorical feature to its table of unseen names (see ``stream.unseen``). ``pairs``
    (layout.pair_size,) are the counters of ``baselines.pairs``; empty where the baseline knows no dependence.
    """

    rows: int
    cells: IntArray
    moments: NDArray[np.object_]
    names: NameTables = field(default_factory=dict)
    pairs: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @classmethod
    def zero(cls, layout: Layout) -> "Counts":
        """Return the counts of no rows."""
        return cls._zero(layout, layout.size)

    @classmethod
    def zero_runs(cls, layout: Layout) -> "Counts":
        """Return the counts of no rows whose cells are put together in runs."""
        return cls._zero(layout, len(layout.runs.starts))

    @classmethod
    def _zero(cls, layout: Layout, size: int) -> "Counts":
        moments = np.zeros((len(layout.baseline.numeric), 2), dtype=object)
        return cls(0, np.zeros(size, dtype=np.int64), moments, pairs=np.zeros(layout.pair_size, dtype=np.int64))

    @classmethod
    def of(cls, layout: Layout, rows: Rows) -> "Counts":
        """Count rows: one sort and one search per numeric feature, one count per categorical one."""
        counts = cls.zero(layout)
        counts.rows = len(rows)
        for i, (reference, column) in enumerate(zip(layout.baseline.numeric, rows.numeric, strict=True)):
            cells, specials, moments = _count_numeric(reference, column)
            counts.cells[layout.numeric_cells(i)] = cells
            counts.cells[layout.numeric_specials(i)] = specials
            counts.moments[i] = moments
        for i, (category, codes) in enumerate(zip(layout.baseline.categorical, rows.categorical, strict=True)):
            counts.cells[layout.categorical_cells(i)] = _count_categorical(category, codes)
            if codes.unseen:
                counts.names[i] = tally_names(codes.unseen.values())
        if layout.strata is not None:
            counts.cells[layout.relation_cells] = layout.strata.count(RowColumns(layout, rows), len(rows))
        if len(layout.scored):
            counts.pairs = _count_pairs(layout, rows, counts.cells)
        return counts

    def copy(self) -> "Counts":
        """Return the same counts, which do not change with these."""
        return Counts(self.rows, self.cells.copy(), self.moments.copy(), self.names, self.pairs.copy())

    def add(self, other: "Counts") -> None:
        """Add in place."""
        self.rows += other.rows
        self.cells += other.cells
        self.moments += other.moments
        self.pairs += other.pairs
        if other.names:
            self.names = merge_tables([self.names, other.names])

    def in_runs(self, layout: Layout) -> "Counts":
        """Return the same with the cells put together in runs; moments and pairs are these, names none."""
        return Counts(self.rows, layout.runs.count(self.cells), self.moments, pairs=self.pairs)

    def subtract(self, other: "Counts") -> None:
        """Take counts away that were added before; names are left to ``merge_tables`` over what remains."""
        self.rows -= other.rows
        self.cells -= other.cells
        self.moments -= other.moments
        self.pairs -= other.pairs


class RowColumns:
    """A batch's columns by name: numbers, not finite where unusable, or codes; what ``baselines.strata`` asks for."""

    def __init__(self, layout: Layout, rows: Rows) -> None:
        self._numeric = {feature.name: place for place, feature in enumerate(layout.baseline.numeric)}
        self._categorical = {feature.name: place for place, feature in enumerate(layout.baseline.categorical)}
        self._rows = rows

    def __call__(self, name: str) -> Column:
        """Return the numbers or codes of a feature, shape (rows,)."""
        if (place := self._numeric.get(name)) is not None:
            return self._rows.numeric[place].finite()
        return self._rows.categorical[self._categorical[name]].codes


def merge_tables(tables: Sequence[NameTables]) -> NameTables:
    """Merge the tables of unseen names, feature by feature."""
    features: Iterable[int] = sorted({feature for table in tables for feature in table})
    return {f: merge_names(table[f] for table in tables if f in table) for f in features}


def _count_numeric(reference: NumericReference, column: NumericColumn) -> tuple[IntArray, IntArray, tuple[int, int]]:
    """Count one numeric column: cells, special cells, moments; every value is in exactly one of them.

    One sort serves them all: it also brings what is not finite to the ends, where a look or a search finds it.
    """
    present = column.values if column.states is None else column.values[column.states == PRESENT]
    ordered = np.sort(present)
    specials = _NO_SPECIALS
    if column.states is not None or not _all_finite(ordered):
        ordered, specials = _split_specials(ordered, column)
    return count_ordered(reference.values, ordered), specials, reference.quantiser.sums_of_ordered(ordered)


def _count_pairs(layout: Layout, rows: Rows, cells: IntArray) -> IntArray:
    """Count the pairs of the scored features; ``cells`` are counted already and tell where values are unusable."""
    lacking = [bool(cells[layout.numeric_specials(place)].any()) for place in layout.scored_places]
    columns = [rows.numeric[place].finite() for place in layout.scored_places]
    return count_pairs(layout.scored, columns, lacking)


def _all_finite(ordered: FloatArray) -> bool:
    return len(ordered) == 0 or (math.isfinite(ordered[0]) and math.isfinite(ordered[-1]))


def _split_specials(ordered: FloatArray, column: NumericColumn) -> tuple[FloatArray, IntArray]:
    """Return the finite numbers, and the counts of the rest in the order of ``NUMERIC_SPECIALS``."""
    low = int(np.searchsorted(ordered, -np.inf, side="right"))
    high, nans = np.searchsorted(ordered, [np.inf, np.nan], side="left").tolist()
    by_state = [0] * 4 if column.states is None else np.bincount(column.states, minlength=4).tolist()
    # Without states, a NaN is a value that was not there.
    by_state[MISSING if column.states is None else NOT_A_NUMBER] += len(ordered) - nans
    counted = [by_state[MISSING], by_state[NOT_A_NUMBER], low, nans - high, by_state[WRONG_TYPE]]
    return ordered[low:high], np.array(counted, dtype=np.int64)


def _count_categorical(reference: CategoricalReference, column: CategoricalColumn) -> IntArray:
    return np.bincount(column.codes, minlength=len(reference.categories) + len(CATEGORICAL_SPECIALS))
