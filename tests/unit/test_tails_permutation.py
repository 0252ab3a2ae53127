"""Rank tests: equal to scipy's in z, to exact enumeration in the tail."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from stream.permutation import location, scale


def cells_of(reference, window):
    values = np.unique(np.concatenate([reference, window]))
    sides = (np.bincount(np.searchsorted(values, side), minlength=len(values)) for side in (reference, window))
    return tuple(sides)


def pools():
    rng = np.random.default_rng(5)
    yield "normal", rng.normal(size=300), rng.normal(0.2, 1.3, 120)
    yield "tied", rng.poisson(1.0, 300).astype(float), rng.poisson(1.3, 120).astype(float)
    yield "zero-inflated", rng.binomial(1, 0.05, 300) * rng.random(300), rng.binomial(1, 0.09, 120) * rng.random(120)


@pytest.mark.parametrize(("name", "reference", "window"), list(pools()))
def test_location_z_equals_tie_corrected_mann_whitney(name, reference, window):
    """Without its correction for continuity, scipy's asymptotic p is the normal tail at this z."""
    oracle = stats.mannwhitneyu(window, reference, method="asymptotic", use_continuity=False)
    assert 2 * stats.norm.sf(abs(location(*cells_of(reference, window)).z)) == pytest.approx(oracle.pvalue, rel=1e-9)


@pytest.mark.parametrize(("name", "reference", "window"), list(pools()))
def test_scale_z_equals_moods_test(name, reference, window):
    """The averaged scores are those of scipy.stats.mood, with ties and without."""
    assert scale(*cells_of(reference, window)).z == pytest.approx(stats.mood(window, reference).statistic, rel=1e-9)


@pytest.mark.parametrize("test", [location, scale])
@pytest.mark.parametrize(
    ("population", "marked", "drawn"), [(1_100, 55, 100), (10_100, 505, 100), (3_000, 150, 2_000), (600, 240, 100)]
)
def test_tail_of_two_valued_data_is_the_hypergeometric_one(test, population, marked, drawn):
    """Where all values are one of two, the exact tail is known: undercut by 1 % at most, never doubled."""
    mean = drawn * marked / population
    tested = 0
    for seen in range(min(marked, drawn)):
        inside = np.array([population - marked - drawn + seen, marked - seen]), np.array([drawn - seen, seen])
        exact = 2 * (
            stats.hypergeom.sf(seen - 1, population, marked, drawn)
            if seen > mean
            else stats.hypergeom.cdf(seen, population, marked, drawn)
        )
        if 1e-12 < exact < 0.1:
            assert 0.99 < test(*inside).p_two_sided() / exact < 2.0, (seen, exact)
            tested += 1
    assert tested > 10


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_tail_of_three_valued_data_is_the_exact_one(share):
    """A heavy middle with two rare sides: symmetric, yet with tails far above the normal ones."""
    sizes = np.array([int(1_000 * share / 2), 0, int(1_000 * share / 2)])
    sizes[1] = 1_000 - sizes.sum()
    drawn = 60
    exact: dict[int, float] = {}
    everything = math.comb(1_000, drawn)
    for low, high in itertools.product(range(min(sizes[0], drawn) + 1), repeat=2):
        if low + high <= drawn:
            ways = math.comb(sizes[0], low) * math.comb(sizes[2], high) * math.comb(sizes[1], drawn - low - high)
            exact[high - low] = exact.get(high - low, 0.0) + ways / everything
    tested = 0
    for difference in range(1, drawn):
        tail = 2 * sum(p for d, p in exact.items() if d >= difference)
        if 1e-12 < tail < 0.1:
            window = np.array([0, drawn - difference, difference])
            assert 0.97 < location(sizes - window, window).p_two_sided() / tail < 2.5, difference
            tested += 1
    assert tested > 3


def test_untied_tail_is_close_to_the_exact_mann_whitney():
    """For untied samples scipy enumerates the exact distribution; ours agrees within 5 % down to 1e-9."""
    for shift in range(0, 30, 3):
        reference, window = np.arange(60.0), np.arange(40.0) + shift + 0.5
        exact = stats.mannwhitneyu(window, reference, method="exact").pvalue
        if 1e-9 < exact < 0.5:
            assert location(*cells_of(reference, window)).p_two_sided() == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("test", [location, scale])
def test_bound_is_never_below_the_p_value(test):
    """The closed form is what decides first, so it must not open what the p-value would not."""
    rng = np.random.default_rng(11)
    for shift in np.linspace(0.0, 3.0, 13):
        for width in (1.0, 3.0):
            rank = test(*cells_of(rng.standard_t(2, 400), rng.standard_t(2, 150) * width + shift))
            assert rank.p_bound() >= rank.p_two_sided()


def test_values_that_are_all_equal_give_p_one():
    """No spread, no evidence; and no division by zero."""
    for test in (location, scale):
        rank = test(np.array([0, 10, 0]), np.array([0, 5, 0]))
        assert (rank.z, rank.p_two_sided(), rank.p_bound()) == (0.0, 1.0, 1.0)


def test_samples_that_do_not_overlap_give_a_valid_bound_without_a_warning():
    """The saddlepoint is at infinity there: what is returned is no smaller than the exact probability, and no NaN."""
    nothing, ten, hundred = np.zeros(10, dtype=int), np.ones(10, dtype=int), np.ones(100, dtype=int)
    rank = location(np.concatenate([hundred, nothing]), np.concatenate([0 * hundred, ten]))
    exact = 2 / math.comb(110, 10)
    assert exact <= rank.p_two_sided() < 1e3 * exact


def test_sides_may_be_exchanged():
    """Which side is called the window changes the sign of z and nothing else."""
    rng = np.random.default_rng(3)
    a, b = cells_of(rng.poisson(2.0, 500), rng.poisson(2.6, 90))
    for test in (location, scale):
        assert test(a, b).z == pytest.approx(-test(b, a).z, rel=1e-9)
        assert test(a, b).p_two_sided() == pytest.approx(test(b, a).p_two_sided(), rel=1e-6)
