"""Simulated house-price requests: training rows, and a day of events that changes at 09:00 and comes back at 17:00.

Everything is drawn from one seeded generator and nothing from a clock, so that every demo decides alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from consumers.demo.homes import draw_homes
from stream.schedule import DAY_MS

HOUR_MS = 3_600_000
CHANGE_MS, RETURN_MS = 9 * HOUR_MS, 17 * HOUR_MS
EXTRA_YEARS = 5
MOBILE_SHARE, CHANGED_MOBILE_SHARE = 0.6, 0.8
TRAINING_ROWS, DAY_EVENTS = 20_000, 60_000
SHIFTED = ("user_age", "device_type")
_YOUNGEST, _OLDEST = 18, 95
_DESKTOP_OF_THE_REST = 0.75
_SEED = 20_260_101
_MINUTES = DAY_MS // 60_000
# After midnight: the first event of the next day on a partition tells that the day is complete there.
_CLOSING_MS = 60_000

Column: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Day:
    """A day of events in the order of their times.

    ``times_ms`` count from the day's midnight, shape (n,); the last ``closing`` events are the next day's first.
    """

    times_ms: IntArray
    features: Mapping[str, Column]
    closing: int

    def __len__(self) -> int:
        return len(self.times_ms)

    def sent_by(self, time_ms: int) -> int:
        """Return how many events have happened by this time of the day."""
        return int(np.searchsorted(self.times_ms, time_ms, side="right"))

    def values(self, midnight_ms: int) -> Iterator[bytes]:
        """Yield the events as JSON; ``midnight_ms`` (UTC) is where the day begins."""
        rows = zip(*self.features.values(), strict=True)
        for number, (time_ms, row) in enumerate(zip(self.times_ms.tolist(), rows, strict=True)):
            features = dict(zip(self.features, row, strict=True))
            event = {"id": f"request-{number}", "ts": midnight_ms + time_ms, "features": features}
            yield orjson.dumps(event)


def training() -> dict[str, Column]:
    """Return the features that the model was trained on, a column each; None is missing."""
    return _draw(np.random.default_rng(_SEED), np.zeros(TRAINING_ROWS, dtype=np.bool_))


def write_csv(columns: Mapping[str, Column], path: Path) -> None:
    """Write columns as csv; a missing value is an empty field."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(columns) + "\n")
        for row in zip(*columns.values(), strict=True):
            file.write(",".join(_csv_field(value) for value in row) + "\n")


def simulated_day(closing: int) -> Day:
    """Return a day of events, and ``closing`` ones of the next day: one for each partition they are dealt to."""
    rng = np.random.default_rng(_SEED + 1)
    last = np.full(closing, DAY_MS + _CLOSING_MS, dtype=np.int64)
    times_ms = np.concatenate([_times(rng), last])
    changed = (times_ms >= CHANGE_MS) & (times_ms < RETURN_MS)
    return Day(times_ms, _draw(rng, changed), closing)


def _times(rng: np.random.Generator) -> IntArray:
    """Return event times: few at night, most in the evening."""
    hours = np.arange(_MINUTES) / 60
    busy = 1.0 + 0.6 * np.sin((hours - 10.5) / 24 * 2 * np.pi)
    minutes = rng.choice(_MINUTES, size=DAY_EVENTS, p=busy / busy.sum())
    times_ms: IntArray = np.sort(minutes * 60_000 + rng.integers(0, 60_000, DAY_EVENTS)).astype(np.int64)
    # The day begins with an event, or its first window would have no beginning.
    times_ms[0] = 0
    return times_ms


def _draw(rng: np.random.Generator, changed: NDArray[np.bool_]) -> dict[str, Column]:
    """Return a column per feature; rows that are ``changed`` have older users with more phones, and nothing else."""
    ages = 18 + rng.gamma(4.0, 6.0, len(changed)) + EXTRA_YEARS * changed
    return {
        "user_age": np.clip(ages, _YOUNGEST, _OLDEST).astype(np.int64).tolist(),
        "device_type": _devices(rng, np.where(changed, CHANGED_MOBILE_SHARE, MOBILE_SHARE)),
        **draw_homes(rng, len(changed)),
    }


def _devices(rng: np.random.Generator, mobile_share: FloatArray) -> list[str]:
    draws, rest = rng.random((2, len(mobile_share)))
    others = np.where(rest < _DESKTOP_OF_THE_REST, "desktop", "tablet")
    devices: list[str] = np.where(draws < mobile_share, "mobile", others).tolist()
    return devices


def _csv_field(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
