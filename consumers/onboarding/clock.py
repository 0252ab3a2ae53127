"""Which value is the event's time, what unit it is in, and how far out of order events come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from baselines.cells import FloatArray
from consumers.decode.event_format import TimestampUnit
from consumers.decode.timestamps import to_ms
from consumers.onboarding.names import sounds_like_time
from consumers.onboarding.opened import Event
from consumers.onboarding.sample import Sample
from consumers.onboarding.values import Column
from stream.durations import UNITS_MS

# Times of events are of this century.
_FIRST_MS, _LAST_MS = 946_684_800_000, 4_102_444_800_000
_LEAST_SHARE = 0.95
_EXACT = (
    "event_time",
    "event_timestamp",
    "eventtime",
    "event_ts",
    "timestamp",
    "ts",
    "time",
    "datetime",
    "occurred_at",
)
_OTHER_TIMES = ("ingest", "process", "receiv", "updat", "birth", "expir", "start", "end", "valid", "sched")
_UNIT_BELOW: tuple[tuple[float, TimestampUnit], ...] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
_NICE_MS = tuple(UNITS_MS["s"] * n for n in (30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400))


@dataclass(frozen=True, slots=True)
class Clock:
    """A path to a time with its unit; ``path`` None is the record's own timestamp.

    ``times_ms`` has a time for each event, NaN where it has none; ``share`` says for how many it does.
    """

    path: str | None
    unit: TimestampUnit
    times_ms: FloatArray
    share: float
    weight: float = 0.0


def find_clocks(columns: Iterable[Column], events: Sequence[Event], sample: Sample) -> list[Clock]:
    """Return the values that may be times, the likeliest first; a topic's own timestamps are the last."""
    found = [clock for column in columns if (clock := _clock(column, events, sample)) is not None]
    found.sort(key=lambda clock: -clock.weight)
    records = _record_times(events, sample)
    own = (
        [Clock(None, "ms", records, float(np.mean(records >= 0)))]
        if len(records) and np.isfinite(records).all()
        else []
    )
    return [*found, *own]


def _clock(column: Column, events: Sequence[Event], sample: Sample) -> Clock | None:
    if column.share < _LEAST_SHARE or any(isinstance(value, bool) for value in column.present[:100]):
        return None
    found, bad = to_ms(list(column.values), "auto")
    good = (found >= _FIRST_MS) & (found < _LAST_MS)
    good[list(bad)] = False
    if good.mean() < _LEAST_SHARE:
        return None
    times = np.where(good, found, np.nan).astype(np.float64)
    weight = _weight(column, times, _record_times(events, sample))
    return Clock(column.path, _unit(column.present), times, float(good.mean()), weight) if weight >= 1 else None


def _weight(column: Column, times: FloatArray, records: FloatArray) -> float:
    spelled = column.path.rpartition(".")[2].lstrip("@")
    name = spelled.lower()
    weight = 3.0 if name in _EXACT else 2.0 if sounds_like_time(spelled) else 0.0
    steps = np.diff(times[np.isfinite(times)])
    weight += 1.0 if len(steps) and np.mean(steps >= 0) >= 0.9 else 0.0
    weight += 0.5 if any(isinstance(value, str) for value in column.present[:10]) else 0.0
    weight -= 1.5 if any(part in name for part in _OTHER_TIMES) and name not in _EXACT else 0.0
    if len(steps) > 1 and not steps.any():
        # One time for all: when they were exported, perhaps. Where the log knows better, it is none.
        weight -= 3.0 if np.ptp(records) > 0 else 2.0
    # Close to when the record was written: an event's time; far from it: recorded events, or a date in a feature.
    near = np.abs(times - records)
    near = near[np.isfinite(near)]
    weight += 0.5 if len(near) and np.median(near) < UNITS_MS["d"] else 0.0
    return weight - 0.1 * column.path.count(".")


def _unit(values: Sequence[object]) -> TimestampUnit:
    found = {_one_unit(value) for value in values}
    return found.pop() if len(found) == 1 else "auto"


def _one_unit(value: object) -> TimestampUnit:
    try:
        size = abs(float(value))  # type: ignore[arg-type]  # a text that is no number raises
    except (TypeError, ValueError):
        return "iso"
    return next((unit for below, unit in _UNIT_BELOW if size < below), "ns")


def _record_times(events: Sequence[Event], sample: Sample) -> FloatArray:
    stamps = [batch.timestamps_ms for batch in sample.batches]
    return np.array(
        [np.nan if (some := stamps[event.batch]) is None else some[event.place] for event in events], dtype=np.float64
    )


def lateness_for(clock: Clock, events: Sequence[Event], shortest_ms: int) -> int:
    """Return a `lateness` under which all but one event in a thousand of the sample are in time."""
    behind: list[float] = []
    batches = np.array([event.batch for event in events])
    for _, some in groupby(range(len(events)), key=lambda at: int(batches[at])):
        times = clock.times_ms[list(some)]
        times = times[np.isfinite(times)]
        if len(times):
            behind += (np.maximum.accumulate(times) - times).tolist()
    needed = float(np.quantile(behind, 0.999)) if behind else 0.0
    return next((ms for ms in (shortest_ms, *_NICE_MS) if ms >= needed), _NICE_MS[-1])
