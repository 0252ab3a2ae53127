"""The sliding window: sealed panes added up, the expired ones taken away again, without rounding."""

from dataclasses import dataclass, field

from baselines import Layout
from stream.counts import Counts, NameTables, merge_tables
from stream.packing import pack, unpack
from stream.panes import OffsetRanges, Pane, merge_offsets


@dataclass(frozen=True, slots=True)
class SealedPane:
    """A pane that will not change: its counts packed small, what people read beside them."""

    rows: int
    packed: tuple[bytes, ...]
    names: NameTables
    offsets: OffsetRanges
    first_ms: int | None

    def pane(self, start_ms: int, layout: Layout) -> Pane:
        """Return the pane as it was sealed; ``start_ms`` is where it begins."""
        return Pane(start_ms, unpack(self.packed, layout), self.offsets, self.first_ms)


@dataclass(slots=True)
class SlidingWindow:
    """The running total of the panes in it; memory is one dense vector and the panes packed."""

    layout: Layout
    total: Counts
    panes: dict[int, SealedPane] = field(default_factory=dict)

    @classmethod
    def empty(cls, layout: Layout) -> "SlidingWindow":
        """Return a window of no panes."""
        return cls(layout, Counts.zero(layout))

    def copy(self) -> "SlidingWindow":
        """Return a window of the same panes that goes its own way."""
        return SlidingWindow(self.layout, self.total.copy(), dict(self.panes))

    def add(self, pane: Pane) -> None:
        """Add a sealed pane."""
        self.total.add(pane.counts)
        counts = pane.counts
        self.panes[pane.start_ms] = SealedPane(counts.rows, pack(counts), counts.names, pane.offsets, pane.first_ms)

    def expire(self, before_ms: int) -> dict[int, SealedPane]:
        """Take away the panes that begin before this time, and return them."""
        expired = {start: self.panes.pop(start) for start in [start for start in self.panes if start < before_ms]}
        for sealed in expired.values():
            self.total.subtract(unpack(sealed.packed, self.layout))
        return expired

    def pane(self, start_ms: int) -> Pane | None:
        """Return a pane of the window as it was sealed."""
        sealed = self.panes.get(start_ms)
        return None if sealed is None else sealed.pane(start_ms, self.layout)

    def rows_from(self, start_ms: int) -> int:
        """Return how many rows the panes from this time on hold."""
        return sum(pane.rows for start, pane in self.panes.items() if start >= start_ms)

    def names(self) -> NameTables:
        """Return the unseen categories of the panes in the window."""
        return merge_tables([pane.names for pane in self.panes.values()])

    def offsets(self) -> OffsetRanges:
        """Return the smallest and largest offset of the panes in the window."""
        return merge_offsets([pane.offsets for pane in self.panes.values()])
