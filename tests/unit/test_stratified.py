"""The stratified test of a mark: exact convolution and textbook formulas as oracles."""

import math

import numpy as np
import pytest
from scipy import stats

from stream.stratified import Stratified

Tables = list[tuple[int, int, int, int]]

# Strata of (reference rows, marked among them, window rows, marked among them).
SMALL: Tables = [(40, 5, 12, 4), (25, 10, 30, 16), (60, 3, 9, 2)]
LOPSIDED: Tables = [(5000, 40, 300, 12), (800, 300, 40, 22), (100, 1, 250, 6), (3000, 2700, 90, 84)]
MANY: Tables = [(200, 20 + i, 50, 8 + i) for i in range(12)]


def stratified(tables: Tables) -> Stratified:
    """Return the test of these tables."""
    m, a, n, b = np.array(tables, dtype=np.int64).T
    return Stratified.of((m, a), (n, b))


def exact_tail(tables: Tables) -> float:
    """Return twice the smaller exact tail: the distribution of the sum, by convolution of hypergeometric ones."""
    total = np.ones(1)
    for m, a, n, b in tables:
        total = np.convolve(total, stats.hypergeom.pmf(np.arange(n + 1), m + n, a + b, n))
    seen = sum(b for *_, b in tables)
    return min(1.0, 2.0 * min(float(total[seen:].sum()), float(total[: seen + 1].sum())))


@pytest.mark.parametrize("tables", [SMALL, LOPSIDED, MANY])
def test_p_is_the_exact_conditional_tail(tables: Tables) -> None:
    """The saddlepoint agrees with the convolution of the strata's hypergeometric distributions."""
    assert stratified(tables).p_two_sided() == pytest.approx(exact_tail(tables), rel=0.1)


@pytest.mark.parametrize("more", [2, 6, 12, 20])
@pytest.mark.parametrize("sign", [1, -1])
def test_far_tails_keep_their_relative_accuracy(more: int, sign: int) -> None:
    """Down to the smallest levels at which a monitor decides, and beyond, on both sides."""
    tables = [(2000, 400, 200, 40 + sign * more), (500, 100, 150, 30 + sign * more), (900, 90, 300, 30 + sign * more)]
    exact = exact_tail(tables)
    assert stratified(tables).p_two_sided() == pytest.approx(exact, rel=0.05)


def test_z_squared_is_the_textbook_statistic() -> None:
    """Mantel and Haenszel's chi-squared without the correction for continuity."""
    m, a, n, b = np.array(LOPSIDED, dtype=float).T
    total, marked = m + n, a + b
    variance = n * m * marked * (total - marked) / (total**2 * (total - 1))
    chi2 = (b - n * marked / total).sum() ** 2 / variance.sum()
    assert stratified(LOPSIDED).z ** 2 == pytest.approx(chi2)


def test_one_stratum_is_fishers_exact_test_with_the_tail_doubled() -> None:
    """With a single table nothing is left to add up."""
    m, a, n, b = 300, 30, 80, 20
    exact = 2 * stats.hypergeom.sf(b - 1, m + n, a + b, n)
    assert stratified([(m, a, n, b)]).p_two_sided() == pytest.approx(exact, rel=0.1)


def test_a_change_of_mix_alone_is_no_change() -> None:
    """The share of marked rows triples, because rows moved between strata; within each it stayed."""
    tables = [(9000, 90, 1000, 10), (1000, 300, 9000, 2700)]
    assert stratified(tables).p_two_sided() == 1.0
    assert stratified(tables).excess == pytest.approx(0.0)


@pytest.mark.parametrize("tables", [[(0, 0, 10, 3)], [(10, 3, 0, 0)], [(10, 0, 10, 0)], [(10, 10, 5, 5)]])
def test_strata_that_cannot_differ_say_nothing(tables: Tables) -> None:
    """A stratum with one side empty, or with all rows marked or none, has no part in it."""
    assert stratified(tables).p_two_sided() == 1.0


def test_the_most_extreme_table_has_a_tail_all_the_same() -> None:
    """Where all marked rows are the window's, p is no larger than a few times the exact one, and not zero."""
    tables = [(100, 0, 100, 30), (50, 0, 50, 12)]
    exact = exact_tail(tables)
    assert exact <= stratified(tables).p_two_sided() * 1.05
    assert stratified(tables).p_two_sided() < 50 * exact


def test_p_is_calibrated_far_out_in_a_null_simulation() -> None:
    """Of 20,000 null draws with rare marks, hardly more than the level's share lies below each small level."""
    rng = np.random.default_rng(5)
    m, n, marked = np.array([400, 2000, 150]), np.array([60, 100, 40]), np.array([20, 15, 60])
    p_values = []
    for _ in range(20_000):
        seen = rng.hypergeometric(marked, m + n - marked, n)
        p_values.append(Stratified.of((m, marked - seen), (n, seen)).p_two_sided())
    for level in (0.05, 0.01, 1e-3):
        rejected = sum(p <= level for p in p_values)
        assert rejected <= 20_000 * level + 4 * math.sqrt(20_000 * level)
