"""Where panes begin: fixed lengths from the epoch, days at local midnight, weeks on a Monday."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from stream.schedule import DAY_MS, Schedule

HOUR_MS = 3_600_000


def _ms(text: str, timezone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp() * 1000)


def _local(time_ms: int, timezone: str) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)).astimezone(ZoneInfo(timezone))


def _day(date: str, timezone: str) -> int:
    """Return how many hours the pane of this local noon has."""
    schedule = Schedule(DAY_MS, DAY_MS, timezone)
    start = schedule.pane_start(_ms(f"{date}T12:00", timezone))
    return (schedule.pane_end(start) - start) / HOUR_MS


@pytest.mark.parametrize(
    ("date", "timezone", "hours"),
    [
        ("2026-03-28", "Europe/Berlin", 24),
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2018-11-04", "America/Sao_Paulo", 23),  # the clock jumps at midnight: the day begins at 01:00
        ("2018-02-17", "America/Sao_Paulo", 25),  # and here 23:00 comes twice
        ("2018-11-04", "America/Havana", 25),  # midnight itself comes twice
        ("2018-03-11", "America/Havana", 23),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2026-07-01", "Asia/Kolkata", 24),
        ("2026-03-29", "UTC", 24),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_give_it(date, timezone, hours):
    """Twenty-three, twenty-five, or a half hour more or less, where daylight saving begins and ends."""
    assert _day(date, timezone) == hours


def test_a_day_begins_at_local_midnight():
    """In Kolkata that is 18:30 UTC of the day before."""
    start = Schedule(DAY_MS, DAY_MS, "Asia/Kolkata").pane_start(_ms("2026-05-05T20:00"))
    assert start == _ms("2026-05-05T18:30")


def test_a_day_that_was_skipped_has_no_pane():
    """Samoa left out 30 December 2011: the 29th ends where the 31st begins."""
    schedule = Schedule(DAY_MS, DAY_MS, "Pacific/Apia")
    end = schedule.pane_end(schedule.pane_start(_ms("2011-12-29T12:00", "Pacific/Apia")))
    assert end == schedule.pane_start(_ms("2011-12-31T12:00", "Pacific/Apia"))


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata"])
def test_a_week_begins_on_a_monday(timezone):
    """At local midnight, and it ends where the next one begins."""
    schedule = Schedule(7 * DAY_MS, 7 * DAY_MS, timezone)
    for day in range(0, 400, 13):
        start = schedule.pane_start(_ms("2018-01-03T10:00") + day * DAY_MS)
        assert _local(start, timezone).weekday() == 0
        assert _local(schedule.pane_end(start), timezone).weekday() == 0


def test_a_window_of_days_spans_days_and_not_hours():
    """Seven days over the end of daylight saving are a hundred and sixty-nine hours."""
    schedule = Schedule(DAY_MS, 7 * DAY_MS, "Europe/Berlin")
    end = schedule.pane_end(schedule.pane_start(_ms("2026-10-27T12:00", "Europe/Berlin")))
    assert (end - schedule.window_start(end)) / HOUR_MS == 169


def test_panes_shorter_than_a_day_count_from_the_epoch():
    """Whatever the zone, hours begin where they do in UTC; times before 1970 have their pane too."""
    schedule = Schedule(HOUR_MS, 24 * HOUR_MS, "Asia/Kolkata")
    assert schedule.pane_start(HOUR_MS + 1) == HOUR_MS
    assert schedule.pane_start(-1) == -HOUR_MS
    assert schedule.window_start(24 * HOUR_MS) == 0
    assert schedule.panes_per_window == 24


@pytest.mark.parametrize("schedule", [Schedule(60_000, 60_000), Schedule(DAY_MS, DAY_MS, "Europe/Berlin")])
def test_many_times_are_placed_as_each_one(schedule):
    """The starts of a batch are those of its times."""
    rng = np.random.default_rng(1)
    times = rng.integers(_ms("2026-03-27T00:00"), _ms("2026-04-01T00:00"), 500)
    assert schedule.pane_starts(times).tolist() == [schedule.pane_start(time) for time in times.tolist()]
    assert schedule.pane_starts(times[:0]).tolist() == []


def test_days_before_keep_the_local_hour():
    """Over a change of clocks the same hour is 23 or 25 hours away; where that is no boundary, it is 24."""
    hourly, by_three = Schedule(HOUR_MS, HOUR_MS, "Europe/Berlin"), Schedule(3 * HOUR_MS, 3 * HOUR_MS, "Europe/Berlin")
    noon = _ms("2026-10-25T12:00", "Europe/Berlin")
    assert hourly.days_before(noon, 1) == _ms("2026-10-24T12:00", "Europe/Berlin") == noon - 25 * HOUR_MS
    boundary = by_three.pane_start(noon)
    assert by_three.days_before(boundary, 1) == boundary - 24 * HOUR_MS
    daily = Schedule(DAY_MS, DAY_MS, "Europe/Berlin")
    monday = daily.pane_start(_ms("2026-10-26T12:00", "Europe/Berlin"))
    assert daily.days_before(monday, 7) == daily.pane_start(_ms("2026-10-19T12:00", "Europe/Berlin"))
