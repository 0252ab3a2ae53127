"""Chi-squared over categories against scipy, pooling stated."""

import math

import numpy as np
import pytest
from scipy import special, stats

from stream.checks import measure
from stream.checks.chi2 import likelihood_ratio, p_calibrated, pearson, pool
from stream.policy import Policy

POLICY = Policy(checks=("chi2",), min_samples=1)


def by_hand(training, window):
    """Pool raw values as documented, into a table for scipy."""
    names = sorted(set(training))
    columns = [[training.count(name), window.count(name)] for name in names]
    share = min(len(training), len(window)) / (len(training) + len(window))
    kept = [column for column in columns if sum(column) * share >= 5]
    unseen = [0, sum(value not in names for value in window)]
    rare = [sum(side) for side in zip(*[c for c in columns if sum(c) * share < 5], unseen, strict=True)]
    if 0 < sum(rare) * share < 5 and kept:
        smallest = min(kept, key=sum)
        kept.remove(smallest)
        rare = [a + b for a, b in zip(rare, smallest, strict=True)]
    return np.array(kept + ([rare] if sum(rare) else [])).T


@pytest.mark.parametrize("seed", range(6))
def test_statistic_and_p_equal_scipys_with_the_same_pooling(sides, seed):
    """Statistic to 1e-12, reported p to 1e-9 relative, unseen categories included."""
    rng = np.random.default_rng(seed)
    weights = 0.6 ** np.arange(9) / (0.6 ** np.arange(9)).sum()
    training = [f"c{k}" for k in rng.choice(9, 400, p=weights)]
    window = [f"c{k}" for k in rng.choice(9, 150, p=weights[::-1] * 0.2 + weights * 0.8)] + ["new"] * int(seed)
    (one,) = measure(*sides({"c": training}, {"c": window}), POLICY)
    oracle = stats.chi2_contingency(by_hand(training, window), correction=False)
    assert one.statistic[0] == pytest.approx(oracle.statistic, rel=1e-12)
    p, method = one.p_value(0)
    assert p == pytest.approx(oracle.pvalue, rel=1e-9)
    assert method == "pearson"
    assert one.p_decision(0) >= p


def test_what_may_open_drift_is_the_larger_p(sides):
    """A cell with an expected count of 5 that holds 17: Pearson's p is too small by far, and does not decide."""
    training, window = ["a"] * 900 + ["b"] * 50 + ["c"] * 50, ["a"] * 78 + ["b"] * 17 + ["c"] * 5
    (one,) = measure(*sides({"c": training}, {"c": window}), POLICY)
    assert one.p_decision(0) == p_calibrated(pool(np.array([900, 50, 50, 0]), np.array([78, 17, 5, 0])))
    assert one.p_decision(0) > 5 * one.p_value(0)[0]


def test_effect_is_the_share_of_traffic_that_changed_category(sides):
    """Total variation over all categories, rare and unseen ones unpooled."""
    training, window = ["a"] * 60 + ["b"] * 39 + ["c"], ["a"] * 80 + ["b"] * 18 + ["z"] * 2
    (one,) = measure(*sides({"c": training}, {"c": window}), POLICY)
    assert one.effect[0] == pytest.approx(0.22)


def test_rare_categories_become_one_cell_and_empty_ones_none():
    """Expected counts below 5 on the smaller side are pooled, at the end; nothing is lost."""
    table = pool(np.array([500, 300, 30, 30, 0, 0]), np.array([50, 30, 2, 3, 0, 0]))
    assert table.tolist() == [[500, 300, 60], [50, 30, 5]]


def test_a_rare_cell_that_stays_rare_takes_the_smallest_category_in():
    """One stray value must not make a cell with an expected count near 0."""
    table = pool(np.array([500, 300, 1, 0]), np.array([50, 30, 0, 1]))
    assert table.tolist() == [[500, 301], [50, 31]]


def test_a_feature_of_rare_categories_only_is_one_cell_and_says_nothing(sides):
    """Free text has no chi-squared: statistic 0, p 1."""
    training, window = [f"t{i}" for i in range(200)], [f"w{i}" for i in range(200)]
    (one,) = measure(*sides({"c": training}, {"c": window}), POLICY)
    assert (one.statistic[0], one.p_value(0)[0], one.p_decision(0)) == (0.0, 1.0, 1.0)
    assert one.effect[0] == 1.0


def test_likelihood_ratio_is_scipys_over_williams_factor():
    """G by scipy's log-likelihood power divergence, the correction by its formula for a 2 x k table."""
    table = np.array([[300, 150, 50], [40, 35, 25]])
    g = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    sides, totals, size = table.sum(axis=1), table.sum(axis=0), table.sum()
    factor = 1 + ((size / sides).sum() - 1) * ((size / totals).sum() - 1) / (6 * size * 2)
    assert likelihood_ratio(table) == pytest.approx(g / factor, rel=1e-12)


def test_two_categories_decide_by_the_exact_hypergeometric_tail():
    """A single share needs no approximation."""
    table = np.array([[950, 50], [90, 15]])
    square = (
        stats.fisher_exact(table, alternative="less").pvalue,
        stats.fisher_exact(table, alternative="greater").pvalue,
    )
    assert p_calibrated(table) == pytest.approx(2 * min(square), rel=1e-9)


@pytest.mark.parametrize("exponent", [1.3, 2.0])
def test_a_long_tailed_vocabulary_is_no_drift(exponent):
    """Zipf's law keeps bringing names that training did not have; the decisive p holds its level all the same."""
    rng = np.random.default_rng(6)
    p = []
    for _ in range(2_000):
        names = rng.zipf(exponent, 800)
        known, counts = np.unique(names[:600], return_counts=True)
        places = np.searchsorted(known, names[600:])
        seen = known[np.minimum(places, len(known) - 1)] == names[600:]
        window = np.bincount(places[seen], minlength=len(known) + 1)
        window[-1] += int((~seen).sum())
        table = pool(np.append(counts, 0), window)
        p.append(max(stats.chi2.sf(pearson(table), table.shape[1] - 1), p_calibrated(table)))
    assert (np.array(p) <= 0.05).mean() <= 0.065
    assert (np.array(p) <= 0.005).mean() <= 0.01


@pytest.mark.parametrize(("totals", "drawn"), [((990, 55, 55), 100), ((495, 550, 55), 100), ((600, 60, 60), 240)])
def test_decisive_p_holds_its_level_exactly_where_pearsons_does_not(totals, drawn):
    """Every table with these margins, weighed by its exact probability: 1.2 times the stated level at most."""
    size = sum(totals)
    others = size - drawn
    rejected = dict.fromkeys((1e-5, 1e-6), 0.0)
    pearsons = 0.0
    for second in range(min(totals[1], drawn) + 1):
        for third in range(min(totals[2], drawn - second) + 1):
            window = np.array([drawn - second - third, second, third])
            statistic = pearson(np.stack([np.array(totals) - window, window]))
            if statistic < 20.0:
                continue
            logs = special.gammaln(np.array(totals) + 1.0) - special.gammaln(window + 1.0)
            logs -= special.gammaln(np.array(totals) - window + 1.0)
            log_all = special.gammaln(size + 1.0) - special.gammaln(drawn + 1.0) - special.gammaln(others + 1.0)
            probability = math.exp(logs.sum() - log_all)
            p = stats.chi2.sf(statistic, 2) if statistic < 60 else special.chdtrc(2, statistic)
            pearsons += probability * (p <= 1e-5)
            decisive = max(p, p_calibrated(np.stack([np.array(totals) - window, window])))
            for level in rejected:
                rejected[level] += probability * (decisive <= level)
    assert all(share <= 1.2 * level for level, share in rejected.items())
    assert rejected[1e-5] > 0.2 * 1e-5
    if drawn == 100:
        assert pearsons > 4 * 1e-5
