"""Rank tests over cells whose p-values hold in the far tail, whatever the ties.

Under the null hypothesis every split of the combined values into reference and window is equally likely, so that the
window's sum of scores is the sum of a simple random sample from a finite population. Its tail is taken by the double
saddlepoint approximation for such sums (Robinson 1982; Booth and Butler 1990; Skovgaard 1987 for the form), which keeps
its relative accuracy where the normal approximation is wrong by factors of hundreds.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from baselines.cells import FloatArray, IntArray

# Within this many standard deviations the normal approximation is used: the saddlepoint form is 0/0 at the centre.
_NORMAL_WITHIN = 1.0
_MOST_STEPS = 60
# A saddlepoint is accepted when both equations hold to this fraction of their standard deviations.
_TOLERANCE = 1e-7
# One Newton step moves no log-odds further than this.
_LONGEST_STEP = 3.0


@dataclass(frozen=True, eq=False)
class LinearRank:
    """A linear rank statistic on combined cells: ``sizes`` (k,) rows per cell, ``scores`` (k,), the window's ``total``.

    Scores are centred on their mean over all rows; ``drawn`` of ``sizes.sum()`` rows are the window's; ``total`` is
    their sum of centred scores. ``step`` is the largest gap between the scores of neighbouring cells.
    """

    sizes: FloatArray
    scores: FloatArray
    drawn: int
    total: float
    step: float

    @cached_property
    def population(self) -> int:
        """The number of rows of both sides."""
        return int(self.sizes.sum())

    @cached_property
    def score_variance(self) -> float:
        """The variance of the scores over the population (N below the line)."""
        return float(np.dot(self.sizes, self.scores * self.scores)) / self.population

    @cached_property
    def std(self) -> float:
        """The exact standard deviation of ``total`` over all splits."""
        size, drawn = self.population, self.drawn
        if size < 2:
            return 0.0
        return math.sqrt(self.score_variance * drawn * (size - drawn) / (size - 1))

    @property
    def z(self) -> float:
        """``total`` in its standard deviations; 0 when all values are tied. No correction for continuity."""
        return self.total / self.std if self.std > 0.0 else 0.0

    @cached_property
    def distance(self) -> float:
        """How far ``total`` is from its mean, less half a step: the sum moves in steps, the approximations do not.

        For untied ranks the step is 1, as in the usual correction for continuity of the Mann-Whitney test; for values
        that are nearly all tied it is what makes the approximation agree with the exact hypergeometric tail.
        """
        return max(abs(self.total) - self.step / 2.0, 0.0)

    def p_two_sided(self) -> float:
        """Return twice the tail on the side of ``total``, at most 1."""
        if self.std == 0.0 or self.distance == 0.0:
            return 1.0
        z = self.distance / self.std
        if z < _NORMAL_WITHIN:
            return math.erfc(z / math.sqrt(2.0))
        return min(2.0 * self._saddlepoint_tail(), self.p_bound())

    def p_bound(self) -> float:
        """Return an upper bound on the true two-sided tail, closed form.

        Bernstein's inequality holds for sampling without replacement (Hoeffding 1963, theorem 4); it is applied to the
        smaller of the two samples.
        """
        if self.std == 0.0 or self.distance == 0.0:
            return 1.0
        draws = min(self.drawn, self.population - self.drawn)
        widest = float(np.abs(self.scores).max())
        scale = 2.0 * draws * self.score_variance + 2.0 / 3.0 * widest * self.distance
        return min(1.0, 2.0 * math.exp(-(self.distance**2) / scale))

    def _saddlepoint_tail(self) -> float:
        """P(total at least this far out on its side)."""
        spread = math.sqrt(self.score_variance)
        scores = self.scores / (spread if self.total > 0.0 else -spread)
        return _sampling_tail(self.sizes, scores, self.drawn, self.distance / spread)


def _sampling_tail(sizes: FloatArray, scores: FloatArray, drawn: int, target: float) -> float:
    """P(sum of scores >= target) for ``drawn`` of the rows; scores have mean 0 and variance 1, target > 0."""
    population = float(sizes.sum())
    share = drawn / population
    prior = math.log(share) - math.log1p(-share)
    tilt, slope, curvature, converged = _solve(sizes, scores, (float(drawn), target), prior)
    log_odds = tilt + slope * scores
    # log(1 - f + f e^x), from the side on which nothing is lost.
    growth = np.maximum(log_odds + math.log(share), math.log1p(-share))
    growth += np.log1p(np.exp(-np.abs(log_odds + prior)))
    exponent = tilt * drawn + slope * target - float(np.dot(sizes, growth))
    variance = population * share * (1.0 - share)
    if not converged:
        # exp(-exponent) / P(the sizes come out right) bounds the tail at any tilt and slope > 0 (Chernoff).
        return min(1.0, math.exp(-exponent) * math.sqrt(2.0 * math.pi * variance) * 1.1)
    w = math.sqrt(max(2.0 * exponent, 0.0))
    u = slope * math.sqrt(curvature / variance)
    return lugannani_rice(w, u)


def lugannani_rice(w: float, u: float) -> float:
    """1 - Phi(w) + phi(w) (1/u - 1/w), as a product with the density so that nothing cancels in the far tail."""
    density = math.exp(-0.5 * w * w) / math.sqrt(2.0 * math.pi)
    mills = float(special.erfcx(w / math.sqrt(2.0))) * math.sqrt(math.pi / 2.0)
    return min(1.0, max(density * (mills + 1.0 / u - 1.0 / w), 0.0))


def _solve(
    sizes: FloatArray, scores: FloatArray, target: tuple[float, float], prior: float
) -> tuple[float, float, float, bool]:
    """Find the saddlepoint by Newton's method with bounded steps.

    Returns tilt, slope, the determinant of the second derivatives there, and whether the equations hold.
    """
    drawn, wanted = target
    squares = scores * scores
    widest = float(np.abs(scores).max())
    population = float(sizes.sum())
    spread = math.sqrt(drawn * (1.0 - drawn / population))
    tilt, slope, determinant = 0.0, 0.0, 1.0
    for _ in range(_MOST_STEPS):
        share = special.expit(prior + tilt + slope * scores)
        expected = sizes * share
        miss_n, miss_sum = drawn - float(expected.sum()), wanted - float(np.dot(expected, scores))
        weight = expected * (1.0 - share)
        a, b, c = float(weight.sum()), float(np.dot(weight, scores)), float(np.dot(weight, squares))
        determinant = a * c - b * b
        if max(abs(miss_n), abs(miss_sum)) <= _TOLERANCE * spread:
            return tilt, slope, determinant, slope > 0.0 and determinant > 0.0
        if not determinant > 1e-12 * a * c:
            break
        step_tilt, step_slope = (c * miss_n - b * miss_sum) / determinant, (a * miss_sum - b * miss_n) / determinant
        shrink = min(1.0, _LONGEST_STEP / (abs(step_tilt) + abs(step_slope) * widest))
        tilt, slope = tilt + shrink * step_tilt, slope + shrink * step_slope
    return tilt, max(slope, 0.0), determinant, False


def location(reference: IntArray, window: IntArray) -> LinearRank:
    """Score cells, both vectors of shape (k,), by midrank: the tie-corrected Wilcoxon-Mann-Whitney test of location."""
    sizes, counts, ranks = _combined(reference, window)
    return _linear(sizes, counts, ranks)


def scale(reference: IntArray, window: IntArray) -> LinearRank:
    """Score cells, both vectors of shape (k,), by Mood's squared distance of the rank from the middle rank.

    Tied rows share the mean of their squares (Mielke 1967), as in ``scipy.stats.mood``.
    """
    sizes, counts, ranks = _combined(reference, window)
    return _linear(sizes, counts, ranks * ranks + (sizes * sizes - 1.0) / 12.0)


def _combined(reference: IntArray, window: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sizes, the window's counts and midranks (from the middle rank) of the cells that hold anything."""
    both = reference + window
    kept = np.flatnonzero(both)
    sizes = both[kept].astype(np.float64)
    through = np.cumsum(sizes)
    # The rank of row r of N counts from the middle: r - (N + 1) / 2.
    ranks = through - (sizes + through[-1] if len(through) else sizes) / 2.0
    return sizes, window[kept].astype(np.float64), ranks


def _linear(sizes: FloatArray, counts: FloatArray, scores: FloatArray) -> LinearRank:
    scores = scores - float(np.dot(sizes, scores)) / float(sizes.sum())
    step = float(np.abs(np.diff(scores)).max()) if len(scores) > 1 else 0.0
    return LinearRank(sizes, scores, int(counts.sum()), float(np.dot(counts, scores)), step)
