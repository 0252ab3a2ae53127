"""One side of a comparison: the training data, a window, or another window, read off its counts feature by feature."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS
from baselines.cells import FloatArray, IntArray
from baselines.pairs import PairSums
from baselines.scores import HIGHEST_LEVEL
from stream.counts import Counts

# The unseen cell of a categorical feature holds values; the specials behind it hold none.
_UNUSABLE_CATEGORICAL = len(CATEGORICAL_SPECIALS) - 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts on a layout with the moments that people read.

    ``cells_at`` gives a slice of the cells (layout.size,), which must not change any more; ``means`` and ``stds``
    (n - 1 below the line) follow ``Baseline.numeric``, in the feature's unit, NaN where too few values make them
    undefined. Everything else is derived, once, when asked for: most of it from ``runs``, so that the cells of an
    earlier window need not be brought back where nothing moved.
    """

    layout: Layout
    cells_at: Callable[[slice], IntArray]
    means: FloatArray
    stds: FloatArray
    # The cells put together as ``layout.runs`` counts them, where that is known already.
    counted_runs: IntArray | None = None
    # Counters of pairs, shape (layout.pair_size,); None where they were not counted.
    pair_counters: IntArray | None = None
    # The runs as they were when the pairs were counted, where cells were changed since.
    paired_runs: IntArray | None = None

    @classmethod
    def of_cells(cls, layout: Layout, cells: IntArray, means: FloatArray, stds: FloatArray) -> "Sample":
        """Read cells as a sample, without pairs."""
        return cls(layout, cells.__getitem__, means, stds)

    @classmethod
    def of_baseline(cls, layout: Layout) -> "Sample":
        """Read the training data as a sample."""
        numeric = layout.baseline.numeric
        means = np.array([f.mean if f.n >= 1 else math.nan for f in numeric], dtype=np.float64)
        stds = np.array([f.std if f.n >= 2 else math.nan for f in numeric], dtype=np.float64)
        dependence = layout.baseline.dependence
        pairs = None if dependence is None else dependence.counters
        return replace(cls.of_cells(layout, layout.reference, means, stds), pair_counters=pairs)

    @classmethod
    def of_counts(cls, layout: Layout, counts: Counts) -> "Sample":
        """Read counted rows as a sample. Its cells are those of ``counts``, which must not change any more."""
        return cls.of_runs(layout, counts.in_runs(layout), counts.cells.__getitem__)

    @classmethod
    def of_runs(cls, layout: Layout, coarse: Counts, cells_at: Callable[[slice], IntArray]) -> "Sample":
        """Read counts whose cells are put together in runs; ``cells_at`` gives a slice of the cells themselves."""
        unread = cls(layout, cells_at, np.empty(0), np.empty(0), coarse.cells, coarse.pairs)
        means, stds = _means_and_stds(layout, unread.numeric_n, coarse.moments)
        return replace(unread, means=means, stds=stds)

    @cached_property
    def cells(self) -> IntArray:
        """The flat vector, shape (layout.size,)."""
        return self.cells_at(slice(0, self.layout.size))

    @cached_property
    def runs(self) -> IntArray:
        """The cells put together, shape (runs,)."""
        return self.layout.runs.count(self.cells) if self.counted_runs is None else self.counted_runs

    @cached_property
    def numeric_n(self) -> IntArray:
        """Finite values per numeric feature."""
        if not self.layout.baseline.numeric:
            return np.zeros(0, dtype=np.int64)
        runs = self.layout.runs
        counts: IntArray = np.add.reduceat(self.runs[: runs.numeric_size], runs.numeric_starts[:-1])
        return counts

    @cached_property
    def numeric_unusable(self) -> IntArray:
        """Rows without a finite number (missing, NaN, infinite, wrong type) per numeric feature."""
        specials = self._single[: int(self._categorical_starts[0])]
        counts: IntArray = specials.reshape(-1, len(NUMERIC_SPECIALS)).sum(axis=1)
        return counts

    @cached_property
    def _single(self) -> IntArray:
        """What is behind the cells of numeric features, each a run: specials, categorical features, relation."""
        return self.runs[self.layout.runs.numeric_size :]

    @cached_property
    def _categorical_starts(self) -> IntArray:
        return self.layout.categorical_starts - self.layout.numeric_size

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
        starts = self._categorical_starts
        return self._single[int(starts[0]) : int(starts[-1])]

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
        ends = self._categorical_starts[1:]
        back = np.arange(-_UNUSABLE_CATEGORICAL, 0)
        counts: IntArray = self._single[ends[:, None] + back].sum(axis=1)
        return counts

    @cached_property
    def categorical_n(self) -> IntArray:
        """Values per categorical feature, categories that training did not have among them."""
        return self.categorical_rows - self.categorical_unusable

    @cached_property
    def unseen(self) -> IntArray:
        """Values of categories that training did not have (or did not keep), per categorical feature."""
        return self._single[self._categorical_starts[1:] - len(CATEGORICAL_SPECIALS)]

    @cached_property
    def pairs(self) -> PairSums:
        """The sums from which the correlations of ``layout.scored`` are read; of no features without counters."""
        if self.pair_counters is None:
            return PairSums(np.zeros((0, 3), dtype=np.int64), np.zeros(0, dtype=np.int64))
        counted = self.runs if self.paired_runs is None else self.paired_runs
        features = zip(self.layout.scored_places, self.layout.run_levels, strict=True)
        powers = [(counted[self.layout.runs.numeric(place)], levels) for place, levels in features]
        totals = [[runs.sum(), runs @ levels, runs @ (levels * levels)] for runs, levels in powers]
        return PairSums(np.array(totals, dtype=np.int64).reshape(-1, 3), self.pair_counters)

    @cached_property
    def level_shares(self) -> FloatArray:
        """The share of values up to each level, of ``layout.scored``, shape (d, levels); all 0 where there are none."""
        features = zip(self.layout.scored_places, self.layout.run_levels, strict=True)
        counts = [(levels, self.runs[self.layout.runs.numeric(place)]) for place, levels in features]
        at = [np.bincount(levels, weights=runs, minlength=HIGHEST_LEVEL + 1) for levels, runs in counts]
        upto = np.cumsum(np.array(at).reshape(-1, HIGHEST_LEVEL + 1), axis=1)
        shares: FloatArray = upto / np.maximum(upto[:, -1:], 1.0)
        return shares

    def numeric(self, place: int) -> IntArray:
        """Return the 2k+1 cells of one numeric feature."""
        return self.cells_at(self.layout.numeric_cells(place))

    @property
    def relation(self) -> IntArray:
        """The rows by stratum and outcome (``baselines.relation``); empty where they were not labelled."""
        return self._single[int(self._categorical_starts[-1]) :]

    def categories(self, place: int) -> IntArray:
        """Return the categories of one categorical feature, then its unseen cell, shape (c + 1,)."""
        return self.categorical(place)[:-_UNUSABLE_CATEGORICAL]

    def categorical(self, place: int) -> IntArray:
        """Return all cells of one categorical feature."""
        first, last = self._categorical_starts[place : place + 2].tolist()
        return self._single[first:last]


def _means_and_stds(layout: Layout, n: IntArray, moments: NDArray[np.object_]) -> tuple[FloatArray, FloatArray]:
    """Return what `Quantiser.mean` and `Quantiser.std` make of each feature's sums; NaN of too few values.

    All features at once, in Python's integers: sums outgrow 64 bits.
    """
    known, (first, second) = n.astype(object), moments.T
    several = np.maximum(n, 2).astype(object)
    spread = (several * second - first * first) / (several * (several - 1))
    means = layout.centres + layout.units * (first / np.maximum(known, 1)).astype(np.float64)
    stds = layout.units * np.sqrt(np.maximum(spread.astype(np.float64), 0.0))
    return np.where(n >= 1, means, math.nan), np.where(n >= 2, stds, math.nan)
