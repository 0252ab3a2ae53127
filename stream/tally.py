"""The counter's arithmetic: rows of one partition become what each pane grew, and the rest is accounted for.

Whether a row is late is decided row by row in offset order, against the largest event time its own partition has shown
so far: the answer does not depend on how batches fall or on who reads the partition.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from stream.counts import Counts
from stream.ledger import Ledger
from stream.panes import Pane
from stream.rows import Rows
from stream.schedule import Schedule

# A run of rows begins at most so many panes: what is held at once does not grow with the span of a batch.
PANES_PER_RUN = 16


@dataclass(frozen=True, slots=True)
class Guards:
    """How far out of order (``lateness_ms``), and how far ahead of its record (``ahead_ms``), an event may be."""

    lateness_ms: int
    ahead_ms: int


class Tallier:
    """Places rows in panes; holds nothing between calls."""

    def __init__(self, layout: Layout, schedule: Schedule, guards: Guards) -> None:
        self._layout = layout
        self._schedule = schedule
        self._guards = guards

    def sift(self, rows: Rows, newest_ms: int | None, ledger: Ledger) -> tuple[Rows, int | None]:
        """Return the rows that count and the partition's largest event time; enter every row in the ledger.

        ``newest_ms`` is the partition's largest event time before these rows; None before its first event.
        """
        ahead = self._ahead(rows)
        if ahead.any():
            ledger.ahead += int(ahead.sum())
            rows = rows.take(np.flatnonzero(~ahead))
        if len(rows) == 0:
            return rows, newest_ms
        reached = np.maximum.accumulate(rows.times_ms)
        if newest_ms is not None:
            reached = np.maximum(reached, newest_ms)
        late = rows.times_ms < reached - self._guards.lateness_ms
        if late.any():
            ledger.late += int(late.sum())
            rows = rows.take(np.flatnonzero(~late))
        ledger.counted += len(rows)
        return rows, int(reached[-1])

    def runs(self, rows: Rows) -> Iterator[Rows]:
        """Cut rows into consecutive runs that each begin at most ``PANES_PER_RUN`` new panes."""
        _, firsts = np.unique(self._schedule.pane_starts(rows.times_ms), return_index=True)
        if len(firsts) <= PANES_PER_RUN:
            yield rows
            return
        cuts = [*np.sort(firsts)[::PANES_PER_RUN].tolist(), len(rows)]
        for start, end in itertools.pairwise(cuts):
            yield rows.take(np.arange(start, end))

    def panes(self, place: tuple[str, int], rows: Rows) -> Iterator[Pane]:
        """Count rows of one partition (``place`` is topic and partition) into what each pane grew, in time order."""
        topic, partition = place
        starts = self._schedule.pane_starts(rows.times_ms)
        for start in np.unique(starts).tolist():
            index = np.flatnonzero(starts == start)
            part = rows if len(index) == len(rows) else rows.take(index)
            span = (int(part.offsets.min()), int(part.offsets.max()))
            yield Pane(start, Counts.of(self._layout, part), {topic: {partition: span}}, int(part.times_ms.min()))

    def _ahead(self, rows: Rows) -> NDArray[np.bool_]:
        if rows.record_times_ms is None:
            return np.zeros(len(rows), dtype=np.bool_)
        return rows.times_ms > rows.record_times_ms + self._guards.ahead_ms
