"""One side of a comparison: the training data, a window, or another window, read off its counts feature by feature."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines import Layout
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, NumericReference
from baselines.cells import FloatArray, IntArray
from baselines.pairs import PairSums
from stream.counts import Counts

# The unseen cell of a categorical feature holds values; the specials behind it hold none.
_UNUSABLE_CATEGORICAL = len(CATEGORICAL_SPECIALS) - 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts on a layout with the moments that people read.

    ``cells`` has shape (layout.size,); ``means`` and ``stds`` (n - 1 below the line) follow ``Baseline.numeric``, in
    the feature's unit, NaN where too few values make them undefined. Everything else is derived, once, when asked for.
    """

    layout: Layout
    cells: IntArray
    means: FloatArray
    stds: FloatArray
    # Counters of pairs, shape (layout.pair_size,); None where they were not counted.
    pair_counters: IntArray | None = None
    # The cells as they were when the pairs were counted, where ``cells`` were changed since.
    paired_cells: IntArray | None = None

    @classmethod
    def of_baseline(cls, layout: Layout) -> "Sample":
        """Read the training data as a sample."""
        numeric = layout.baseline.numeric
        means = np.array([f.mean if f.n >= 1 else math.nan for f in numeric], dtype=np.float64)
        stds = np.array([f.std if f.n >= 2 else math.nan for f in numeric], dtype=np.float64)
        dependence = layout.baseline.dependence
        return cls(layout, layout.reference, means, stds, None if dependence is None else dependence.counters)

    @classmethod
    def of_counts(cls, layout: Layout, counts: Counts) -> "Sample":
        """Read counted rows as a sample. Its cells are those of ``counts``, which must not change any more."""
        sample = cls(layout, counts.cells, np.empty(0), np.empty(0))
        numeric = zip(layout.baseline.numeric, sample.numeric_n.tolist(), counts.moments.tolist(), strict=True)
        moments = [_mean_and_std(feature, n, first, second) for feature, n, (first, second) in numeric]
        means, stds = np.array(moments, dtype=np.float64).reshape(-1, 2).T
        return cls(layout, sample.cells, means, stds, counts.pairs)

    @cached_property
    def numeric_cells(self) -> IntArray:
        """The 2k+1 cells of all numeric features in one run, shape (layout.numeric_size,)."""
        return self.cells[: self.layout.numeric_size]

    @cached_property
    def numeric_n(self) -> IntArray:
        """Finite values per numeric feature."""
        if not self.layout.baseline.numeric:
            return np.zeros(0, dtype=np.int64)
        counts: IntArray = np.add.reduceat(self.numeric_cells, self.layout.numeric_starts[:-1])
        return counts

    @cached_property
    def numeric_unusable(self) -> IntArray:
        """Rows without a finite number (missing, NaN, infinite, wrong type) per numeric feature."""
        specials = self.cells[self.layout.numeric_size : int(self.layout.categorical_starts[0])]
        counts: IntArray = specials.reshape(-1, len(NUMERIC_SPECIALS)).sum(axis=1)
        return counts

    @cached_property
    def numeric_rows(self) -> IntArray:
        """Rows per numeric feature, whatever was in them."""
        return self.numeric_n + self.numeric_unusable

    def bound(self, place: int) -> float:
        """Return how far a feature's D against this sample may lie below the exact D; 0 where it has no value.

        It is the largest share of an open cell: within it the window's distribution function may run anywhere between
        its ends, and this sample's rises by that share. Every second cell is a single value, and no place to run.
        """
        n = int(self.numeric_n[place])
        return float(self.numeric(place)[::2].max()) / n if n else 0.0

    @cached_property
    def categorical_cells(self) -> IntArray:
        """The cells of all categorical features in one run, categories then specials, feature by feature."""
        return self.cells[int(self.layout.categorical_starts[0]) :]

    @cached_property
    def categorical_rows(self) -> IntArray:
        """Rows per categorical feature, whatever was in them."""
        starts = self.layout.categorical_starts
        if len(starts) == 1:
            return np.zeros(0, dtype=np.int64)
        counts: IntArray = np.add.reduceat(self.categorical_cells, starts[:-1] - starts[0])
        return counts

    @cached_property
    def categorical_unusable(self) -> IntArray:
        """Rows without a category (missing, wrong type) per categorical feature."""
        ends = self.layout.categorical_starts[1:]
        back = np.arange(-_UNUSABLE_CATEGORICAL, 0)
        counts: IntArray = self.cells[ends[:, None] + back].sum(axis=1)
        return counts

    @cached_property
    def categorical_n(self) -> IntArray:
        """Values per categorical feature, categories that training did not have among them."""
        return self.categorical_rows - self.categorical_unusable

    @cached_property
    def unseen(self) -> IntArray:
        """Values of categories that training did not have (or did not keep), per categorical feature."""
        return self.cells[self.layout.categorical_starts[1:] - len(CATEGORICAL_SPECIALS)]

    @cached_property
    def pairs(self) -> PairSums:
        """The sums from which the correlations of ``layout.scored`` are read; of no features without counters."""
        if self.pair_counters is None:
            return PairSums(np.zeros((0, 3), dtype=np.int64), np.zeros(0, dtype=np.int64))
        counted = self.cells if self.paired_cells is None else self.paired_cells
        features = zip(self.layout.scored_places, self.layout.cell_levels, strict=True)
        powers = [(counted[self.layout.numeric_cells(place)], levels) for place, levels in features]
        totals = [[cells.sum(), cells @ levels, cells @ (levels * levels)] for cells, levels in powers]
        return PairSums(np.array(totals, dtype=np.int64).reshape(-1, 3), self.pair_counters)

    def numeric(self, place: int) -> IntArray:
        """Return the 2k+1 cells of one numeric feature."""
        return self.cells[self.layout.numeric_cells(place)]

    def categories(self, place: int) -> IntArray:
        """Return the categories of one categorical feature, then its unseen cell, shape (c + 1,)."""
        return self.cells[self.layout.categorical_cells(place)][:-_UNUSABLE_CATEGORICAL]


def _mean_and_std(feature: NumericReference, n: int, first: int, second: int) -> tuple[float, float]:
    if n == 0:
        return math.nan, math.nan
    return feature.quantiser.mean(n, first), feature.quantiser.std(n, first, second)
