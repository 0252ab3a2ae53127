"""Panes: the counts of one interval of event time, which grow until they are sealed and then only add and subtract."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from baselines import Layout
from stream.counts import Counts
from stream.looks import Looks
from stream.segments import WHOLE, Segment

# The segment and the start of a pane.
PaneKey: TypeAlias = tuple[Segment, int]
# topic -> partition -> smallest and largest offset counted
OffsetRanges = dict[str, dict[int, tuple[int, int]]]


@dataclass(slots=True)
class Pane:
    """What was counted of the interval that begins at ``start_ms``, and where in the log it came from.

    ``first_ms`` is the smallest event time counted; None while there is none. A pane is of one ``segment``. ``events``
    are those whose first row is here, as far as that is known: of an event of many rows, others may be elsewhere.
    ``looks`` are those at a sample of its events; a sealed pane in a window has none any more.
    """

    start_ms: int
    counts: Counts
    offsets: OffsetRanges = field(default_factory=dict)
    first_ms: int | None = None
    segment: Segment = WHOLE
    events: int = 0
    looks: Looks = field(default_factory=Looks)

    @property
    def key(self) -> PaneKey:
        """Which pane this is, or is a part of."""
        return self.segment, self.start_ms

    @classmethod
    def empty(cls, start_ms: int, layout: Layout) -> "Pane":
        """Return a pane of no rows."""
        return cls(start_ms, Counts.zero(layout))

    def add(self, other: "Pane") -> None:
        """Add what another batch, partition or worker counted of the same interval."""
        self.counts.add(other.counts)
        self.offsets = merge_offsets([self.offsets, other.offsets])
        self.events += other.events
        self.looks.add(other.looks)
        known = [first for first in (self.first_ms, other.first_ms) if first is not None]
        self.first_ms = min(known, default=None)


def merge_offsets(ranges: Iterable[OffsetRanges]) -> OffsetRanges:
    """Return the smallest and largest offset per topic and partition.

    >>> merge_offsets([{"events": {0: (5, 9)}}, {"events": {0: (2, 6), 1: (0, 0)}}])
    {'events': {0: (2, 9), 1: (0, 0)}}
    """
    merged: OffsetRanges = {}
    for one in ranges:
        for topic, partitions in one.items():
            into = merged.setdefault(topic, {})
            for partition, (low, high) in partitions.items():
                known = into.get(partition)
                into[partition] = (low, high) if known is None else (min(low, known[0]), max(high, known[1]))
    return merged
