"""Comparators: what a window is compared with beside the baseline, always a window that came earlier.

A step in the data must be seen as often as persistence asks, on windows that do not overlap, before it has reached the
reference, too. So the reference is never nearer than ``needed`` windows: the same window a whole number of periods
earlier, as few as that allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stream.schedule import DAY_MS, Schedule

BASELINE, PREVIOUS = "baseline", "previous"
# Seasonal comparators and their period. A year is 52 weeks, so that weekdays fall on weekdays.
PERIOD_DAYS: Mapping[str, int] = MappingProxyType({"last_day": 1, "last_week": 7, "last_year": 364})
COMPARATORS = (BASELINE, PREVIOUS, *PERIOD_DAYS)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far back a comparator looks: whole panes, or whole days of the schedule's time zone."""

    comparator: str
    panes: int = 0
    days: int = 0

    def back(self, schedule: Schedule, boundary_ms: int) -> int:
        """Return the boundary that lies this far before another one."""
        if self.days:
            return schedule.days_before(boundary_ms, self.days)
        return schedule.panes_before(boundary_ms, self.panes)


def lags(comparators: Sequence[str], schedule: Schedule, needed: int) -> tuple[Lag, ...]:
    """Return how far back each comparator looks that is an earlier window, when ``needed`` windows must agree.

    Raises ValueError for a season that is no whole number of the schedule's panes.
    """
    return tuple(_lag(name, schedule, needed) for name in comparators if name in COMPARATORS and name != BASELINE)


def versions(comparators: Sequence[str]) -> tuple[str, ...]:
    """Return the comparators that are versions of the model: all that are nothing else."""
    return tuple(name for name in comparators if name not in COMPARATORS)


def _lag(name: str, schedule: Schedule, needed: int) -> Lag:
    if name == PREVIOUS:
        return Lag(name, panes=needed * schedule.panes_per_window)
    period = PERIOD_DAYS[name]
    if period * DAY_MS % schedule.every_ms:
        raise ValueError(
            f"{name} looks back by {period} days, which is no whole number of `every`; leave it out, or write another"
        )
    return Lag(name, days=period * max(1, -(-needed * schedule.window_ms // (period * DAY_MS))))
