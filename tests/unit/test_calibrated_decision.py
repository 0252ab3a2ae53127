"""Decisions with a calibrated baseline: significance is stretched, floors rise, what people set stays."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from baselines import Calibration, Layout, Movement
from stream.checks import measure
from stream.checks.measured import Measured
from stream.counts import Counts
from stream.decision import decide
from stream.policy import CHECKS, Policy
from stream.sample import Sample
from tests.builders import layout_of, rows_of

LEVEL = 1e-4


@pytest.fixture
def columns() -> dict[str, list[float]]:
    """Return a feature of 5,000 values."""
    return {"x": np.round(np.random.default_rng(3).normal(size=5_000), 2).tolist()}


def compare(layout: Layout, policy: Policy, shift: float) -> dict[str, Measured]:
    """Measure 300 values moved by ``shift``."""
    values = np.round(np.random.default_rng(4).normal(size=300) + shift, 2)
    counts = Counts.of(layout, rows_of(layout, range(300), {"x": values}))
    measured = measure(Sample.of_baseline(layout), Sample.of_counts(layout, counts), policy)
    return {one.check: one for one in measured if len(one)}


def known(layout: Layout, movement: Movement, *checks: str) -> Layout:
    """Return the layout of the same baseline with this movement for the checks."""
    movements = {"baseline": {"x": dict.fromkeys(checks, movement)}}
    calibration = Calibration(3_600_000, "UTC", 100, 2, 50, 0, 1, movements)
    return Layout(replace(layout.baseline, calibration=calibration))


def test_without_calibration_nothing_changes(columns: dict[str, list[float]]) -> None:
    """The design effect is 1, and what decides is the textbook p-value."""
    for one in compare(layout_of(columns), Policy(), 0.4).values():
        assert one.design_effect(0) == 1.0
        assert one.p_decision(0) == one.p_value(0)[0]


@pytest.mark.parametrize("check", ["ks", "mean"])
def test_the_p_value_that_decides_is_stretched(columns: dict[str, list[float]], check: str) -> None:
    """The deviate over the root of the design effect, by Student's t; the reported p-value is the textbook one."""
    plain = layout_of(columns)
    movement = Movement(60, 25.0, 0.05, 280.0, 0.0)
    one = compare(known(plain, movement, check), Policy(), 0.4)[check]
    effect = 1.0 + 0.05 * 300 * 5_000 / 5_300
    assert one.design_effect(0) == pytest.approx(effect)
    assert one.p_decision(0) == pytest.approx(2 * stats.t.sf(one.z(0) / effect**0.5, 25.0), rel=1e-9)
    assert one.p_value(0) == compare(plain, Policy(), 0.4)[check].p_value(0)
    assert one.p_upper(0) >= one.p_decision(0)


def test_deviates_are_those_of_the_p_values(columns: dict[str, list[float]]) -> None:
    """Near enough for what is learned and what is stretched by it; they come from the same closed form."""
    for check, one in compare(layout_of(columns), Policy(), 0.15).items():
        if check != "range":
            assert one.z(0) == pytest.approx(stats.norm.isf(one.p_value(0)[0] / 2.0), abs=0.15), check


def test_what_moves_by_itself_opens_no_drift(columns: dict[str, list[float]]) -> None:
    """The same window is drift for a baseline that knows nothing, and none for one that has seen such windows."""
    policy, plain = Policy(), layout_of(columns)
    moving = known(plain, Movement(60, 25.0, 0.05, 280.0, 0.0), *CHECKS)
    opened = [decide(tuple(compare(one, policy, 0.4).values()), policy, LEVEL).opening() for one in (plain, moving)]
    assert opened == [frozenset({"x"}), frozenset()]


def test_a_learned_floor_is_asked_for(columns: dict[str, list[float]]) -> None:
    """It raises the policy's, never lowers it, and yields to one that was set for the feature."""
    plain = layout_of(columns)
    wide = known(plain, Movement(60, 60.0, 0.0, 280.0, 0.3), "ks")
    low = known(plain, Movement(60, 60.0, 0.0, 280.0, 0.01), "ks")
    own = Policy(feature_thresholds={"x": {"ks": 0.05}})
    floors = [
        compare(layout, policy, 0.4)["ks"].floor(0, policy)
        for layout, policy in ((plain, Policy()), (wide, Policy()), (low, Policy()), (wide, own))
    ]
    assert floors == [0.1, 0.3, 0.1, 0.05]
    measured = compare(wide, Policy(), 0.4)
    trials = decide(tuple(measured.values()), Policy(), LEVEL).trials
    assert "ks" not in {trial.measured.check for trial in trials}
