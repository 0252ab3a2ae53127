"""Slow changes where rows resemble their neighbours: design effects suffice, and learned floors would blind."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import signal

from baselines import Calibration, Layout
from consumers.training import TrainingWindows
from stream.calibrate import calibrate
from stream.comparators import BASELINE
from stream.counts import Counts
from stream.decision import cusum_level, tick_level
from stream.gradual import Accumulator
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import layout_of, rows_of

HOUR_MS, ROWS, TRAINED, LATER = 3_600_000, 200, 100, 250
LEVEL = cusum_level(Policy(), tick_level(Policy(), HOUR_MS))
SEEDS = range(3)


def _series(seed: int) -> np.ndarray:
    """Return windows of AR(1) at 0.9: those of training, then the later ones."""
    noise = np.random.default_rng([7, seed]).normal(size=(TRAINED + LATER) * ROWS + 500) * np.sqrt(0.19)
    return np.round(signal.lfilter([1.0], [1.0, -0.9], noise)[500:].reshape(-1, ROWS), 2)


@pytest.fixture(scope="module")
def trained() -> list[tuple[np.ndarray, Layout, Calibration]]:
    """Return later windows, and what the first hundred taught, of several series."""
    return [_trained(_series(seed)) for seed in SEEDS]


def _trained(series: np.ndarray) -> tuple[np.ndarray, Layout, Calibration]:
    training = series[:TRAINED].ravel()
    layout = layout_of({"x": training})
    windows = TrainingWindows(layout, Schedule(HOUR_MS, HOUR_MS))
    windows.add(rows_of(layout, np.repeat(np.arange(TRAINED) * HOUR_MS, ROWS), {"x": training}))
    learned = calibrate(windows, Policy(checks=("ks", "mean", "std")))
    assert learned is not None
    return series[TRAINED:], layout, learned


def _first_alarm(layout: Layout, windows: np.ndarray, policy: Policy, effects: Mapping[str, float]) -> int | None:
    """Return the pane at whose end drift may open; None where it never may."""
    bets = Accumulator(layout, policy, LEVEL, effects)
    for place, values in enumerate(windows):
        counts = Counts.of(layout, rows_of(layout, range(ROWS), {"x": values}))
        bets.add(place * HOUR_MS, layout.runs.count(counts.cells))
        found = bets.measured(Sample.of_counts(layout, counts))
        if found.p_value(0)[0] <= LEVEL and found.at(0)[1] >= found.floor(0, policy):
            return place
    return None


def test_neighbours_that_resemble_each_other_raise_no_slow_alarm(trained) -> None:  # type: ignore[no-untyped-def]
    """The design effect is enough; without it the same panes alarm."""
    calibrated = [_first_alarm(layout, later, Policy(), c.design_effects(BASELINE)) for later, layout, c in trained]
    plain = [_first_alarm(layout, later, Policy(), {}) for later, layout, _ in trained]
    assert calibrated == [None] * len(SEEDS)
    assert plain.count(None) < len(SEEDS)


def test_a_lasting_shift_within_what_windows_move_is_found(trained) -> None:  # type: ignore[no-untyped-def]
    """By one standard deviation: within 20 panes; above floors as windows would have them it is never found."""
    for later, layout, learned in trained:
        effects = learned.design_effects(BASELINE)
        shifted = later[:100] + 1.0
        found = _first_alarm(layout, shifted, Policy(), effects)
        assert found is not None
        assert found < 20
        moved = {check: learned.movement(BASELINE, "x", check) for check in ("mean", "std")}
        floors = {check: max(Policy().floor("x", check), one.floor) for check, one in moved.items() if one}
        assert floors["mean"] > 2 * Policy().floor("x", "mean")
        assert _first_alarm(layout, shifted, Policy(feature_thresholds={"x": floors}), effects) is None
