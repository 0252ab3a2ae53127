"""Counting pairs: sums of products of rank scores, in integers, from which correlations are read.

For d features the counters are one vector: the d (d - 1) / 2 sums of products of two features' levels, over the rows
in which both are usable (the pairs (0, 1), (0, 2) .. (d - 2, d - 1) in this order); then, row by row, three (d, d)
matrices of the rows in which feature i is usable and feature j is not: how many, the sum of the levels of i, the sum of
their squares. Together with the sums over each feature's cells they give pairwise complete correlations; where no value
is missing, the three matrices are zero. All counters are zero or more, add, and subtract.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines.cells import FloatArray, IntArray
from baselines.scores import FloatLevels, ScoreTable

# Rows scored at once, so that memory does not grow with a batch; and rows multiplied at once: exact in
# float32 (32 * 32 * 256 < 2**24), and too few for BLAS to start threads.
_ROWS_SCORED, _ROWS_MULTIPLIED = 8192, 256


def pair_size(features: int) -> int:
    """Return the length of the vector of counters for so many features: 0 for fewer than two."""
    return features * (features - 1) // 2 + 3 * features * features if features > 1 else 0


def count_pairs(table: ScoreTable, columns: Sequence[FloatArray], lacking: Sequence[bool]) -> IntArray:
    """Count rows: ``columns`` are the d features' numbers, each (n,), unusable where they are not finite.

    ``lacking`` says which columns may hold such. Returns the vector of counters, shape (pair_size(d),).
    """
    d, n = len(table), len(columns[0])
    products, lone = np.zeros((d, d), dtype=np.int64), np.zeros((3, d, d), dtype=np.int64)
    for start in range(0, n, _ROWS_SCORED):
        numbers = np.stack([column[start : start + _ROWS_SCORED] for column in columns])
        levels = table.levels(numbers)
        if any(lacking):
            usable = np.isfinite(numbers).astype(np.float32)
            levels *= usable
            lone += [_product(left, 1 - usable) for left in (usable, levels, levels * levels)]
        products += _product(levels, levels)
    return np.concatenate([products[np.triu_indices(d, 1)], lone.ravel()])


def _product(left: FloatLevels, right: FloatLevels) -> IntArray:
    """Return left @ right.T of two (d, n) matrices of small whole numbers, exactly."""
    total = np.zeros((len(left), len(right)), dtype=np.int64)
    for start in range(0, left.shape[1], _ROWS_MULTIPLIED):
        rows = slice(start, start + _ROWS_MULTIPLIED)
        total += (left[:, rows] @ right[:, rows].T).astype(np.int64)
    return total


@dataclass(frozen=True, eq=False)
class PairSums:
    """Pairwise complete sums, read from the counters and from each feature's cells.

    ``totals`` (d, 3) are, per feature, the usable rows, the sum of their levels and the sum of the squares;
    ``counters`` (pair_size(d),) what ``count_pairs`` counted of the same rows.
    """

    totals: IntArray
    counters: IntArray

    @cached_property
    def n(self) -> IntArray:
        """The rows in which both features are usable, shape (d, d)."""
        return self._paired(0)

    @cached_property
    def correlation(self) -> FloatArray:
        """Pearson's correlation of the levels of each pair, shape (d, d); NaN where one of the two does not vary."""
        n, first, second = (self._paired(power).astype(np.float64) for power in range(3))
        products = np.zeros(n.shape)
        places = np.triu_indices(len(n), 1)
        products[places] = self.counters[: len(places[0])]
        products += products.T
        spread = n * second - first * first
        both = spread * spread.T
        covariance = n * products - first * first.T
        with np.errstate(invalid="ignore", divide="ignore"):
            r = np.where((spread > 0.0) & (spread.T > 0.0), covariance / np.sqrt(both), np.nan)
        np.fill_diagonal(r, np.nan)
        return np.clip(r, -1.0, 1.0)

    def _paired(self, power: int) -> IntArray:
        """Sum of the levels of i to this power over the rows in which j is usable too."""
        d = len(self.totals)
        lone = self.counters[d * (d - 1) // 2 :].reshape(3, d, d)
        sums: IntArray = self.totals[:, power, None] - lone[power]
        return sums
