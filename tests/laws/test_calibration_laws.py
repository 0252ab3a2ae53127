"""A calibrated baseline holds the level of a tick where rows are not independent; one that knows nothing does not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal, stats

from baselines import Calibration, Layout
from consumers.training import TrainingWindows
from stream.calibrate import calibrate
from stream.checks import measure
from stream.counts import Counts
from stream.decision import decide
from stream.policy import CHECKS, Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import layout_of, rows_of

LEVEL = 0.05
RUNS, WINDOWS, ROWS = 8, 60, 200
# Significance stands for itself here: no effect is asked for.
POLICY = Policy(thresholds=dict.fromkeys(CHECKS, 0.0), checks=("ks", "mean", "std"))
Values = np.ndarray


def resembling(rng: np.random.Generator) -> Values:
    """Return windows of a series in which each row resembles the one before: AR(1) at 0.9."""
    noise = rng.normal(size=2 * WINDOWS * ROWS + 500) * np.sqrt(1.0 - 0.81)
    return signal.lfilter([1.0], [1.0, -0.9], noise)[500:].reshape(2 * WINDOWS, ROWS)


def daily(rng: np.random.Generator) -> Values:
    """Return hours of a daily cycle."""
    hours = np.arange(2 * WINDOWS)[:, None]
    return rng.normal(size=(2 * WINDOWS, ROWS)) + 2.0 * np.sin(2.0 * np.pi * hours / 24.0)


def independent(rng: np.random.Generator) -> Values:
    """Return windows of independent rows."""
    return rng.normal(size=(2 * WINDOWS, ROWS))


def without_floors(calibration: Calibration) -> Calibration:
    """Return the calibration with nothing but its design effects."""
    bare = {
        name: {f: {check: replace(one, floor=0.0) for check, one in own.items()} for f, own in features.items()}
        for name, features in calibration.movements.items()
    }
    return replace(calibration, movements=bare)


def alarms(layout: Layout, windows: Values) -> float:
    """Return the share of windows that alarm at the level."""
    reference, alarming = Sample.of_baseline(layout), 0
    for values in windows:
        counts = Counts.of(layout, rows_of(layout, range(ROWS), {"x": values}))
        measured = measure(reference, Sample.of_counts(layout, counts), POLICY)
        alarming += bool(decide(measured, POLICY, LEVEL).opening())
    return alarming / len(windows)


def shares(seed: int, draw, shift: float = 0.0) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Return the shares of ticks that alarm, plain and calibrated: trained on one half, tested on the other, moved."""
    values = np.round(draw(np.random.default_rng([4, seed])), 2)
    training = values[:WINDOWS]
    plain = layout_of({"x": training.ravel()})
    windows = TrainingWindows(plain, Schedule(3_600_000, 3_600_000))
    windows.add(rows_of(plain, np.repeat(np.arange(WINDOWS) * 3_600_000, ROWS), {"x": training.ravel()}))
    calibration = calibrate(windows, POLICY)
    assert calibration is not None
    known = Layout(replace(plain.baseline, calibration=without_floors(calibration)))
    return alarms(plain, values[WINDOWS:] + shift), alarms(known, values[WINDOWS:] + shift)


@pytest.mark.parametrize("draw", [resembling, daily], ids=["AR 0.9", "daily cycle"])
def test_the_level_of_a_tick_holds_where_rows_are_not_independent(draw) -> None:  # type: ignore[no-untyped-def]
    """The share of alarming ticks is not above the level beyond its error; without calibration it is far above."""
    plain, calibrated = np.array([shares(run, draw) for run in range(RUNS)]).T
    # Ticks of one run share a baseline: the runs are what is independent.
    margin = stats.t.ppf(0.95, RUNS - 1) * calibrated.std(ddof=1) / np.sqrt(RUNS)
    assert calibrated.mean() - margin <= LEVEL
    assert plain.mean() > 0.5


def test_calibration_still_sees_what_moves_further_than_ever() -> None:
    """A detector that never fires must look bad: two standard deviations are seen, and independence costs nothing."""
    assert min(shares(run, resembling, shift=2.0)[1] for run in range(3)) > 0.9
    assert min(shares(run, independent, shift=0.5)[1] for run in range(3)) > 0.95
