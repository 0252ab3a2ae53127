"""A frame as a stream through the tallier and the monitor, a row a second, without files or a broker."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from baselines import Baseline, Layout
from benchmarks.frames import START_MS, Frame, length, rows, take
from stream.drift_event import Identity
from stream.ledger import Ledger
from stream.monitor import TESTED, Monitor, Tick
from stream.policy import Policy
from stream.schedule import Schedule
from stream.tally import Guards, Tallier

SECOND_MS = 1_000
_ROWS_AT_ONCE = 5_000
_FAR_MS = 10**12


def first_time_ms(window: int) -> int:
    """Return a time at which a window of so many seconds begins."""
    return START_MS - START_MS % (window * SECOND_MS)


def ticks(baseline: Baseline, stream: Frame, window: int, policy: Policy) -> Iterator[Tick]:
    """Yield the ticks of tumbling windows of ``window`` seconds, which hold as many rows each."""
    layout = Layout(baseline)
    schedule = Schedule(window * SECOND_MS, window * SECOND_MS)
    tallier = Tallier(layout, schedule, Guards(0, _FAR_MS))
    monitor = Monitor(Identity("simulated", baseline.fingerprint, baseline.n), layout, schedule, policy)
    start_ms = first_time_ms(window)
    for first in range(0, length(stream), _ROWS_AT_ONCE):
        part = take(stream, slice(first, first + _ROWS_AT_ONCE))
        times_ms = start_ms + SECOND_MS * np.arange(first, first + length(part))
        kept, _ = tallier.sift(rows(baseline, part, times_ms), None, Ledger())
        for run in tallier.runs(kept):
            for pane in tallier.panes(("simulated", 0), run):
                monitor.add(pane)
        yield from monitor.advance(int(times_ms[-1]) + SECOND_MS)


@dataclass(frozen=True)
class Course:
    """What a monitor said over a stream, by the number of the window (from 0).

    ``opened`` and ``resolved`` are the windows at which incidents opened and resolved, ``blamed`` the features named
    by each opening, ``tested`` how many windows were tested.
    """

    tested: int
    opened: tuple[int, ...]
    resolved: tuple[int, ...]
    blamed: tuple[frozenset[str], ...]

    def alarmed(self, windows: int) -> np.ndarray:
        """Return per window whether an incident was open at its end or resolved only there, shape (windows,)."""
        alarm = np.zeros(windows, dtype=bool)
        ends = [*self.resolved, windows]
        for first, last in zip(self.opened, ends, strict=False):
            alarm[first:last] = True
        return alarm


def course(baseline: Baseline, stream: Frame, window: int, policy: Policy) -> Course:
    """Run a stream through and keep what became of it."""
    start_ms, tested = first_time_ms(window), 0
    events = []
    for tick in ticks(baseline, stream, window, policy):
        tested += tick.status == TESTED
        number = (tick.window.end_ms - start_ms) // (window * SECOND_MS) - 1
        events += [(number, event) for event in tick.events]
    opened = [(number, event) for number, event in events if event.type == "drift.opened"]
    return Course(
        tested,
        tuple(number for number, _ in opened),
        tuple(number for number, event in events if event.type == "drift.resolved"),
        tuple(frozenset(feature["name"] for feature in event.features) for _, event in opened),
    )
