"""A number's bins with their scores of location and scale, and how far a change of mean or spread moves those.

A floor of the mean or of the standard deviation is translated twice: for values that all move together (a shift, or a
stretch around the mean), and for values that stay while their shares change (weights linear in the score). The smaller
is the floor of the score. For smooth features the two are alike; where most rows share one value, moving that value
would move all ranks at once, and the second is the change that happens.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines import NumericReference
from baselines.cells import FloatArray, IntArray
from baselines.runs import middle_ranks


@dataclass(frozen=True, eq=False)
class Ranked:
    """A numeric feature with spread, and where the runs of its cells begin that are its bins (``starts``, from 0)."""

    feature: NumericReference
    starts: IntArray

    @cached_property
    def counts(self) -> IntArray:
        """Training rows per bin."""
        counts: IntArray = np.add.reduceat(self.feature.cells, self.starts)
        return counts

    @cached_property
    def location(self) -> FloatArray:
        """The score of location per bin: the middle rank, from -1/2 to 1/2."""
        return middle_ranks(self.counts) - 0.5

    @cached_property
    def scale(self) -> FloatArray:
        """The score of scale per bin: the squared rank, as in Mood's test (1954), centred and stretched to span 1."""
        squares = 4.0 * self.location * self.location
        centred: FloatArray = squares - float(np.dot(self.counts, squares)) / self.feature.n
        return centred

    def location_floors(self, mean: float) -> tuple[float, float]:
        """Return how far the score of location moves up and down with the mean, by ``mean`` standard deviations."""
        weighted = mean * self._per_unit(self.location, self._z)
        up, down = self._moved(self.location, self._z + mean), -self._moved(self.location, self._z - mean)
        return _smaller(weighted, up), _smaller(weighted, down)

    def scale_floors(self, std: float) -> tuple[float, float]:
        """Return how far the score of scale moves up and down with the standard deviation, by a share of it."""
        per_unit = self._per_unit(self.scale, self._z**2)
        wider = _smaller(((1.0 + std) ** 2 - 1.0) * per_unit, self._moved(self.scale, self._z * (1.0 + std)))
        if std >= 1.0:
            return wider, math.inf
        return wider, _smaller((1.0 - (1.0 - std) ** 2) * per_unit, -self._moved(self.scale, self._z * (1.0 - std)))

    @cached_property
    def _z(self) -> FloatArray:
        """Where each cell lies, in standard deviations from the mean; an open one at its middle, shape (2k + 1,)."""
        kept = (self.feature.values - self.feature.mean) / self.feature.std
        z = np.empty(2 * len(kept) + 1)
        z[1::2] = kept
        z[2:-1:2] = kept[:-1] / 2.0 + kept[1:] / 2.0
        z[0], z[-1] = kept[0], kept[-1]
        return z

    def _moved(self, score: FloatArray, z: FloatArray) -> float:
        """Return the mean score when the training rows of each cell lie at ``z`` (2k + 1,) instead."""
        kept = self._z[1::2]
        at = np.searchsorted(kept, z)
        cells = 2 * at + (np.take(kept, at, mode="clip") == z)
        bins = np.searchsorted(self.starts, cells, side="right") - 1
        return float(np.dot(self.feature.cells, score[bins])) / self.feature.n

    def _per_unit(self, score: FloatArray, moment: FloatArray) -> float:
        """Return how far the mean score moves when weights 1 + t * score move the mean of a ``moment`` by 1.

        The moment has shape (2k + 1,). Weights with a small t move the mean score by t times its variance, and the
        moment by t times the covariance of the two; infinite where they cannot.
        """
        sums = np.add.reduceat(self.feature.cells * moment, self.starts)
        covariance, variance = float(np.dot(score, sums)), float(np.dot(self.counts, score * score))
        return variance / covariance if covariance > 0.0 and math.isfinite(covariance) else math.inf


def _smaller(weighted: float, moved: float) -> float:
    """Return the smaller floor; where moving the values moved the score the other way, there is but one."""
    return min(weighted, moved) if moved > 0.0 else weighted
