"""Values that training never saw: beyond its extremes, or of a new category."""

import numpy as np
import pytest
from scipy import stats

from stream.checks import measure
from stream.policy import Policy
from stream.sample import Sample
from stream.tails import clusters_upper, exceedance_upper

RANGE, NEW = Policy(checks=("range",), min_samples=1), Policy(checks=("new_category",), min_samples=1)
VOCABULARIES = {
    "Zipf 1.3": np.arange(1.0, 3_001.0) ** -1.3,
    "Zipf 2.5": np.arange(1.0, 3_001.0) ** -2.5,
    "250 even": np.ones(250),
    "30 even": np.ones(30),
    "5 categories": np.array([60.0, 25.0, 10.0, 4.0, 1.0]),
}


def test_range_is_the_share_beyond_both_extremes(sides):
    """The extremes themselves are inside; everything between kept values is too."""
    (one,) = measure(*sides({"x": [1.0, 2.0, 5.0]}, {"x": [0.9, 1.0, 3.3, 5.0, 5.1, 9.0]}), RANGE)
    assert one.statistic.tolist() == one.effect.tolist() == [0.5]
    assert one.p_value(0) == (exceedance_upper(3, 6, 3), "exceedance")


@pytest.mark.parametrize("outside", [[5.1, 9.0], [0.1, 0.2]])
def test_beyond_one_end_alone_is_further_out(sides, outside):
    """Either end."""
    (one,) = measure(*sides({"x": [1.0, 2.0, 5.0]}, {"x": [1.0, 3.3, *outside]}), RANGE)
    assert one.p_value(0) == (exceedance_upper(2, 4, 3, one_end=True), "exceedance")


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
    below, above = (window < low).sum(axis=1), (window > high).sum(axis=1)
    tails = np.array([[exceedance_upper(j, 100, 200, one_end=end) for j in range(101)] for end in (False, True)])
    p = tails[((below == 0) | (above == 0)).astype(int), below + above]
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


def test_new_category_is_held_against_what_either_side_might_have_found_new(sides):
    """New values and names that stand alone in both together; "twice" and "b", of several, are new only as a whole."""
    training = ["a"] * 88 + ["b"] * 8 + ["only", "once", "twice", "twice"]
    (one,) = measure(*sides({"c": training}, {"c": ["a"] * 44 + ["once"] + ["z1", "z2", "z1", "z3", "z4"]}), NEW)
    assert one.effect.tolist() == [0.1]
    expected = clusters_upper(5, 150, 6, np.array([2, 2, 8, 132]), 50)
    assert one.p_value(0) == (pytest.approx(expected, rel=1e-12), "permutation")
    assert one.p_upper(0) >= one.p_decision(0)


def test_no_new_category_has_p_one(sides):
    """Nothing new, no evidence, and the bound does not claim any."""
    (one,) = measure(*sides({"c": ["a", "b"] * 50}, {"c": ["a"] * 40}), NEW)
    assert (one.effect[0], one.p_decision(0), one.p_upper(0)) == (0.0, 1.0, 1.0)


def test_a_single_new_name_is_as_improbable_as_fishers_test_says(sides):
    """Where training has no rare names, nothing else could have been new."""
    training, window = ["a"] * 120 + ["b"] * 80, ["a"] * 55 + ["b"] * 40 + ["z"] * 5
    (one,) = measure(*sides({"c": training}, {"c": window}), NEW)
    exact = stats.fisher_exact([[5, 95], [0, 200]], alternative="greater").pvalue
    assert one.p_value(0)[0] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("shares", ["Zipf 1.3", "Zipf 2.5", "250 even", "30 even", "5 categories"])
@pytest.mark.parametrize("n", [100, 2_000])
def test_new_category_holds_its_level_on_any_vocabulary(shares, n):
    """Long tails that go on bringing names, and even ones of which training missed some by chance: 1 % and 0.1 %."""
    weights = VOCABULARIES[shares] / VOCABULARIES[shares].sum()
    rng, p = np.random.default_rng(12), []
    for _ in range(1_000):
        reference, window = rng.multinomial(1_000, weights), rng.multinomial(n, weights)
        known, together = reference > 0, reference + window
        seen, alone = int(window[~known].sum()), int((together[known] == 1).sum())
        clusters = together[known & (together > 1)]
        p.append(clusters_upper(seen, 1_000 + n, seen + alone, clusters, n) if seen else 1.0)
    assert (np.array(p) <= 0.01).mean() <= 0.017
    assert (np.array(p) <= 0.001).mean() <= 0.004
