"""One more pass over the rows: how the most important numeric features move together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from baselines.baseline import NumericReference
from baselines.cells import FloatArray
from baselines.dependence import Dependence
from baselines.fitting.cells import Chunk
from baselines.fitting.row_sample import RowSample
from baselines.pairs import count_pairs, pair_size
from baselines.scores import RankScores, ScoreTable, largest_bin, rank_scores

# A feature that nearly always has the same rank says little of the others, and its products have extreme tails.
MOST_IN_ONE_BIN = 0.7
# Correlations nearer to 1 than this are taken for this: Fisher's transform has no end.
_HIGHEST = 0.999
_UNUSABLE = 255


def choose(numeric: Sequence[NumericReference], most: int) -> list[tuple[NumericReference, RankScores]]:
    """Return the ``most`` most important features whose ranks vary, ties in their order, with their bins."""
    varying: list[tuple[NumericReference, RankScores]] = []
    for feature in sorted(numeric, key=lambda feature: -1.0 if feature.importance is None else -feature.importance):
        if len(varying) == most:
            break
        scores = rank_scores(feature.name, feature.values, feature.cells)
        if largest_bin(scores, feature.values, feature.cells) <= MOST_IN_ONE_BIN:
            varying.append((feature, scores))
    return varying if len(varying) > 1 else []


class DependencePass:
    """Counts the pairs of the chosen features over all rows, and keeps the levels of a uniform sample of rows."""

    def __init__(self, chosen: Sequence[tuple[NumericReference, RankScores]]) -> None:
        self._chosen = chosen
        self._table = ScoreTable(tuple(scores for _, scores in chosen))
        self._counters = np.zeros(pair_size(len(chosen)), dtype=np.int64)
        self._sample = RowSample(len(chosen), np.uint8)

    def add(self, chunk: Chunk) -> None:
        """Count a chunk of rows."""
        columns = [chunk.numbers(feature.name, dates=bool(feature.note)) for feature, _ in self._chosen]
        self._counters += count_pairs(self._table, columns, [not np.isfinite(column).all() for column in columns])
        self._sample.add(chunk.rows, lambda low: self._levels(np.stack([column[low] for column in columns])))

    def finish(self) -> Dependence:
        """Return what was learned."""
        inflation, freedom = spread_of_correlations(self._sample.values)
        return Dependence(self._table.scores, self._counters, inflation, freedom)

    def _levels(self, numbers: FloatArray) -> NDArray[np.uint8]:
        return np.where(np.isfinite(numbers), self._table.levels(numbers), _UNUSABLE).astype(np.uint8)


def spread_of_correlations(sample: NDArray[np.uint8]) -> tuple[FloatArray, FloatArray]:
    """Return how much more Fisher's transform of each correlation varies than 1 / (n - 3), and how well that is known.

    ``sample`` (d, rows) are levels, 255 where unusable. Both results are (d, d), symmetric: the inflation of the
    variance, at least 1, and the degrees of freedom of its estimate.
    """
    d = len(sample)
    inflation, freedom = np.ones((d, d)), np.ones((d, d))
    for i, j in zip(*np.triu_indices(d, 1), strict=True):
        both = (sample[i] != _UNUSABLE) & (sample[j] != _UNUSABLE)
        pair = _inflation(sample[i, both].astype(np.float64), sample[j, both].astype(np.float64))
        (inflation[i, j], freedom[i, j]) = (inflation[j, i], freedom[j, i]) = pair
    return inflation, freedom


def _inflation(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return inflation and degrees of freedom of one pair.

    By the delta method the variance of r is that of u v - r (u^2 + v^2) / 2 over n, u and v being standardised
    (Pearson and Filon 1898, without assuming normality); Fisher's transform divides it by (1 - r^2)^2. The estimate has
    a relative variance of (k - 1) / rows, k the kurtosis: two standard errors are added, and it has 2 rows / (k - 1)
    degrees of freedom, as a multiple of chi-squared has.
    """
    rows = len(x)
    if rows < 2 or x.std() == 0.0 or y.std() == 0.0:
        return 1.0, 1.0
    u, v = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float(np.clip((u * v).mean(), -_HIGHEST, _HIGHEST))
    influence = u * v - r / 2.0 * (u * u + v * v)
    influence -= influence.mean()
    variance = float((influence**2).mean())
    if variance <= np.finfo(float).eps:
        return 1.0, float(rows)
    excess = max(float((influence**4).mean()) / variance**2 - 1.0, 0.0)
    inflation = variance / (1.0 - r * r) ** 2 * (1.0 + 2.0 * (excess / rows) ** 0.5)
    return max(inflation, 1.0), min(2.0 * rows / excess, rows) if excess else float(rows)
