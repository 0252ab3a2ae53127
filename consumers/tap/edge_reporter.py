"""When a process reports what it counted, and that each report is on the topic before the next one is made.

A report whose fate is not known is sent again as it was, under its own number: the judge drops the second one. What is
counted meanwhile waits, and adds up.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumers.assembly import Assembly
from consumers.tap.edge_run import LONGEST_SILENCE_S, EdgeRun, Standing
from consumers.tap.edge_tally import EdgeTally
from consumers.tap.outlet import Settled

# Who is silent for so many times the time between two reports is taken for dead.
REPORTS_PER_LEASE = 6
# A boundary of the schedule is reported at once, but a stream of old events passes many of them in a moment.
_SHORTEST_PAUSE_S = 1.0


class CountsLog(Protocol):
    """Writes reports to the counts topic; called from one thread, which may wait."""

    def send(self, reports: Sequence[bytes]) -> None:
        """Write them in this order, and return when all of them are safe.

        Raises LogUnavailable or LogRefused when any of them may not be; all of them are then sent again.
        """
        ...

    def close(self, timeout_s: float) -> None:
        """Let go of everything, after at most so long."""
        ...

    def forget(self) -> None:
        """Let go of everything without touching it: this is a forked child, and all of it is the parent's."""
        ...


@dataclass(frozen=True, slots=True)
class _Sending:
    """Reports that are on their way since ``made_s``, and the rows in them, by who asked."""

    reports: list[bytes]
    rows: Mapping[Settled, int]
    made_s: float
    standing: Standing


class EdgeReporter:
    """``count`` is called by the thread that has events, ``step`` by the one that may wait; times are monotonic (s)."""

    def __init__(self, assembly: Assembly, log: CountsLog, report_s: float, memory_bytes: int) -> None:
        self._assembly, self._log, self._report_s = assembly, log, report_s
        self._tally = EdgeTally(assembly, memory_bytes)
        self._run = self._new_run()
        self._lock = threading.Lock()
        self._rows: Counter[Settled] = Counter()
        self._sending: _Sending | None = None
        self._counted_s = self._reported_s = 0.0
        self._told: Standing | None = None

    @property
    def run(self) -> str:
        """The name under which this process reports."""
        return self._run.name

    @property
    def finished(self) -> bool:
        """Whether the last report has said goodbye, or there is nobody to say goodbye to."""
        return self._told is None or self._told.closing

    def count(self, lines: Sequence[bytes], settled: Settled, now_ms: int, now_s: float) -> None:
        """Count events that were made now; ``settled`` is told of each, as it is of events (`Outlet.send`)."""
        with self._lock:
            lost = self._tally.count(lines, now_ms)
            self._rows[settled] += len(lines) - lost
            self._counted_s = now_s
        if lost:
            settled(0, lost)

    def waiting(self) -> int:
        """Return how many rows are not known to be on the topic."""
        with self._lock:
            return self._rows.total() + (sum(self._sending.rows.values()) if self._sending else 0)

    def due_s(self) -> float | None:
        """Return when the next report is due; None while there is nothing to say."""
        with self._lock:
            if self._sending is not None:
                return self._reported_s
            if self._told is None or self._told.idle:
                # Nobody waits for who was never heard of, or had nothing to say.
                return self._reported_s if self._rows else None
            soon = self._boundary(self._tally.newest_ms) != self._boundary(self._told.newest_ms)
            return self._reported_s + (_SHORTEST_PAUSE_S if soon else self._report_s)

    def step(self, now_s: float, *, closing: bool = False) -> None:
        """Send a report, or the one that may not have arrived once more; raises LogUnavailable or LogRefused."""
        if self._sending is not None and now_s - self._sending.made_s > LONGEST_SILENCE_S:
            self._give_up(self._sending)
        sending = self._sending or self._make(now_s, closing=closing)
        self._log.send(sending.reports)
        with self._lock:
            self._sending, self._told, self._reported_s = None, sending.standing, now_s
        for settled, rows in sending.rows.items():
            settled(rows, 0)

    def _make(self, now_s: float, *, closing: bool) -> _Sending:
        if self._told is not None and now_s - self._reported_s > LONGEST_SILENCE_S:
            # A judge may have forgotten the last report's number.
            self._run = self._new_run()
        with self._lock:
            quiet = not self._rows and now_s - self._counted_s >= self._assembly.settings.idle_ms / 1_000
            standing = Standing(self._tally.newest_ms, quiet, closing)
            rows, self._rows = self._rows, Counter()
            growth = self._tally.take()
            self._sending = _Sending(self._run.reports(growth, standing), rows, now_s, standing)
            return self._sending

    def _give_up(self, sending: _Sending) -> None:
        """Begin another run: whether these reports arrived cannot be told any more, and must not be told twice."""
        with self._lock:
            self._sending, self._run = None, self._new_run()
        for settled, rows in sending.rows.items():
            settled(0, rows)

    def _new_run(self) -> EdgeRun:
        assembly, lease_ms = self._assembly, round(self._report_s * 1_000) * REPORTS_PER_LEASE
        return EdgeRun(assembly.schedule.counted_on(assembly.baseline.fingerprint), lease_ms)

    def _boundary(self, newest_ms: int | None) -> int | None:
        """Return the boundary that a process with this largest event time has passed for good."""
        if newest_ms is None:
            return None
        return self._assembly.schedule.pane_start(newest_ms - self._assembly.settings.lateness_ms)
