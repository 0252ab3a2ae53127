"""Shares: the category that moved most, and rows without a usable value."""

import math

import numpy as np
import pytest
from scipy import stats

from stream.checks import measure
from stream.policy import Policy


def fisher(seen, n, seen_reference, m):
    """Twice the smaller one-sided exact p."""
    square = [[seen, n - seen], [seen_reference, m - seen_reference]]
    return min(1.0, 2 * min(stats.fisher_exact(square, alternative=side).pvalue for side in ("less", "greater")))


def test_frequency_speaks_of_the_category_that_moved_most(sides):
    """Signed difference of shares; the p-value pays for having looked at all categories."""
    training, window = ["web"] * 60 + ["app"] * 30 + ["tv"] * 10, ["web"] * 40 + ["app"] * 45 + ["tv"] * 15
    (one,) = measure(*sides({"c": training}, {"c": window}), Policy(checks=("frequency",), min_samples=1))
    assert one.statistic[0] == pytest.approx(-0.2)
    assert one.effect[0] == pytest.approx(0.2)
    assert one.p_value(0) == (pytest.approx(3 * fisher(40, 100, 60, 100), rel=1e-9), "hypergeometric")
    assert one.p_upper(0) >= one.p_decision(0) == one.p_value(0)[0]


def test_frequency_counts_unseen_categories_as_traffic_but_not_as_a_category(sides):
    """They are the business of new_category; here they only thin the others out."""
    (one,) = measure(
        *sides({"c": ["a"] * 50}, {"c": ["a"] * 10 + ["z"] * 40}), Policy(checks=("frequency",), min_samples=1)
    )
    assert one.statistic[0] == pytest.approx(-0.8)


def test_missing_counts_every_unusable_value_of_both_kinds(sides):
    """Missing, NaN and infinite are shares of rows; features stay in the order of the baseline."""
    training = {"c": ["a"] * 95 + [None] * 5, "x": [1.0, 2.0] * 50}
    window = {"c": ["a"] * 40 + [None] * 10, "x": [1.0] * 40 + [math.nan] * 6 + [math.inf] * 4}
    (one,) = measure(*sides(training, window), Policy(checks=("missing",), min_samples=1))
    assert one.features == ("c", "x")
    assert one.statistic.tolist() == pytest.approx([0.15, 0.2])
    assert one.effect.tolist() == pytest.approx([0.15, 0.2])
    assert one.p_value(0)[0] == pytest.approx(fisher(10, 50, 5, 100), rel=1e-9)
    assert one.p_value(1)[0] == pytest.approx(fisher(10, 50, 0, 100), rel=1e-9)
    assert one.p_upper(1) >= one.p_decision(1)


def test_fewer_missing_values_than_in_training_is_a_change_too(sides):
    """The sign says which way; the effect is the size."""
    (one,) = measure(*sides({"x": [1.0, math.nan] * 50}, {"x": [1.0] * 80}), Policy(checks=("missing",), min_samples=1))
    assert one.statistic[0] == pytest.approx(-0.5)
    assert one.effect[0] == pytest.approx(0.5)
    assert one.p_value(0)[0] < 1e-9


def test_missing_needs_rows_not_values(sides):
    """A feature that went missing altogether is tested for that, and for nothing else."""
    policy = Policy(min_samples=50)
    measured = measure(*sides({"x": np.arange(100.0)}, {"x": [math.nan] * 60}), policy)
    assert [one.check for one in measured if len(one)] == ["missing"]
    assert not any(len(one) for one in measure(*sides({"x": np.arange(100.0)}, {"x": [1.0] * 49}), policy))
