"""The counter's arithmetic: rows of one partition become what each pane grew, and the rest is accounted for.

Whether a row is late is decided row by row in offset order, against the largest event time its own partition has shown
so far: the answer does not depend on how batches fall or on who reads the partition.
"""

from dataclasses import dataclass, field

import numpy as np

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts
from stream.ledger import Ledger
from stream.panes import Pane
from stream.rows import Rows
from stream.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Guards:
    """How far out of order (``lateness_ms``), and how far ahead of its record (``ahead_ms``), an event may be."""

    lateness_ms: int
    ahead_ms: int


@dataclass(slots=True)
class Tally:
    """What some batches add: growth per pane, by start; the ledger; the largest event time per (topic, partition)."""

    panes: dict[int, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    newest_ms: dict[tuple[str, int], int] = field(default_factory=dict)

    def grow(self, pane: Pane) -> None:
        """Add growth to its pane."""
        known = self.panes.get(pane.start_ms)
        if known is None:
            self.panes[pane.start_ms] = pane
        else:
            known.add(pane)


class Tallier:
    """Places rows in panes; holds nothing between calls."""

    def __init__(self, layout: Layout, schedule: Schedule, guards: Guards) -> None:
        self._layout = layout
        self._schedule = schedule
        self._guards = guards

    def add(self, tally: Tally, place: tuple[str, int], rows: Rows, newest_ms: int | None) -> None:
        """Count one batch of a partition (``place`` is topic and partition) into ``tally``.

        ``newest_ms`` is the partition's largest event time before the tally's first batch; None before its first event.
        """
        newest_ms = tally.newest_ms.get(place, newest_ms)
        ahead = self._ahead(rows)
        if ahead.any():
            tally.ledger.ahead += int(ahead.sum())
            rows = rows.take(np.flatnonzero(~ahead))
        if len(rows) == 0:
            return
        reached = np.maximum.accumulate(rows.times_ms)
        if newest_ms is not None:
            reached = np.maximum(reached, newest_ms)
        tally.newest_ms[place] = int(reached[-1])
        late = rows.times_ms < reached - self._guards.lateness_ms
        if late.any():
            tally.ledger.late += int(late.sum())
            rows = rows.take(np.flatnonzero(~late))
        tally.ledger.counted += len(rows)
        self._count(tally, place, rows)

    def _ahead(self, rows: Rows) -> IntArray:
        if rows.record_times_ms is None:
            return np.zeros(len(rows), dtype=np.bool_)
        return rows.times_ms > rows.record_times_ms + self._guards.ahead_ms

    def _count(self, tally: Tally, place: tuple[str, int], rows: Rows) -> None:
        starts = self._schedule.pane_starts(rows.times_ms)
        for start in np.unique(starts).tolist():
            index = np.flatnonzero(starts == start)
            part = rows if len(index) == len(rows) else rows.take(index)
            topic, partition = place
            span = (int(part.offsets.min()), int(part.offsets.max()))
            tally.grow(Pane(start, Counts.of(self._layout, part), {topic: {partition: span}}))
