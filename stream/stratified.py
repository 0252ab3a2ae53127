"""Whether a mark is more frequent in a window than in a reference, all strata taken together, each by itself.

The test of Cochran (1954) and of Mantel and Haenszel (1959). Within each stratum every split of its rows into reference
and window is equally likely under the null hypothesis, so that the window's marked rows are a sum of independent
hypergeometric numbers. The tail of that sum is taken by the double saddlepoint approximation (Strawderman and Wells
1998), which keeps its relative accuracy where the usual chi-squared approximation is wrong by factors of hundreds.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from baselines.cells import FloatArray, IntArray
from stream.permutation import lugannani_rice

# Within this many standard deviations the normal approximation is used: the saddlepoint form is 0/0 at the centre.
_NORMAL_WITHIN = 1.0
_MOST_STEPS = 60
_LONGEST_STEP = 3.0
# The saddlepoint is found when the expected sum is right to this fraction of its standard deviation.
_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class Stratified:
    """S tables of two by two: ``rows`` and ``marked`` rows (S,) of both sides, and those ``drawn`` into the window.

    ``seen`` (S,) are the window's marked rows.
    """

    rows: FloatArray
    marked: FloatArray
    drawn: FloatArray
    seen: FloatArray

    @classmethod
    def of(cls, reference: tuple[IntArray, IntArray], window: tuple[IntArray, IntArray]) -> "Stratified":
        """Take the rows and the marked rows of either side, each (S,); strata that cannot differ are left out."""
        rows, marked = reference[0] + window[0], reference[1] + window[1]
        drawn = window[0]
        kept = (marked > 0) & (marked < rows) & (drawn > 0) & (drawn < rows)
        return cls(*(part[kept].astype(np.float64) for part in (rows, marked, drawn, window[1])))

    @cached_property
    def excess(self) -> float:
        """The window's marked rows, less as many as are expected where nothing differs."""
        return float((self.seen - self.drawn * self.marked / self.rows).sum())

    @cached_property
    def std(self) -> float:
        """The exact standard deviation of ``excess``."""
        unmarked, left = self.rows - self.marked, self.rows - self.drawn
        return math.sqrt(
            float((self.drawn * self.marked / self.rows * unmarked / self.rows * left / (self.rows - 1)).sum())
        )

    @property
    def z(self) -> float:
        """``excess`` in its standard deviations, the square of which is chi-squared; 0 where no stratum can differ."""
        return self.excess / self.std if self.std > 0.0 else 0.0

    def p_two_sided(self) -> float:
        """Return twice the tail on the side of ``excess``, at most 1; half a row is the correction for continuity."""
        distance = max(abs(self.excess) - 0.5, 0.0)
        if self.std == 0.0 or distance == 0.0:
            return 1.0
        if distance < _NORMAL_WITHIN * self.std:
            return math.erfc(distance / self.std / math.sqrt(2.0))
        return min(1.0, 2.0 * self._tail(distance))

    def _tail(self, distance: float) -> float:
        """P(the window's marked rows are so many more than expected, or so many fewer if they are fewer)."""
        # Fewer marked rows are more rows without a mark.
        marked = self.marked if self.excess > 0.0 else self.rows - self.marked
        target = float((self.drawn * marked / self.rows).sum()) + distance
        slope, found, converged = self._solve(marked, target)
        share = self.drawn / self.rows
        inside, outside = found / marked, (self.drawn - found) / (self.rows - marked)
        exponent = float((marked * _entropy(inside, share) + (self.rows - marked) * _entropy(outside, share)).sum())
        if not converged:
            # A bound on the tail (Chernoff), for a sum that is nearly as large as it can be.
            return min(
                1.0, math.exp(-exponent) * float(np.prod(np.sqrt(2.0 * math.pi * self.rows * share * (1.0 - share))))
            )
        spread, both = _variances(self.rows, marked, self.drawn, found)
        growth = float(np.log(both / (self.rows * share * (1.0 - share))).sum())
        u = slope * math.sqrt(float(spread.sum())) * math.exp(growth / 2.0)
        return lugannani_rice(math.sqrt(max(2.0 * exponent, 0.0)), u)

    def _solve(self, marked: FloatArray, target: float) -> tuple[float, FloatArray, bool]:
        """Find the log odds ratio, common to all strata, at which ``target`` marked rows are expected (Newton).

        Returns it, the expected marked rows of each stratum, and whether they add up.
        """
        slope = 0.0
        for _ in range(_MOST_STEPS):
            found = _expected(self.rows, marked, self.drawn, math.exp(slope))
            miss = target - float(found.sum())
            if abs(miss) <= _TOLERANCE * self.std:
                return slope, found, slope > 0.0
            spread, _ = _variances(self.rows, marked, self.drawn, found)
            if not float(spread.sum()) > 0.0:
                break
            slope += min(max(miss / float(spread.sum()), -_LONGEST_STEP), _LONGEST_STEP)
        return slope, found, False


def _expected(rows: FloatArray, marked: FloatArray, drawn: FloatArray, odds: float) -> FloatArray:
    """Return the marked rows among those drawn for which both sides' odds have this ratio (Cornfield 1956)."""
    middle = rows - marked - drawn + odds * (marked + drawn)
    product = odds * marked * drawn
    found: FloatArray = (
        2.0 * product / (middle + np.sqrt(np.maximum(middle * middle + 4.0 * (1.0 - odds) * product, 0.0)))
    )
    return found


def _variances(
    rows: FloatArray, marked: FloatArray, drawn: FloatArray, found: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the variance of each stratum's marked rows, the number drawn being given, and that of the number drawn."""
    inside = found * (marked - found) / marked
    outside = (drawn - found) * (rows - marked - drawn + found) / (rows - marked)
    both = inside + outside
    return inside * outside / both, both


def _entropy(share: FloatArray, expected: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of yes/no shares, elementwise."""
    divergence: FloatArray = special.rel_entr(share, expected) + special.rel_entr(1.0 - share, 1.0 - expected)
    return divergence
