"""How fast rows come, and the schedule under which a window has enough of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from baselines.cells import FloatArray
from stream.durations import UNITS_MS

# Rows that a window should have: tests see little in fewer. Then, so many times `min_samples` at least.
_GOOD_ROWS = 1_000
_LEAST_TIMES = 3
_EVERY_MS = tuple(
    n * UNITS_MS[unit]
    for n, unit in ((1, "m"), (5, "m"), (10, "m"), (20, "m"), (30, "m"), (1, "h"), (2, "h"), (3, "h"), (6, "h"))
) + tuple(n * UNITS_MS[unit] for n, unit in ((12, "h"), (1, "d"), (1, "w")))
_LONGEST_COMFORTABLE_MS = UNITS_MS["d"]
_MIDDLE = (0.01, 0.99)
# Rows in the time that all partitions share, from which it tells the pace.
_LEAST_SHARED = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows in a sample, the event time between its first and last, and rows per hour; 0 where time stands still."""

    rows: int
    span_ms: int
    per_hour: float

    def rows_in(self, duration_ms: int) -> float:
        """Return how many rows come in a stretch of time."""
        return self.per_hour * duration_ms / UNITS_MS["h"]


def pace_of(partitions: Sequence[tuple[FloatArray, int]]) -> Pace:
    """Return the pace of event times (UTC ms, NaN where unknown) with the rows that they stand for, by partition.

    A partition's part is that of its middle 98 % of events: one broken clock must not stretch it. Of several partitions
    it is the pace of the time that the sample has of all of them: producers write to one for a while, then to another,
    and what each has in its own time adds up to more than there is.
    """
    rows = sum(n for _, n in partitions)
    parts = [_Part.of(known, n) for times, n in partitions if len(known := times[np.isfinite(times)]) >= 2]
    if not parts:
        return Pace(rows, 0, 0.0)
    longest = max(part.span_ms for part in parts)
    start, end = max(part.low for part in parts), max(part.high for part in parts)
    shared = sum(part.rows_between(start, end) for part in parts)
    if len(parts) > 1 and end > start and shared >= _LEAST_SHARED:
        per_ms = shared / (end - start)
    else:
        per_ms = sum(part.rows_between(part.low, part.high) / (part.high - part.low) for part in parts if part.moves)
    return Pace(rows, round(longest), per_ms * UNITS_MS["h"])


@dataclass(frozen=True, slots=True)
class _Part:
    """The event times of a partition, those between which its middle events lie, and its rows."""

    times: FloatArray
    low: float
    high: float
    rows: int

    @classmethod
    def of(cls, times: FloatArray, rows: int) -> "_Part":
        low, high = np.quantile(times, _MIDDLE)
        return cls(times, float(low), float(high), rows)

    @property
    def moves(self) -> bool:
        return self.high > self.low

    @property
    def span_ms(self) -> float:
        return (self.high - self.low) / 0.98 if self.moves else float(self.times.max() - self.times.min())

    def rows_between(self, start: float, end: float) -> float:
        return self.rows * np.count_nonzero((self.times >= start) & (self.times <= end)) / len(self.times)


def every_for(pace: Pace, min_samples: int) -> int | None:
    """Return the shortest schedule whose windows have enough rows; None where the pace is not known.

    Enough are 1,000 where a day has as many, else three times ``min_samples`` where a week has them, else a week.
    """
    if pace.per_hour <= 0:
        return None
    good = (ms for ms in _EVERY_MS if ms <= _LONGEST_COMFORTABLE_MS and pace.rows_in(ms) >= _GOOD_ROWS)
    fair = (ms for ms in _EVERY_MS if pace.rows_in(ms) >= _LEAST_TIMES * min_samples)
    return next(good, None) or next(fair, _EVERY_MS[-1])
