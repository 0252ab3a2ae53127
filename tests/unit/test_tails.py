"""Exact tails of counts and the bounds on them."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from stream.tails import (
    exceedance_upper,
    hypergeometric_bound,
    hypergeometric_two_sided,
    hypergeometric_upper,
    ks_bound,
)

TABLES = [(3, 40, 10, 12), (0, 40, 10, 12), (10, 40, 10, 12), (25, 1_100, 55, 100), (180, 12_000, 600, 2_000)]


@pytest.mark.parametrize("table", TABLES)
def test_upper_tail_equals_the_sum_of_probabilities(table):
    """P(X >= x) is the sum over x, x + 1, ..., of binomial coefficients in exact integers."""
    seen, population, marked, drawn = table
    ways = sum(math.comb(marked, k) * math.comb(population - marked, drawn - k) for k in range(seen, marked + 1))
    exact = ways / math.comb(population, drawn)
    assert hypergeometric_upper(seen, population, marked, drawn) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("table", TABLES)
def test_two_sided_tail_is_at_least_half_of_fishers_and_at_least_its_smaller_side(table):
    """Doubling the smaller tail is Fisher's one-sided exact test, twice."""
    seen, population, marked, drawn = table
    square = [[seen, drawn - seen], [marked - seen, population - marked - drawn + seen]]
    sides = [stats.fisher_exact(square, alternative=side).pvalue for side in ("less", "greater")]
    assert hypergeometric_two_sided(*table) == pytest.approx(min(1.0, 2 * min(sides)), rel=1e-9)


def test_bound_on_two_sided_tail_is_never_below_it():
    """Over every table of a small population and a grid of larger ones."""
    small = [
        (x, 12, k, n)
        for k, n in itertools.product(range(13), repeat=2)
        for x in range(max(0, k + n - 12), min(k, n) + 1)
    ]
    large = [(x, 3_000, 150, 400) for x in range(0, 150, 5)]
    for table in small + large:
        assert hypergeometric_bound(*table) >= hypergeometric_two_sided(*table) * (1 - 1e-9), table


def test_exceedance_tail_equals_enumeration_of_all_orders():
    """With 4 of a window among 9, every placing of the window's ranks is counted."""
    n, total = 4, 9
    outside = []
    for window in itertools.combinations(range(total), n):
        reference = sorted(set(range(total)) - set(window))
        outside.append(sum(rank < reference[0] or rank > reference[-1] for rank in window))
    for j in range(n + 2):
        exact = sum(o >= j for o in outside) / len(outside)
        assert exceedance_upper(j, n, total - n) == pytest.approx(exact, rel=1e-12), j


def test_exceedance_tail_of_very_many_is_zero_without_a_warning():
    """Far beyond the smallest float the answer is 0.0, and it comes at once."""
    assert exceedance_upper(1_000_000, 2_000_000, 1_000_000) == 0.0
    assert exceedance_upper(5, 4, 10) == 0.0


@pytest.mark.parametrize(("n", "m"), [(100, 100), (100, 1_000), (2_000, 300), (5, 9_000)])
def test_ks_bound_is_never_below_the_exact_p(n, m):
    """Both parts of the bound hold for every D and every pair of sizes, also with the fewest points there can be."""
    reference = np.arange(m, dtype=float)
    for shift in np.linspace(0.0, m, 12):
        exact = stats.ks_2samp(np.linspace(0.25, m + 0.25, n) + shift, reference, method="exact")
        assert ks_bound(exact.statistic, n, m, 2) >= exact.pvalue * (1 - 1e-9)


def test_ks_bound_says_something_about_large_distances():
    """A bound that is always 1 would hold as well."""
    assert ks_bound(0.2, 1_000, 10_000, 2_000) < 1e-20
