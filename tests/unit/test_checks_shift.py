"""Shifts of mean and standard deviation: effects in their units, p-values of rank tests."""

import numpy as np
import pytest
from scipy import stats

from stream.checks import measure
from stream.policy import Policy

POLICY = Policy(checks=("mean", "std"), min_samples=1)


def test_mean_is_told_in_units_and_judged_in_standard_deviations(sides):
    """The statistic is window less reference; the effect its size over the reference's standard deviation."""
    rng = np.random.default_rng(1)
    training, window = rng.normal(40.0, 10.0, 800), rng.normal(35.0, 10.0, 300)
    mean, _ = measure(*sides({"age": training}, {"age": window}), POLICY)
    difference = window.mean() - training.mean()
    assert mean.statistic[0] == pytest.approx(difference, abs=1e-3)
    assert mean.effect[0] == pytest.approx(abs(difference) / training.std(ddof=1), abs=1e-3)


def test_mean_is_judged_in_units_where_the_policy_says_so(sides):
    """A floor in the feature's own unit changes this feature's effect and no other's."""
    training, window = np.arange(100.0), np.arange(100.0) + 7.0
    policy = Policy(checks=("mean",), min_samples=1, feature_thresholds={"b": {"mean_abs": 5.0}, "a": {"ks": 0.2}})
    (mean,) = measure(*sides({"a": training, "b": training}, {"a": window, "b": window}), policy)
    assert mean.effect[0] == pytest.approx(7.0 / training.std(ddof=1), rel=1e-4)
    assert mean.effect[1] == pytest.approx(7.0, rel=1e-4)


def test_std_is_a_ratio_and_its_effect_the_distance_from_one(sides):
    """Half the spread is an effect of 0.5."""
    training = np.arange(-50.0, 51.0)
    _, std = measure(*sides({"x": training}, {"x": training / 2}), POLICY)
    assert std.statistic[0] == pytest.approx(0.5, rel=1e-4)
    assert std.effect[0] == pytest.approx(0.5, rel=1e-4)


def test_p_values_agree_with_scipys_rank_tests_where_those_hold(sides):
    """At moderate p on untied data the asymptotic tests and the saddlepoint say nearly the same."""
    rng = np.random.default_rng(4)
    training, window = rng.normal(size=900), rng.normal(0.15, 1.05, 250)
    mean, std = measure(*sides({"x": training}, {"x": window}), POLICY)
    p, method = mean.p_value(0)
    assert method == "mann-whitney"
    assert p == pytest.approx(stats.mannwhitneyu(window, training, method="asymptotic").pvalue, rel=0.03)
    p, method = std.p_value(0)
    assert method == "mood"
    assert p == pytest.approx(stats.mood(window, training).pvalue, rel=0.2)
    for one in (mean, std):
        assert one.p_upper(0) >= one.p_decision(0) == one.p_value(0)[0]


def test_features_without_spread_are_left_out(sides):
    """A constant reference has no standard deviation to measure by, and one value none at all."""
    training = {"constant": [3.0] * 5, "single": [3.0], "fine": [1.0, 2.0, 3.0]}
    window = {name: [1.0, 2.0, 4.0] for name in training}
    for one in measure(*sides(training, window), POLICY):
        assert one.features == ("fine",)


def test_a_window_of_equal_values_is_measured(sides):
    """A constant window has a standard deviation of 0: an effect of 1."""
    _, std = measure(*sides({"x": [1.0, 2.0, 3.0]}, {"x": [2.0] * 4}), POLICY)
    assert std.effect.tolist() == [1.0]
    assert 0.0 < std.p_value(0)[0] <= 1.0


def test_features_far_from_each_other_in_scale_do_not_disturb_each_other(sides):
    """Numbers near the ends of the float range give numbers, or leave the feature out; never a warning."""
    training = {"huge": [-1e300, 0.0, 1e300], "tiny": [0.0, 5e-324, 1e-323], "plain": [0.0, 1.0, 2.0]}
    with np.errstate(over="ignore"):
        pair = sides(training, training)
    for one in measure(*pair, POLICY):
        assert "plain" in one.features
        assert np.isfinite(one.effect).all()
