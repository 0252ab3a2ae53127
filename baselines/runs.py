"""Runs of neighbouring cells: few enough to be looked at everywhere, so that cells are looked at where it matters.

A numeric feature has about 32 runs, cut at equal ranks of its training data and never through a tie. Every other cell
of the flat vector is a run by itself.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray

MOST_BINS = 32


@dataclass(frozen=True, eq=False)
class Runs:
    """Where runs begin in the flat vector: ``starts`` (runs,); those of numeric features come first.

    ``numeric_starts`` (features + 1,) are where each numeric feature's begin among the runs, the last entry being where
    they end.
    """

    starts: IntArray
    numeric_starts: IntArray

    @property
    def numeric_size(self) -> int:
        """The number of runs of all numeric features together."""
        return int(self.numeric_starts[-1])

    @cached_property
    def single(self) -> NDArray[np.bool_]:
        """Tell which of the numeric runs are one cell, shape (``numeric_size``,)."""
        # Behind the last of them comes a special cell, or a category's.
        alone: NDArray[np.bool_] = np.diff(self.starts[: self.numeric_size + 1]) == 1
        return alone

    def numeric(self, index: int) -> slice:
        """Return the runs of numeric feature ``index`` (its place in ``Baseline.numeric``)."""
        return slice(int(self.numeric_starts[index]), int(self.numeric_starts[index + 1]))

    def count(self, cells: IntArray) -> IntArray:
        """Add the cells of a flat vector up into runs, shape (runs,)."""
        counts: IntArray = np.add.reduceat(cells, self.starts)
        return counts


def middle_ranks(counts: IntArray) -> FloatArray:
    """Return where the middle of each cell lies among the rows counted, 0 to 1; an empty one lies between two rows.

    >>> middle_ranks(np.array([1, 2, 0, 1])).tolist()
    [0.125, 0.5, 0.75, 0.875]
    """
    through = np.cumsum(counts)
    ranks: FloatArray = (through - counts / 2.0) / max(int(through[-1]), 1)
    return ranks


def rank_bins(cells: IntArray) -> IntArray:
    """Return where the bins of a feature's ``cells`` (2k + 1,) begin: at most ``MOST_BINS``, of alike many rows."""
    return changes(np.minimum((middle_ranks(cells) * MOST_BINS).astype(np.int64), MOST_BINS - 1))


def changes(marks: IntArray) -> IntArray:
    """Return where runs of equal marks begin.

    >>> changes(np.array([3, 3, 5, 3])).tolist()
    [0, 2, 3]
    """
    starts: IntArray = np.flatnonzero(np.concatenate([[True], marks[1:] != marks[:-1]]))
    return starts
