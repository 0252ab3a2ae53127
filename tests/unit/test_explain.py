"""An explanation: every number that an event gives of a feature is that of the rows."""

import numpy as np
import pytest

from stream.policy import CHECKS, DEFAULT_THRESHOLDS, Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
RNG = np.random.default_rng(1)
TRAINING = {"x": RNG.normal(10, 2, 600).round(1), "c": RNG.choice(["a", "b", "c"], 600), "y": RNG.normal(0, 1, 600)}
WINDOW = {"x": RNG.normal(12, 2, 300).round(1), "c": RNG.choice(["a", "b", "z", "w"], 300), "y": RNG.normal(0, 1, 300)}
WINDOW["x"][:30], WINDOW["x"][30:36], WINDOW["x"][36:40] = np.nan, np.inf, -np.inf


def _explanation(policy=None, importance=None, columns=None):
    layout = layout_of(TRAINING, **(importance or {}))
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), policy or Policy(persist=(1, 1)))
    columns = columns or WINDOW
    rows = rows_of(layout, np.arange(len(columns["x"])), columns)
    (tick,) = feed(monitor, panes_of(layout, monitor.schedule, rows), EVERY_MS)
    return tick.explanation


@pytest.fixture(scope="module")
def explanation():
    return _explanation()


def test_both_sides_of_a_number_are_as_numpy_has_them(explanation):
    """Reference and window: size, mean, standard deviation, extremes and what was unusable."""
    told, known = explanation.feature("x", 0), WINDOW["x"][40:]
    production, reference = told["production"], told["reference"]
    assert production["n"] == 260
    assert production["mean"] == pytest.approx(known.mean(), abs=1e-4)
    assert production["std"] == pytest.approx(known.std(ddof=1), abs=1e-4)
    assert production["missing"] == pytest.approx(40 / 300)
    assert (production["positive_infinity"], production["negative_infinity"]) == (6, 4)
    assert (reference["mean"], reference["std"]) == (TRAINING["x"].mean(), TRAINING["x"].std(ddof=1))
    assert (reference["min"], reference["max"], reference["n"]) == (TRAINING["x"].min(), TRAINING["x"].max(), 600)


def test_both_sides_of_a_category_are_shares_of_its_values(explanation):
    """Most frequent first; new ones with their counts."""
    production = explanation.feature("c", 0)["production"]
    names, counts = np.unique(WINDOW["c"], return_counts=True)
    count = dict(zip(names.tolist(), counts.tolist(), strict=True))
    assert production["unseen"] == pytest.approx((count["w"] + count["z"]) / 300)
    assert production["new_categories"] == {"w": count["w"], "z": count["z"]}
    assert production["shares"]["a"] == pytest.approx(count["a"] / 300)
    assert list(production["shares"].values()) == sorted(production["shares"].values(), reverse=True)


def test_checks_that_drift_come_first(explanation):
    """Then by effect; each as its finding says."""
    checks = explanation.feature("x", 0)["checks"]
    assert {check["check"] for check in checks} == {"ks", "mean", "std", "range", "missing", "cusum"}
    assert [check["drift"] for check in checks] == sorted((check["drift"] for check in checks), reverse=True)
    findings = {finding.check: finding for finding in explanation.findings() if finding.feature == "x"}
    assert all(check["effect"] == findings[check["check"]].effect for check in checks)


def test_findings_are_every_test_in_the_order_of_the_baseline(explanation):
    """Drift or not, with sizes of both sides."""
    findings = explanation.findings()
    assert [finding.feature for finding in findings] == ["x"] * 6 + ["c"] * 5 + ["y"] * 6
    assert {finding.n for finding in findings if finding.check == "missing"} == {300}
    assert {finding.n for finding in findings if finding.feature == "x" and finding.check == "ks"} == {260}
    assert not any(finding.drift for finding in findings if finding.feature == "y")


def test_a_finding_drifts_exactly_when_size_and_significance_say_so(explanation):
    """Its effect reaches its threshold and its adjusted probability the level."""
    for finding in explanation.findings():
        passes = finding.effect >= finding.threshold and finding.p_adjusted <= 1 / 30 / 24 / 60
        assert finding.drift == passes
        if finding.effect < finding.threshold:
            assert finding.p_adjusted == 1.0


def test_impact_is_importance_times_the_share_that_moved():
    """D of a number, total variation of a category; a feature of no importance has no impact."""
    explained = _explanation(importance={"x": 1.0, "c": 0.25, "y": 0.0})
    effect = {(finding.feature, finding.check): finding.effect for finding in explained.findings()}
    assert explained.impact("x") == effect["x", "ks"]
    assert explained.impact("c") == pytest.approx(0.25 * max(effect["c", "chi2"], effect["c", "new_category"]))
    assert explained.impact("y") == 0.0


@pytest.mark.parametrize(
    ("warning", "critical", "severity"), [(0.9, 0.95, "info"), (0.01, 0.9, "warning"), (0, 0, "critical")]
)
def test_severity_follows_impact(warning, critical, severity):
    """From each of the policy's two limits on."""
    explained = _explanation(Policy(severity_warning=warning, severity_critical=critical))
    assert explained.severity("x") == explained.feature("x", 0)["severity"] == severity


def test_a_window_of_one_value_is_explained():
    """A mean and no standard deviation."""
    alpha = dict.fromkeys(CHECKS, 1.0)
    thresholds = {**DEFAULT_THRESHOLDS, "ks": 0.0}
    policy = Policy(correction="none", persist=(1, 1), alpha=alpha, thresholds=thresholds, min_samples=1)
    explained = _explanation(policy, columns={"x": [500.0], "c": ["a"], "y": [0.0]})
    production = explained.feature("x", 0)["production"]
    assert production["mean"] == pytest.approx(500.0, abs=1e-3)
    assert "std" not in production


def test_a_feature_without_values_is_explained():
    """All of it missing: no mean, no quantiles, nothing moved."""
    columns = WINDOW | {"x": np.full(300, np.nan), "c": [None] * 300}
    explained = _explanation(columns=columns)
    x, c = explained.feature("x", 0), explained.feature("c", 0)
    assert (x["production"], x["moved"]) == ({"n": 0, "missing": 1.0, "quantiles": {}}, [])
    assert (c["production"]["missing"], c["production"]["unseen"], c["moved"]) == (1.0, 0.0, [])
    assert explained.decision.opening() == {"x", "c"}
