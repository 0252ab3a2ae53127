"""What windows of the training data teach: independent rows, neighbours that resemble each other, daily cycles."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from baselines import Calibration
from consumers.training import TrainingWindows
from stream.calibrate import FEWEST_WINDOWS, MOST_WINDOWS, calibrate
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import Column, layout_of, rows_of, with_dependence

HOUR_MS = 3_600_000
HOURS, ROWS = 24 * 9, 150
Columns = dict[str, Column]


def windows_of(columns: Columns, hours: int, rows: int = ROWS, every_ms: int = HOUR_MS) -> TrainingWindows:
    """Count columns of ``hours`` times ``rows`` values, one hour after the other."""
    layout = layout_of(columns)
    windows = TrainingWindows(layout, Schedule(every_ms, every_ms))
    windows.add(rows_of(layout, np.repeat(np.arange(hours) * HOUR_MS, rows), columns))
    return windows


@pytest.fixture(scope="module")
def learned() -> Calibration:
    """Return what nine days by the hour teach of an independent, an autocorrelated and a daily feature."""
    rng = np.random.default_rng(8)
    n = HOURS * ROWS
    hour = np.repeat(np.arange(HOURS), ROWS)
    columns: Columns = {
        "independent": np.round(rng.normal(size=n), 1),
        "autocorrelated": np.round(signal.lfilter([np.sqrt(0.19)], [1.0, -0.9], rng.normal(size=n + 500))[500:], 1),
        "daily": np.round(rng.normal(size=n) + 2.0 * np.sin(hour * np.pi / 12.0), 1),
        "letter": [str(letter) for letter in rng.choice(list("abc"), size=n)],
    }
    found = calibrate(windows_of(columns, HOURS), Policy())
    assert found is not None
    return found


def effect(calibration: Calibration, comparator: str, feature: str, check: str) -> float:
    """Return the design effect at the windows' usual size."""
    one = calibration.movement(comparator, feature, check)
    assert one is not None
    return 1.0 + one.excess * one.rows


def test_independent_rows_are_left_as_they_are(learned: Calibration) -> None:
    """Design effects near 1 and floors below the policy's, by every comparator: nothing changes."""
    policy = Policy()
    for comparator, features in learned.movements.items():
        for feature in ("independent", "letter"):
            for check, one in features[feature].items():
                assert effect(learned, comparator, feature, check) < 1.5, (comparator, feature, check)
                if comparator == "baseline":
                    assert one.floor < policy.thresholds[check], (feature, check)
                assert policy.floor(feature, check, 0.0) == policy.thresholds[check]


def test_neighbours_that_resemble_each_other_are_fewer_rows(learned: Calibration) -> None:
    """AR(1) at 0.9: a mean of 150 rows varies as one of 150 / 18 independent ones."""
    expected = (1 + 0.9) / (1 - 0.9) - 2 * 0.9 / (ROWS * 0.1**2)
    assert effect(learned, "baseline", "autocorrelated", "mean") == pytest.approx(expected, rel=0.25)
    assert effect(learned, "baseline", "autocorrelated", "ks") > 10.0


def test_a_daily_cycle_is_wide_against_all_hours_and_sharp_against_the_same_hour(learned: Calibration) -> None:
    """Hours differ from the whole day; an hour is like the same hour of an earlier day."""
    wide, sharp = (learned.movement(name, "daily", "ks") for name in ("baseline", "last_day"))
    assert wide is not None
    assert sharp is not None
    assert effect(learned, "baseline", "daily", "ks") > 50.0
    assert effect(learned, "last_day", "daily", "ks") < 1.5
    assert wide.floor > 0.4
    assert sharp.floor < 0.1


@pytest.fixture(scope="module")
def of_pairs() -> Calibration:
    """Return what nine days teach of the correlations of two series that wander, and of two that do not."""
    rng = np.random.default_rng(9)
    wander = [signal.lfilter([np.sqrt(0.19)], [1.0, -0.9], rng.normal(size=HOURS * ROWS)) for _ in range(2)]
    white = rng.normal(size=(2, HOURS * ROWS))
    columns: Columns = {name: np.round(x, 1) for name, x in zip("abcd", [*wander, *white], strict=True)}
    layout = with_dependence(layout_of(columns), columns)
    windows = TrainingWindows(layout, Schedule(HOUR_MS, HOUR_MS))
    windows.add(rows_of(layout, np.repeat(np.arange(HOURS) * HOUR_MS, ROWS), columns))
    found = calibrate(windows, Policy(checks=("correlation",)))
    assert found is not None
    return found


def test_two_series_that_wander_correlate_by_chance(of_pairs: Calibration) -> None:
    """AR(1) at 0.9, both: their correlation varies as that of (1 - 0.81) / (1 + 0.81) of the rows (Bartlett 1935)."""
    expected = (1 + 0.81) / (1 - 0.81)
    for feature in "ab":
        assert effect(of_pairs, "baseline", feature, "correlation") == pytest.approx(expected, rel=0.3)


def test_a_series_that_wanders_takes_nothing_from_pairs_with_white_noise(of_pairs: Calibration) -> None:
    """One white side is enough: the product is white, and of the three partners the worst counts hardly more than 1."""
    for feature in "cd":
        for comparator in ("baseline", "previous", "last_day"):
            assert effect(of_pairs, comparator, feature, "correlation") < 1.6


def test_what_it_was_learned_from_is_kept(learned: Calibration) -> None:
    """Windows, their span, and only comparators that the data reaches back for."""
    assert (learned.every_ms, learned.windows, learned.start_ms) == (HOUR_MS, HOURS, 0)
    assert (learned.end_ms, learned.min_samples, learned.needed) == (HOURS * HOUR_MS, 100, 2)
    assert learned.comparators == ("baseline", "previous", "last_day", "last_week")
    previous = learned.movement("previous", "daily", "ks")
    assert previous is not None
    assert previous.windows == HOURS - 2


def test_training_never_saw_is_a_question_to_the_baseline_alone(learned: Calibration) -> None:
    """The checks of novelty are learned against the rest of the training data only."""
    assert learned.movement("baseline", "daily", "range") is not None
    assert learned.movement("last_day", "daily", "range") is None


@pytest.mark.parametrize(("hours", "rows"), [(FEWEST_WINDOWS - 1, 150), (30, 99)])
def test_from_too_few_windows_nothing_is_learned(hours: int, rows: int) -> None:
    """Too few windows, or windows of too few rows: none, instead of something invented."""
    assert calibrate(windows_of({"x": np.arange(float(hours * rows))}, hours, rows), Policy()) is None


def test_a_feature_that_is_rarely_there_is_not_learned() -> None:
    """Values in seven windows only: too few to learn from, whatever the other features have."""
    rare = np.full(20 * ROWS, np.nan)
    rare[: 7 * ROWS] = np.arange(7 * ROWS) % 10
    found = calibrate(windows_of({"x": np.arange(20 * ROWS) % 10.0, "rare": rare}, 20), Policy())
    assert found is not None
    assert found.movement("baseline", "x", "ks") is not None
    assert found.movement("baseline", "rare", "ks") is None
    assert found.movement("baseline", "rare", "missing") is not None


def test_of_many_windows_as_many_are_taken_as_are_worth_their_time() -> None:
    """A year of hours would take minutes: they are taken evenly, and progress is told of those."""
    told: list[tuple[int, int]] = []
    hours = MOST_WINDOWS + 500
    windows = windows_of({"x": np.arange(hours * 2) % 7.0}, hours, rows=2)
    found = calibrate(windows, replace(Policy(), min_samples=2, checks=("missing",)), lambda *done: told.append(done))
    assert found is not None
    assert found.windows == hours
    movement = found.movement("baseline", "x", "missing")
    assert movement is not None
    assert movement.windows == MOST_WINDOWS
    assert told[-1][0] == told[-1][1] == len(told)


def test_a_week_has_no_last_day() -> None:
    """Seasons that are no whole number of windows are left out."""
    week_ms = 7 * 24 * HOUR_MS
    found = calibrate(windows_of({"x": np.arange(24 * 7 * 12 * 2) % 7.0}, 24 * 7 * 12, 2, week_ms), Policy())
    assert found is not None
    assert found.comparators == ("baseline", "previous", "last_week")
