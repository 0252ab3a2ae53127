"""Comparators: how far back each looks, so that a step is seen as often as persistence asks."""

import pytest

from stream.comparators import COMPARATORS, lags
from stream.schedule import DAY_MS, Schedule

HOUR_MS = 3_600_000


def _back(comparator, schedule, needed):
    (lag,) = lags([comparator], schedule, needed)
    end_ms = 400 * DAY_MS
    return end_ms - lag.back(schedule, end_ms)


def test_the_previous_window_lies_as_many_windows_back_as_must_agree():
    """With one of one it is the window before; with two that must agree, both of them still meet the old state."""
    schedule = Schedule(HOUR_MS, 3 * HOUR_MS)
    assert _back("previous", schedule, 1) == 3 * HOUR_MS
    assert _back("previous", schedule, 2) == 6 * HOUR_MS


@pytest.mark.parametrize(
    ("comparator", "window_ms", "needed", "days"),
    [
        ("last_day", HOUR_MS, 2, 1),
        ("last_day", DAY_MS, 1, 1),
        ("last_day", DAY_MS, 2, 2),
        ("last_week", DAY_MS, 2, 7),
        ("last_week", 7 * DAY_MS, 2, 14),
        ("last_year", 7 * DAY_MS, 2, 364),
    ],
)
def test_a_season_is_a_whole_number_of_its_periods(comparator, window_ms, needed, days):
    """As few as hold the windows that must agree."""
    assert _back(comparator, Schedule(HOUR_MS, window_ms), needed) == days * DAY_MS


def test_the_baseline_looks_nowhere():
    """It is no window of the stream."""
    assert lags(["baseline"], Schedule(HOUR_MS, HOUR_MS), 2) == ()
    assert len(lags(COMPARATORS, Schedule(HOUR_MS, HOUR_MS), 2)) == len(COMPARATORS) - 1


@pytest.mark.parametrize(("comparator", "every_ms"), [("last_day", 7 * HOUR_MS), ("last_week", 2 * DAY_MS)])
def test_a_season_that_panes_do_not_divide_is_refused(comparator, every_ms):
    """There is no window at that distance."""
    with pytest.raises(ValueError, match=f"{comparator} looks back"):
        lags([comparator], Schedule(every_ms, every_ms), 2)
