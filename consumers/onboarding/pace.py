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

    A partition's pace is that of its middle 98 % of events: one broken clock must not stretch it.
    """
    rows, longest, per_ms = 0, 0.0, 0.0
    for times, n in partitions:
        known = times[np.isfinite(times)]
        rows += n
        if len(known) < 2:
            continue
        low, high = np.quantile(known, _MIDDLE)
        longest = max(longest, float(known.max() - known.min()) if high == low else float(high - low) / 0.98)
        inside = np.count_nonzero((known >= low) & (known <= high)) / len(known)
        per_ms += n * inside / float(high - low) if high > low else 0.0
    return Pace(rows, round(longest), per_ms * UNITS_MS["h"])


def every_for(pace: Pace, min_samples: int) -> int | None:
    """Return the shortest schedule whose windows have enough rows; None where the pace is not known.

    Enough are 1,000 where a day has as many, else three times ``min_samples`` where a week has them, else a week.
    """
    if pace.per_hour <= 0:
        return None
    good = (ms for ms in _EVERY_MS if ms <= _LONGEST_COMFORTABLE_MS and pace.rows_in(ms) >= _GOOD_ROWS)
    fair = (ms for ms in _EVERY_MS if pace.rows_in(ms) >= _LEAST_TIMES * min_samples)
    return next(good, None) or next(fair, _EVERY_MS[-1])
