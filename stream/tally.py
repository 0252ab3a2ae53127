"""The counter's arithmetic: rows of one partition become what each pane grew, and the rest is accounted for.

An event may have several rows; each is late or ahead by its own time.

Whether a row is late is decided row by row in offset order, against the largest event time its own partition has shown
so far: the answer does not depend on how batches fall or on who reads the partition.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts
from stream.ledger import AHEAD, COUNTED, LATE, Ledger
from stream.looks import Looks
from stream.panes import OffsetRanges, Pane, merge_offsets
from stream.rows import Rows
from stream.schedule import Schedule
from stream.segments import WHOLE, Segment

# A topic and the number of one of its partitions.
Place: TypeAlias = tuple[str, int]
# A run of rows begins at most so many panes, of all segments: what is held at once does not grow with the span of a
# batch.
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
        fates = self._fates(rows)
        timely = rows.times_ms[fates != AHEAD]
        if len(timely) == 0:
            ledger.enter_rows(rows.offsets, fates)
            return rows.take(np.flatnonzero(fates == COUNTED)), newest_ms
        reached = np.maximum.accumulate(timely)
        if newest_ms is not None:
            reached = np.maximum(reached, newest_ms)
        late = timely < reached - self._guards.lateness_ms
        if late.any():
            fates[np.flatnonzero(fates != AHEAD)[late]] = LATE
        ledger.enter_rows(rows.offsets, fates)
        good = fates == COUNTED
        return rows if good.all() else rows.take(np.flatnonzero(good)), int(reached[-1])

    def runs(self, rows: Rows) -> Iterator[Rows]:
        """Cut rows into consecutive runs that each begin at most ``PANES_PER_RUN`` new panes."""
        _, firsts = np.unique(self._groups(rows)[0], return_index=True)
        if len(firsts) <= PANES_PER_RUN:
            yield rows
            return
        cuts = [*np.sort(firsts)[::PANES_PER_RUN].tolist(), len(rows)]
        for start, end in itertools.pairwise(cuts):
            yield rows.take(np.arange(start, end))

    def panes(self, place: Place, rows: Rows) -> Iterator[Pane]:
        """Count rows of one partition (``place`` is topic and partition) into what each pane grew, in time order."""
        yield from self._panes([place], rows, np.zeros(len(rows), dtype=np.int64))

    def panes_of(self, parts: Sequence[tuple[Place, Rows]]) -> Iterator[Pane]:
        """Count rows of several partitions, together where they touch few panes: many small counts cost more than one.

        The sum over the panes yielded is the same as that of each partition's by itself.
        """
        joined = Rows.join([rows for _, rows in parts]) if parts else None
        if joined is not None and len(np.unique(self._groups(joined)[0])) <= PANES_PER_RUN:
            owners = np.repeat(np.arange(len(parts)), [len(rows) for _, rows in parts])
            yield from self._panes([place for place, _ in parts], joined, owners)
            return
        for place, rows in parts:
            for run in self.runs(rows):
                yield from self.panes(place, run)

    def _panes(self, places: Sequence[Place], rows: Rows, owners: IntArray) -> Iterator[Pane]:
        """Count rows by pane; ``owners`` (n,) says which of the places each row is from."""
        groups, names = self._groups(rows)
        firsts = _firsts(rows.offsets, owners)
        for group in np.unique(groups).tolist():
            index = np.flatnonzero(groups == group)
            part = rows if len(index) == len(rows) else rows.take(index)
            offsets = merge_offsets(_spans(places, part.offsets, owners[index]))
            start, segment = names[group]
            events = int(np.count_nonzero(firsts[index]))
            first_ms, looks = int(part.times_ms.min()), Looks.of(part.looks)
            yield Pane(start, Counts.of(self._layout, part), offsets, first_ms, segment, events, looks)

    def _groups(self, rows: Rows) -> tuple[IntArray, list[tuple[int, Segment]]]:
        """Return the number of each row's pane, in order of time, and every pane's start and segment."""
        starts, places = np.unique(self._schedule.pane_starts(rows.times_ms), return_inverse=True)
        if rows.segments is None:
            return places, [(start, WHOLE) for start in starts.tolist()]
        names = rows.segments.names
        return places * len(names) + rows.segments.codes, list(itertools.product(starts.tolist(), names))

    def _fates(self, rows: Rows) -> NDArray[np.int8]:
        """Return ``AHEAD`` for the rows too far ahead of their record, ``COUNTED`` for all others (n,)."""
        fates = np.full(len(rows), COUNTED, dtype=np.int8)
        if rows.record_times_ms is not None:
            # Kafka writes -1 where a record has no timestamp: nothing to be ahead of.
            known = rows.record_times_ms >= 0
            fates[known & (rows.times_ms > rows.record_times_ms + self._guards.ahead_ms)] = AHEAD
        return fates


def _firsts(offsets: IntArray, owners: IntArray) -> NDArray[np.bool_]:
    """Tell which rows (n,) are the first of their event: rows of one event stand side by side."""
    firsts = np.ones(len(offsets), dtype=np.bool_)
    firsts[1:] = (offsets[1:] != offsets[:-1]) | (owners[1:] != owners[:-1])
    return firsts


def _spans(places: Sequence[Place], offsets: IntArray, owners: IntArray) -> Iterator[OffsetRanges]:
    """Yield the smallest and largest offset of each place that has any of these rows."""
    for owner, (topic, partition) in enumerate(places):
        own = offsets if len(places) == 1 else offsets[owners == owner]
        if len(own):
            yield {topic: {partition: (int(own.min()), int(own.max()))}}
