"""Laws of the schedule: panes tile time, in every zone and through every change of clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.schedule import DAY_MS, Schedule
from stream.watermark import Watermark

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Havana",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Casablanca",
]
YEAR_MS = 365 * DAY_MS
TIME = st.one_of(st.integers(20 * YEAR_MS, 70 * YEAR_MS), st.integers(45 * YEAR_MS, 57 * YEAR_MS))
FIXED = st.builds(
    lambda every, k: Schedule(every, k * every),
    st.sampled_from([1, 1000, 60_000, 300_000, 3_600_000, 7 * 3_600_000]),
    st.integers(1, 48),
)
CALENDAR = st.builds(
    lambda days, k, zone: Schedule(days * DAY_MS, k * days * DAY_MS, zone),
    st.sampled_from([1, 2, 7]),
    st.integers(1, 9),
    st.sampled_from(ZONES),
)
SCHEDULE = st.one_of(FIXED, CALENDAR)


@given(SCHEDULE, TIME)
def test_every_time_is_in_exactly_one_pane(schedule, time_ms):
    """The one that begins at or before it and ends after it, and both its ends are boundaries."""
    start_ms = schedule.pane_start(time_ms)
    end_ms = schedule.pane_end(start_ms)
    assert start_ms <= time_ms < end_ms
    assert schedule.pane_start(start_ms) == schedule.pane_start(end_ms - 1) == start_ms
    assert schedule.pane_start(end_ms) == end_ms


@given(SCHEDULE, TIME, st.integers(1, 5))
def test_panes_tile_the_line(schedule, time_ms, panes):
    """Each begins where the one before it ends, and the last millisecond before is the other's."""
    start_ms = schedule.pane_start(time_ms)
    for _ in range(panes):
        end_ms = schedule.pane_end(start_ms)
        assert end_ms > start_ms
        assert schedule.pane_start(start_ms - 1) < start_ms
        assert schedule.pane_end(schedule.pane_start(start_ms - 1)) == start_ms
        start_ms = end_ms


@given(SCHEDULE, TIME)
def test_a_window_is_as_many_panes_as_it_should_be(schedule, time_ms):
    """From its start, pane after pane, to its end, through every change of clocks."""
    start_ms = end_ms = schedule.pane_start(time_ms)
    for _ in range(schedule.panes_per_window):
        end_ms = schedule.pane_end(end_ms)
    assert schedule.window_start(end_ms) == start_ms


@given(CALENDAR, TIME)
def test_days_begin_at_local_midnight_and_weeks_on_a_monday(schedule, time_ms):
    """Or as soon after midnight as the clocks allow."""
    zone = ZoneInfo(schedule.timezone)
    begin = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=schedule.pane_start(time_ms))).astimezone(zone)
    before = (begin.astimezone(UTC) - timedelta(milliseconds=1)).astimezone(zone)
    assert before.date() < begin.date()
    assert (begin.hour, begin.minute) in {(0, 0), (1, 0)}
    if schedule.every_ms == 7 * DAY_MS:
        assert begin.weekday() == 0


@given(SCHEDULE, st.lists(TIME, max_size=20))
def test_a_batch_is_placed_as_its_times(schedule, times):
    """Each time in the pane it has alone."""
    starts = schedule.pane_starts(np.array(times, dtype=np.int64))
    assert starts.tolist() == [schedule.pane_start(time_ms) for time_ms in times]


WORD = st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 1000)), st.booleans())


@given(st.lists(WORD, max_size=30), st.integers(0, 50))
def test_the_watermark_never_goes_back_and_never_runs_ahead(words, lateness_ms):
    """It is at most the least of what the busy partitions have shown, at the time it moves."""
    watermark, reached = Watermark(lateness_ms), None
    newest: dict[int, int | None] = {}
    idle: set[int] = set()
    for partition, newest_ms, quiet in words:
        watermark.observe(("events", partition), newest_ms, idle=quiet)
        known = [time for time in (newest.get(partition), newest_ms) if time is not None]
        newest[partition] = max(known, default=None)
        idle = idle | {partition} if quiet else idle - {partition}
        busy = [time for place, time in newest.items() if place not in idle]
        least = min(busy) - lateness_ms if busy and None not in busy else None
        expected = reached if least is None else least if reached is None else max(reached, least)
        reached = watermark.current_ms()
        assert reached == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1000)), max_size=20), st.randoms())
def test_the_watermark_does_not_depend_on_the_order_of_words(words, random):
    """What was said, not when, decides where it ends."""
    shuffled = list(words)
    random.shuffle(shuffled)
    ends = []
    for order in (words, shuffled):
        watermark = Watermark(0)
        for partition in range(4):
            watermark.expect(("events", partition))
        for partition, newest_ms in order:
            watermark.observe(("events", partition), newest_ms)
        ends.append(watermark.current_ms())
    assert ends[0] == ends[1]
