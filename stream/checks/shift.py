"""Shifts of location and scale: moments say how much, ranks say whether it is chance.

Tests on moments (Welch, variance ratios) do not hold their level far out on heavy-tailed or tied data; rank tests
over the cells do. See ``stream.permutation`` for their tails.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Measured, Numbers, Pair, known
from stream.permutation import LinearRank, location, scale
from stream.policy import Policy


def mean(pair: Pair, policy: Policy) -> Measured:
    """Measure the shift of the mean, window less reference, in the feature's unit.

    The effect is its size in reference standard deviations, or in the feature's unit where the policy sets a floor in
    that unit. The p-value is that of the tie-corrected Wilcoxon-Mann-Whitney test.
    """
    places = _with_spread(pair)
    difference = pair.window.means[places] - pair.reference.means[places]
    effect = np.abs(difference) / _effect_units(pair, policy, places)
    return _by_ranks(pair, "mean", places, known(difference, effect), location)


def std(pair: Pair) -> Measured:
    """Measure the ratio of standard deviations, window over reference; the effect is its distance from 1.

    The p-value is that of Mood's test of scale with scores averaged over ties.
    """
    places = _with_spread(pair)
    ratio = pair.window.stds[places] / pair.reference.stds[places]
    return _by_ranks(pair, "std", places, known(ratio, np.abs(ratio - 1.0)), scale)


_P_METHODS = {"mean": "mann-whitney", "std": "mood"}


def _by_ranks(
    pair: Pair,
    check: str,
    places: IntArray,
    numbers: Numbers,
    test: Callable[[IntArray, IntArray], LinearRank],
) -> Measured:
    @lru_cache(maxsize=1)
    def ranked(i: int) -> LinearRank:
        place = int(places[i])
        return test(pair.reference.numeric(place), pair.window.numeric(place))

    def tail(i: int) -> tuple[float, str]:
        return ranked(i).p_two_sided(), _P_METHODS[check]

    def upper(i: int) -> float:
        return ranked(i).p_bound()

    def deviate(i: int) -> float:
        return abs(ranked(i).z)

    return pair.numeric_measured(check, places, numbers).measured(tail, upper=upper, deviate=deviate)


def _with_spread(pair: Pair) -> IntArray:
    """Select the features whose standard deviations exist on both sides, and that vary in the reference."""
    places = pair.numeric
    spread = pair.reference.stds[places]
    moments = np.isfinite(spread) & np.isfinite(pair.window.stds[places]) & np.isfinite(pair.window.means[places])
    return places[moments & (spread > 0.0)]


def _effect_units(pair: Pair, policy: Policy, places: IntArray) -> FloatArray:
    """Return the effect's units: the reference's standard deviation, or 1 where the floor is in the feature's own."""
    units = pair.reference.stds[places].copy()
    if policy.feature_thresholds:
        numeric = pair.reference.layout.baseline.numeric
        for i, place in enumerate(places.tolist()):
            if policy.mean_floor_in_units(numeric[place].name) is not None:
                units[i] = 1.0
    return units
