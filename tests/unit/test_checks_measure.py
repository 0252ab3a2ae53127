"""All checks together: which are run, on which features, and what is left out."""

import math
from importlib import import_module

import numpy as np
import pytest

from stream.checks import measure, untested
from stream.findings import Finding
from stream.policy import CHECKS, CUSUM, Policy


@pytest.fixture
def mixed(sides):
    rng = np.random.default_rng(3)
    training = {"x": rng.normal(size=400), "c": rng.choice(["a", "b", "c"], 400), "y": rng.poisson(4.0, 400)}
    window = {"x": rng.normal(1.0, 2.0, 200), "c": rng.choice(["a", "b", "z"], 200), "y": rng.poisson(4.0, 200)}
    return sides(training, window)


def test_checks_come_in_the_order_of_the_policy(mixed):
    """One result per check, none that was not asked for; the check over many panes is not one of a window."""
    assert (*(one.check for one in measure(*mixed, Policy())), CUSUM) == CHECKS
    assert [one.check for one in measure(*mixed, Policy(checks=("missing", "ks")))] == ["missing", "ks"]


def test_every_check_takes_the_features_of_its_kind(mixed):
    """Numbers for ks, mean, std and range; categories for chi2, frequency and new_category; both for missing."""
    fits = {one.check: one.features for one in measure(*mixed, Policy())}
    assert {fits[check] for check in ("ks", "mean", "std", "range")} == {("x", "y")}
    assert {fits[check] for check in ("chi2", "frequency", "new_category")} == {("c",)}
    assert fits["missing"] == ("x", "c", "y")


def test_arrays_are_of_one_length_and_probabilities_are_probabilities(mixed):
    """Whatever the check: finite numbers, p in [0, 1], reported <= decisive <= bound."""
    for one in measure(*mixed, Policy()):
        arrays = (one.index, one.statistic, one.effect, one.n, one.n_reference)
        assert {len(array) for array in arrays} == {len(one)}
        assert np.isfinite(one.statistic).all()
        for i in range(len(one)):
            reported, method = one.p_value(i)
            assert 0.0 <= reported <= one.p_decision(i) <= one.p_upper(i) <= 1.0
            assert method


def test_a_probability_is_computed_once(mixed, monkeypatch):
    """The decision and the finding ask for the same one."""
    module = import_module("stream.checks.ks")
    calls = []
    real = module.ks_p_value
    monkeypatch.setattr(module, "ks_p_value", lambda *a: calls.append(1) or real(*a))
    (one,) = measure(*mixed, Policy(checks=("ks",)))
    assert calls == []
    assert one.p_value(0) == one.p_value(0)
    assert one.p_decision(0) == one.p_value(0)[0]
    assert calls == [1]


def test_untested_names_the_features_with_too_few_values(sides):
    """Rows without a value do not make a window large enough."""
    window = {"x": [1.0] * 9 + [math.nan] * 9, "c": ["a"] * 12 + [None] * 6, "y": [1.0] * 18}
    pair = sides({"x": [1.0, 2.0], "c": ["a", "b"], "y": [1.0, 2.0]}, window)
    assert untested(*pair, Policy(min_samples=10)) == frozenset({"x"})
    assert untested(*pair, Policy(min_samples=13)) == frozenset({"x", "c"})
    assert untested(*pair, Policy(min_samples=1)) == frozenset()


def test_an_empty_window_measures_nothing(sides):
    """No row, no test, no division by zero, even where no number of samples is asked for."""
    pair = sides({"x": [1.0, 2.0], "c": ["a", "b"]}, {"x": [], "c": []})
    assert not any(len(one) for one in measure(*pair, Policy(min_samples=0)))


def test_a_feature_that_training_never_had_is_not_tested(sides):
    """All missing in training: only the share of missing values can be compared."""
    pair = sides({"x": [math.nan] * 5, "y": [1.0, 2.0]}, {"x": [1.0] * 20, "y": [1.0] * 20})
    assert {one.check for one in measure(*pair, Policy(min_samples=1)) if "x" in one.features} == {"missing"}
    assert untested(*pair, Policy(min_samples=1)) == frozenset({"x"})


def test_a_finding_is_told_by_the_names_of_the_contract():
    """What a drift event says of a check, and what a line of findings adds."""
    finding = Finding("x", "numeric", "ks", "baseline", 0.3, 0.3, 0.1, 1e-9, "exact", 1e-7, 200, 400, 0.001, True)
    told = finding.check_dict()
    names = "check comparator statistic p_value p_method p_adjusted effect threshold design_effect drift"
    assert list(told) == names.split()
    assert told["p_adjusted"] == 1e-7
    assert finding.to_dict() == told | {"feature": "x", "kind": "numeric", "n": 200, "n_reference": 400, "bound": 0.001}
