"""Exact tails of counts and the bounds on them."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from stream.tails import (
    clusters_bound,
    clusters_upper,
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


@pytest.mark.parametrize(("n", "total"), [(4, 9), (6, 9), (5, 10)])
def test_values_beyond_one_end_alone_are_further_out_than_as_many_at_both(n, total):
    """Every placing counted: those with more beyond, and those with as many at one end."""
    split = []
    for window in itertools.combinations(range(total), n):
        reference = sorted(set(range(total)) - set(window))
        split.append((sum(r > reference[-1] for r in window), sum(r < reference[0] for r in window)))
    for j in range(1, n + 1):
        exact = sum(sum(at) > j or (sum(at) == j and 0 in at) for at in split) / len(split)
        assert exceedance_upper(j, n, total - n, one_end=True) == pytest.approx(exact, rel=1e-12), j
        assert exceedance_upper(j, n, total - n, one_end=True) <= exceedance_upper(j, n, total - n)


@pytest.mark.parametrize(
    ("population", "singles", "clusters", "drawn"),
    [(12, 3, [2, 2, 3], 5), (13, 1, [2, 3, 4], 7), (12, 4, [2], 4), (10, 0, [2, 2, 5], 6), (9, 3, [], 4)],
)
def test_names_wholly_in_the_window_hold_their_level_against_every_window(population, singles, clusters, drawn):
    """All windows counted: in the tail the bound is above the exact probability, and equal where names stand alone."""
    sizes = [1] * singles + clusters
    ends = list(itertools.accumulate(sizes))
    names = [set(range(end - size, end)) for end, size in zip(ends, sizes, strict=True)]
    windows = [set(window) for window in itertools.combinations(range(population), drawn)]
    values = [sum(len(name) for name in names if name <= window) for window in windows]
    for seen in range(1, drawn + 1):
        exact = sum(found >= seen for found in values) / len(values)
        bound = clusters_upper(seen, population, singles, np.array(clusters, dtype=np.int64), drawn)
        assert bound >= exact * (1 - 1e-9) or exact > 0.25, seen
        if not clusters and seen > singles * drawn / population:
            assert bound == pytest.approx(exact, rel=1e-9)


def test_a_name_of_its_own_is_tested_as_fisher_does():
    """One new name of many values, beside names too frequent to be missed; one-sided."""
    common = np.array([800, 500, 400, 200, 100, 492])
    for seen in (3, 8, 20):
        exact = stats.fisher_exact([[seen, 500 - seen], [0, 2_000]], alternative="greater").pvalue
        assert clusters_upper(seen, 2_500, seen, common, 500) == pytest.approx(exact, rel=1e-6)


def test_the_bound_on_names_is_never_below_their_tail():
    """The bound on values that stand alone plus that on any name of several; however many names there are."""
    rng = np.random.default_rng(6)
    for _ in range(50):
        clusters = rng.integers(2, 9, int(rng.integers(0, 40)))
        singles, drawn = int(rng.integers(1, 30)), int(rng.integers(20, 300))
        population = int(clusters.sum()) + singles + drawn + 100
        for seen in (2, 5, 12):
            upper = hypergeometric_bound(seen, population, singles, drawn) + clusters_bound(population, clusters, drawn)
            tail = clusters_upper(seen, population, singles, clusters, drawn)
            assert seen * population <= singles * drawn or upper >= tail * (1 - 1e-9)


def test_many_thousand_new_values_are_affordable():
    """A window far larger than training, most of it new."""
    clusters = np.random.default_rng(1).integers(2, 3_000, 500)
    assert clusters_upper(5_000, 1_000_000, 6_000, clusters, 900_000) > 0.5
    assert clusters_upper(6_000, 1_000_000, 6_000, clusters[:5], 100_000) < 1e-300


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
