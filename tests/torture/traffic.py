"""Traffic with a known content: a function of the seed, with drift that comes and goes and every kind of trouble."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines import save
from baselines.fitting import FitOptions, fit

START_MS = 1_700_000_000_000
EVERY_MS = 10_000
LATENESS_MS = 2_000
PARTITIONS = 4
_DEVICES = np.array(["mobile", "desktop", "tablet"])
_AS_TRAINED, _MOVED = (0.45, 0.45, 0.1), (0.7, 0.2, 0.1)
# Of every forty panes, these have drifted: each time an incident opens and resolves.
_CYCLE, _DRIFTED = 40, range(12, 24)
_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """``events`` events, ``per_pane`` of them to an interval of event time, dealt out to the partitions in turn."""

    seed: int
    events: int
    per_pane: int

    @property
    def last_boundary_ms(self) -> int:
        """The end of the last window that becomes whole (UTC ms); by then all panes with traffic are sealed."""
        return START_MS + (self.events // self.per_pane + 2) * EVERY_MS

    def records(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield partition and value; at the end what closes the last windows, one event a partition."""
        for first in range(0, self.events, _BLOCK):
            yield from self._block(first, min(_BLOCK, self.events - first))
        for partition in range(PARTITIONS):
            yield (
                partition,
                _event(self.last_boundary_ms + LATENESS_MS, "end", '"age":40.0,"income":100.0,"device":"mobile"'),
            )

    def _block(self, first: int, size: int) -> Iterator[tuple[int, bytes | None]]:
        rng = np.random.default_rng([self.seed, first])
        numbers = np.arange(first, first + size)
        moved = np.isin(numbers // self.per_pane % _CYCLE, _DRIFTED)
        ages = np.round(rng.normal(np.where(moved, 48.0, 40.0), 8.0), 2)
        incomes = np.round(np.exp(rng.normal(np.where(moved, 4.9, 4.6), 0.4)), 1)
        chances = np.where(moved, np.cumsum(_MOVED)[:, None], np.cumsum(_AS_TRAINED)[:, None])
        devices = _DEVICES[np.minimum((rng.random(size) > chances).sum(axis=0), 2)]
        # Out of order by about the lateness: whether an event is late hangs by what its own partition showed before.
        times = START_MS + numbers * EVERY_MS // self.per_pane - rng.integers(0, LATENESS_MS * 14 // 10, size)
        columns = (numbers.tolist(), times.tolist(), ages.tolist(), incomes.tolist(), devices.tolist())
        for number, time_ms, age, income, device in zip(*columns, strict=True):
            features = f'"age":{age},"income":{income},"device":"{device}"'
            yield number % PARTITIONS, _record(number, max(time_ms, START_MS), features)


def write_monitor(folder: Path, seed: int) -> Path:
    """Fit a baseline to training data of this traffic, and return the path of a configuration for it."""
    rng = np.random.default_rng([seed, 2**31])
    ages, incomes = rng.normal(40, 8, 20_000).round(2), np.exp(rng.normal(4.6, 0.4, 20_000)).round(1)
    devices = rng.choice(_DEVICES, 20_000, p=_AS_TRAINED)
    rows = (f"{age},{income},{device}\n" for age, income, device in zip(ages, incomes, devices, strict=True))
    (folder / "training.csv").write_text("age,income,device\n" + "".join(rows))
    save(fit([folder / "training.csv"], FitOptions(cells=200)), folder / "baseline.json")
    config = folder / "driftline.toml"
    config.write_text(
        f"""[monitor]
name = "torture"
[schedule]
every = "{EVERY_MS // 1000}s"
window = "{2 * EVERY_MS // 1000}s"
lateness = "{LATENESS_MS // 1000}s"
# Facts that depend on the clock are outside of what is promised of events.
idle = "12h"
[events]
timestamp = "ts"
id = "id"
features = "features"
where = {{model = "prices"}}
[topics]
# All counts ever written are held against the recount.
cut_counts = false
[telemetry]
listen = "127.0.0.1:0"
"""
    )
    return config


def _record(number: int, time_ms: int, features: str) -> bytes | None:
    """Return an event, or what stands in its place."""
    interval = next((interval for interval in _ODD if number % interval == 1), None)
    if interval is None:
        return _event(time_ms, str(number), features)
    return _ODD[interval](number, time_ms, features)


def _event(time_ms: int, name: str, features: str, model: str = "prices") -> bytes:
    return f'{{"ts":{time_ms},"id":"{name}","model":"{model}","features":{{{features}}}}}'.encode()


# Intervals at which an event is something else; primes, so that every partition gets of each.
_ODD: dict[int, Callable[[int, int, str], bytes | None]] = {
    503: lambda _number, _time_ms, _features: None,
    401: lambda number, time_ms, features: _event(time_ms, str(number), features)[:-7],
    307: lambda number, time_ms, features: _event(time_ms, str(number), features, model="rents"),
    # Ahead of its record's own timestamp, and late.
    601: lambda number, _time_ms, features: _event(4_000_000_000_000, str(number), features),
    211: lambda number, time_ms, features: _event(max(START_MS, time_ms - 30_000), str(number), features),
    # A category that training never saw, and features that are missing.
    457: lambda number, time_ms, _: _event(
        time_ms, str(number), f'"age":40.5,"income":99.0,"device":"kind-{number % 89}"'
    ),
    97: lambda number, time_ms, _: _event(time_ms, str(number), '"age":null,"device":"mobile"'),
}
