"""Values that training never saw: beyond its extremes, or of a new category."""

import numpy as np
import pytest
from scipy import stats

from stream.checks import measure
from stream.policy import Policy
from stream.sample import Sample
from stream.tails import exceedance_upper, hypergeometric_upper

RANGE, NEW = Policy(checks=("range",), min_samples=1), Policy(checks=("new_category",), min_samples=1)


def test_range_is_the_share_beyond_both_extremes(sides):
    """The extremes themselves are inside; everything between kept values is too."""
    (one,) = measure(*sides({"x": [1.0, 2.0, 5.0]}, {"x": [0.9, 1.0, 3.3, 5.0, 5.1, 9.0]}), RANGE)
    assert one.statistic.tolist() == one.effect.tolist() == [0.5]
    assert one.p_value(0) == (exceedance_upper(3, 6, 3), "exceedance")


def test_nothing_outside_has_p_one(sides):
    """Staying within the range is no evidence of anything."""
    (one,) = measure(*sides({"x": [1.0, 2.0, 5.0]}, {"x": [1.0, 2.0]}), RANGE)
    assert (one.effect[0], one.p_decision(0)) == (0.0, 1.0)


def test_range_holds_its_level_under_the_null():
    """Fresh values of a heavy-tailed source lie outside as often as the exceedance law says, at 5 % and 0.5 %."""
    rng = np.random.default_rng(9)
    draws = rng.standard_cauchy((20_000, 300))
    reference, window = draws[:, :200], draws[:, 200:]
    low, high = reference.min(axis=1)[:, None], reference.max(axis=1)[:, None]
    outside = ((window < low) | (window > high)).sum(axis=1)
    p = np.array([exceedance_upper(j, 100, 200) for j in range(101)])[outside]
    for level in (0.05, 0.005):
        assert 0.3 * level < (p <= level).mean() < 1.25 * level


def test_between_two_windows_what_both_have_outside_is_compared(sides):
    """With another window as the reference, being outside of training is a share like any other."""
    baseline, _ = sides({"x": [1.0, 2.0]}, {"x": [1.0]})
    cells = [np.array(c + [0] * 5, dtype=np.int64) for c in ([10, 40, 0, 50, 0], [4, 20, 0, 20, 6])]
    before, now = (Sample.of_cells(baseline.layout, c, np.array([1.5]), np.array([0.5])) for c in cells)
    (one,) = measure(before, now, RANGE)
    assert one.effect[0] == pytest.approx(0.2)
    assert one.p_value(0) == (pytest.approx(stats.hypergeom.sf(9, 150, 20, 50), rel=1e-9), "hypergeometric")


def test_new_category_is_held_against_what_training_itself_found_new(sides):
    """Singletons of training, and one more, are what leaving one out found new (Good-Turing)."""
    training = ["a"] * 90 + ["b"] * 8 + ["only"] + ["once"]
    (one,) = measure(*sides({"c": training}, {"c": ["a"] * 45 + ["z1", "z2", "z1", "z3", "z4"]}), NEW)
    assert one.effect.tolist() == [0.1]
    assert one.p_value(0) == (pytest.approx(hypergeometric_upper(5, 150, 8, 50), rel=1e-12), "hypergeometric")
    assert one.p_upper(0) >= one.p_decision(0)


def test_no_new_category_has_p_one(sides):
    """Nothing new, no evidence, and the bound does not claim any."""
    (one,) = measure(*sides({"c": ["a", "b"] * 50}, {"c": ["a"] * 40}), NEW)
    assert (one.effect[0], one.p_decision(0), one.p_upper(0)) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize("exponent", [1.1, 1.5, 2.5])
def test_new_category_is_conservative_on_heavy_tailed_vocabularies(exponent):
    """Zipf's law keeps bringing new names for ever; that alone must not look like drift."""
    rng = np.random.default_rng(12)
    p = []
    for _ in range(3_000):
        names = rng.zipf(exponent, 600)
        known, counts = np.unique(names[:500], return_counts=True)
        seen = int((~np.isin(names[500:], known)).sum())
        p.append(hypergeometric_upper(seen, 600, seen + int((counts == 1).sum()) + 1, 100) if seen else 1.0)
    assert (np.array(p) <= 0.01).mean() <= 0.015
    assert (np.array(p) <= 0.001).mean() <= 0.003
