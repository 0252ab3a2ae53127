"""The tumbling schedule: where panes begin and end, and which panes make a window.

A pane is one `every`. Panes of less than a day count from 1970-01-01T00:00Z; panes of whole days begin at local
midnight in the schedule's time zone (so a day may have 23 or 25 hours), and count from a Monday, so that a week begins
on one.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from baselines.cells import IntArray

DAY_MS = 86_400_000
# Every offset from UTC in use is a whole number of these, so that all times in one begin the same local day.
_QUARTER_HOUR_MS = 900_000
_A_MONDAY = date(1970, 1, 5).toordinal()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Windows of ``window_ms``, tested every ``every_ms``; both in milliseconds, the first a multiple of the second.

    >>> s = Schedule(every_ms=60_000, window_ms=120_000)
    >>> s.pane_start(61_000), s.pane_end(60_000), s.window_start(180_000)
    (60000, 120000, 60000)
    """

    every_ms: int
    window_ms: int
    timezone: str = "UTC"

    @property
    def panes_per_window(self) -> int:
        """How many panes make a window."""
        return self.window_ms // self.every_ms

    @property
    def by_calendar(self) -> bool:
        """Tell whether panes are whole local days."""
        return self.every_ms % DAY_MS == 0

    def counted_on(self, fingerprint: str) -> str:
        """Return what marks counts on a baseline in panes of this schedule: only equal marks may be added."""
        return f"{fingerprint} every {self.every_ms} ms {self.timezone}"

    def pane_start(self, time_ms: int) -> int:
        """Return the start of the pane that holds this time."""
        if not self.by_calendar:
            return time_ms - time_ms % self.every_ms
        return _day_start(time_ms - time_ms % _QUARTER_HOUR_MS, self.every_ms // DAY_MS, self.timezone)

    def pane_starts(self, times_ms: IntArray) -> IntArray:
        """Return the start of the pane of each time; shape (n,) in and out."""
        if not self.by_calendar:
            return times_ms - times_ms % self.every_ms
        quarters, places = np.unique(times_ms // _QUARTER_HOUR_MS, return_inverse=True)
        starts = [self.pane_start(quarter * _QUARTER_HOUR_MS) for quarter in quarters.tolist()]
        return np.array(starts, dtype=np.int64)[places]

    def pane_end(self, start_ms: int) -> int:
        """Return where the pane that begins here ends."""
        return self._shift(start_ms, 1)

    def window_start(self, end_ms: int) -> int:
        """Return where the window that ends at this boundary begins."""
        return self._shift(end_ms, -self.panes_per_window)

    def panes_before(self, boundary_ms: int, panes: int) -> int:
        """Return the boundary so many panes before this one."""
        return self._shift(boundary_ms, -panes)

    def days_before(self, boundary_ms: int, days: int) -> int:
        """Return the boundary at the same local time so many days before this one.

        Where a change of clocks puts that between two boundaries, it is the one so many times 24 hours before.
        """
        if self.by_calendar:
            return self._shift(boundary_ms, -(days * DAY_MS // self.every_ms))
        zone = ZoneInfo(self.timezone)
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=boundary_ms)).astimezone(zone)
        before_ms = round((local - timedelta(days=days)).timestamp() * 1000)
        return before_ms if before_ms % self.every_ms == 0 else boundary_ms - days * DAY_MS

    def _shift(self, boundary_ms: int, panes: int) -> int:
        if not self.by_calendar:
            return boundary_ms + panes * self.every_ms
        days = panes * (self.every_ms // DAY_MS)
        return _midnight_ms(_local_day(boundary_ms, self.timezone) + days, self.timezone)


@lru_cache(maxsize=4096)
def _day_start(time_ms: int, days: int, timezone: str) -> int:
    """Return the midnight that begins the run of ``days`` local days around this time."""
    day = _local_day(time_ms, timezone)
    return _midnight_ms(day - (day - _A_MONDAY) % days, timezone)


def _local_day(time_ms: int, timezone: str) -> int:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (epoch + timedelta(milliseconds=time_ms)).astimezone(ZoneInfo(timezone)).date().toordinal()


@lru_cache(maxsize=4096)
def _midnight_ms(day: int, timezone: str) -> int:
    local = date.fromordinal(day)
    midnight = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(timezone))
    return round(midnight.timestamp() * 1000)
