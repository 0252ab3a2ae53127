"""Rank scores: how high a number stands in the training data, as a small whole number.

The cells of a numeric feature are merged into at most 12 bins of about equally many training rows, and a bin's level
is its mean normal score (van der Waerden 1952), in eighths of a standard deviation above ``CENTRE``. Correlations
of such scores depend on ranks alone, as Spearman's do; unlike Spearman's they hardly change when a whole feature
shifts, because normal scores do not crowd together at the ends.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from baselines.cells import FloatArray, IntArray

FloatLevels: TypeAlias = NDArray[np.float32]

MOST_BINS = 12
# Levels lie in 0 .. 2 * CENTRE: products are non-negative and small, so that float32 adds many of them exactly.
CENTRE = 16
HIGHEST_LEVEL = 2 * CENTRE
_LEVELS_PER_STD = 8


@dataclass(frozen=True, eq=False)
class RankScores:
    """One feature's bins: ``edges`` (b - 1,), kept values, strictly increasing; ``levels`` (b,), one per bin.

    A number's bin is how many edges lie strictly below it.
    """

    feature: str
    edges: FloatArray
    levels: IntArray

    def of_cells(self, values: FloatArray) -> IntArray:
        """Return the level of each of the 2k+1 cells of ``values`` (k,), which contain the edges."""
        ends = 2 * np.searchsorted(values, self.edges) + 1
        bins = np.searchsorted(ends, np.arange(2 * len(values) + 1), side="left")
        return self.levels[bins]


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """The bins of d features side by side, for numbers of all of them at once."""

    scores: tuple[RankScores, ...]

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def _edges(self) -> FloatArray:
        """The edges of each feature, filled up by infinity, shape (MOST_BINS - 1, d, 1)."""
        edges = np.full((MOST_BINS - 1, len(self.scores), 1), np.inf)
        for i, one in enumerate(self.scores):
            edges[: len(one.edges), i, 0] = one.edges
        return edges

    @cached_property
    def _levels(self) -> tuple[FloatLevels, ...]:
        return tuple(one.levels.astype(np.float32) for one in self.scores)

    def levels(self, numbers: FloatArray) -> FloatLevels:
        """Return the level of each of ``numbers`` (d, n), a row per feature; that of NaN is the lowest.

        Comparing with each of the few edges is quicker than a search per number.
        """
        bins = np.zeros(numbers.shape, dtype=np.uint8)
        above = np.empty(numbers.shape, dtype=np.bool_)
        for edges in self._edges:
            np.greater(numbers, edges, out=above)
            bins += above.view(np.uint8)
        levels = np.empty(numbers.shape, dtype=np.float32)
        for i, known in enumerate(self._levels):
            np.take(known, bins[i], out=levels[i], mode="clip")
        return levels


def rank_scores(feature: str, values: FloatArray, cells: IntArray) -> RankScores:
    """Make bins of the training rows ``cells`` (2k + 1,) around the kept ``values`` (k,).

    Bins end at the kept values nearest to the twelfths of the rows; a value of many rows is a bin by itself.
    """
    through = np.cumsum(cells)[1::2]
    rows = int(cells.sum())
    nearest = {_nearest(through, part * rows) for part in range(1, MOST_BINS)}
    cuts = sorted(cut for cut in nearest if 0 <= cut < len(values) - 1)
    ends = np.concatenate([[0], through[cuts], [rows]]) / max(rows, 1)
    return RankScores(feature, values[cuts], _levels(ends))


def largest_bin(scores: RankScores, values: FloatArray, cells: IntArray) -> float:
    """Return the share of the rows ``cells`` that the fullest level holds; 1 where there are none."""
    counts = np.bincount(scores.of_cells(values), weights=cells)
    return float(counts.max() / counts.sum()) if counts.sum() else 1.0


def _nearest(through: IntArray, twelfths: int) -> int:
    """Return the number of the kept value behind which the share of rows is nearest to ``twelfths``/12 of a row."""
    place = int(np.searchsorted(through * MOST_BINS, twelfths))
    if place == len(through):
        return place
    before = int(through[place - 1]) * MOST_BINS if place else 0
    return place if int(through[place]) * MOST_BINS - twelfths <= twelfths - before else place - 1


def _levels(ends: FloatArray) -> IntArray:
    """Mean standard normal score between each two ends of (b + 1,) shares, in whole levels."""
    density = np.exp(-0.5 * special.ndtri(ends) ** 2) / math.sqrt(2.0 * math.pi)
    scores = (density[:-1] - density[1:]) / np.maximum(np.diff(ends), np.finfo(float).tiny)
    levels: IntArray = np.clip(np.rint(scores * _LEVELS_PER_STD) + CENTRE, 0, HIGHEST_LEVEL).astype(np.int64)
    return levels
