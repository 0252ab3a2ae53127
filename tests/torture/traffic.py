"""Traffic with a known content: a function of the seed, with drift that comes and goes and every kind of trouble."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

START_MS = 1_700_000_000_000
EVERY_MS = 10_000
LATENESS_MS = 2_000
PARTITIONS = 4
DEVICES = np.array(["mobile", "desktop", "tablet"])
AS_TRAINED, _MOVED = (0.45, 0.45, 0.1), (0.7, 0.2, 0.1)
# Of every forty panes, these have drifted: each time an incident opens and resolves.
_CYCLE, _DRIFTED = 40, range(12, 24)
_BLOCK = 2_000
# A label's time is so much behind its event's.
_LABELLED_AFTER_MS = 3_000
# Servers that count by themselves: their panes, and how many rows of one process are in each but the last.
_TAP_PANES, _TAPPED_PER_PANE = 6, 100


class Sent(NamedTuple):
    """A record of the events topic, and the labels that come once it is on the topic."""

    partition: int
    value: bytes | None
    labels: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """``events`` events, ``per_pane`` of them to an interval of event time, dealt out to the partitions in turn.

    Where there are ``taps``, they count rows of later intervals than any event's: so whatever befalls whom, no row is
    late because a window has closed.
    """

    seed: int
    events: int
    per_pane: int
    taps: bool = False

    def arguments(self) -> list[str]:
        """Return what a process needs to be asked the same rows (`tapped`)."""
        return [str(self.seed), str(self.events), str(self.per_pane)]

    @property
    def tapped_from_ms(self) -> int:
        """Where the intervals of the taps begin (UTC ms)."""
        return START_MS + (self.events // self.per_pane + 1) * EVERY_MS

    @property
    def last_boundary_ms(self) -> int:
        """The end of the last window that becomes whole (UTC ms); by then all panes with traffic are sealed."""
        return self.tapped_from_ms + (1 + _TAP_PANES * self.taps) * EVERY_MS

    def records(self) -> Iterator[Sent]:
        """Yield everything but what closes the last windows."""
        for first in range(0, self.events, _BLOCK):
            yield from self._block(first, min(_BLOCK, self.events - first))

    def ends(self) -> Iterator[Sent]:
        """Yield what closes the last windows, one event a partition."""
        time_ms = self.last_boundary_ms + LATENESS_MS
        for partition in range(PARTITIONS):
            event = _event(time_ms, f"end-{partition}", '"age":40.0,"income":100.0,"device":"mobile"')
            yield Sent(partition, event, (_label(f"end-{partition}", "yes", time_ms),))

    def tapped(self, name: str) -> Iterator[bytes]:
        """Yield the rows that a server is asked, from its start on and for ever; equal names are asked the same."""
        rng = np.random.default_rng([self.seed, *name.encode()])
        number = 0
        while True:
            pane = min(number // _TAPPED_PER_PANE, _TAP_PANES - 1)
            within_ms = number % _TAPPED_PER_PANE * EVERY_MS // _TAPPED_PER_PANE
            time_ms = self.tapped_from_ms + pane * EVERY_MS + within_ms - int(rng.integers(0, LATENESS_MS * 14 // 10))
            age, income = rng.normal(48.0 if pane in (2, 3) else 40.0, 8.0), np.exp(rng.normal(4.6, 0.4))
            features = f'"age":{age:.2f},"income":{income:.1f},"device":"{DEVICES[rng.choice(3, p=AS_TRAINED)]}"'
            yield _event(max(time_ms, self.tapped_from_ms), f"{name}-{number}", features)
            number += 1

    def _block(self, first: int, size: int) -> Iterator[Sent]:
        rng = np.random.default_rng([self.seed, first])
        numbers = np.arange(first, first + size)
        moved = np.isin(numbers // self.per_pane % _CYCLE, _DRIFTED)
        ages = np.round(rng.normal(np.where(moved, 48.0, 40.0), 8.0), 2)
        incomes = np.round(np.exp(rng.normal(np.where(moved, 4.9, 4.6), 0.4)), 1)
        chances = np.where(moved, np.cumsum(_MOVED)[:, None], np.cumsum(AS_TRAINED)[:, None])
        devices = DEVICES[np.minimum((rng.random(size) > chances).sum(axis=0), 2)]
        # Out of order by about the lateness: whether an event is late hangs by what its own partition showed before.
        times = START_MS + numbers * EVERY_MS // self.per_pane - rng.integers(0, LATENESS_MS * 14 // 10, size)
        # The model answers "yes", and errs more often where its inputs moved.
        truths = np.where(rng.random(size) < np.where(moved, 0.5, 0.1), "no", "yes")
        columns = (numbers.tolist(), times.tolist(), ages.tolist(), incomes.tolist(), devices.tolist(), truths.tolist())
        for number, time_ms, age, income, device, truth in zip(*columns, strict=True):
            features = f'"age":{age},"income":{income},"device":"{device}"'
            value = _record(number, max(time_ms, START_MS), features)
            yield Sent(number % PARTITIONS, value, tuple(_labels(number, truth, max(time_ms, START_MS))))


def _record(number: int, time_ms: int, features: str) -> bytes | None:
    """Return an event, or what stands in its place."""
    interval = next((interval for interval in _ODD if number % interval == 1), None)
    if interval is None:
        return _event(time_ms, str(number), features)
    return _ODD[interval](number, time_ms, features)


def _event(time_ms: int, name: str, features: str, model: str = "prices") -> bytes:
    return f'{{"ts":{time_ms},"id":"{name}","model":"{model}","prediction":"yes","features":{{{features}}}}}'.encode()


def _labels(number: int, truth: str, time_ms: int) -> Iterator[bytes]:
    """Yield what is told of an event later: mostly its label; nothing, the same twice, of another id, or nonsense."""
    label = _label(str(number), truth, time_ms + _LABELLED_AFTER_MS)
    if number % 9 == 2:
        return
    yield label[:-3] if number % 557 == 3 else label
    if number % 311 == 4:
        yield label
    if number % 613 == 5:
        yield _label(f"unknown-{number}", truth, time_ms)


def _label(name: str, truth: str, time_ms: int) -> bytes:
    return f'{{"id":"{name}","label":"{truth}","ts":{time_ms}}}'.encode()


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
