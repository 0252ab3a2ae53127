"""The sliding window: sealed panes added up, the expired ones taken away again, without rounding."""

from dataclasses import dataclass
from itertools import chain

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts, NameTables, merge_tables
from stream.packing import move_chunk, pack, unpack
from stream.panes import OffsetRanges, Pane, merge_offsets


@dataclass(frozen=True, slots=True)
class SealedPane:
    """A pane that will not change: its counts packed small, what people read beside them.

    ``coarse`` are the same counts, less the names, with their cells put together in runs, packed.
    """

    rows: int
    packed: tuple[bytes, ...]
    coarse: tuple[bytes, ...]
    names: NameTables
    offsets: OffsetRanges
    first_ms: int | None

    def pane(self, start_ms: int, layout: Layout) -> Pane:
        """Return the pane as it was sealed; ``start_ms`` is where it begins."""
        return Pane(start_ms, unpack(self.packed, layout), self.offsets, self.first_ms)


class SlidingWindow:
    """The running total of the panes in it; memory is one dense vector and the panes packed."""

    def __init__(self, layout: Layout) -> None:
        self.panes: dict[int, SealedPane] = {}
        self._layout = layout
        self._total = Counts.zero(layout)
        # Whether somebody else holds the total, who counts on it as it is.
        self._lent = False

    @property
    def total(self) -> Counts:
        """The sum of the panes; it does not change with the window, and nobody may change it."""
        self._lent = True
        return self._total

    @property
    def rows(self) -> int:
        """The rows of all panes together."""
        return self._total.rows

    def copy(self) -> "SlidingWindow":
        """Return a window of the same panes that goes its own way."""
        copy = SlidingWindow(self._layout)
        copy.panes, copy._total, copy._lent = dict(self.panes), self.total, True
        return copy

    def add(self, pane: Pane) -> IntArray:
        """Add a sealed pane, whose counts do not change any more; return its cells put together in runs."""
        counts = pane.counts
        if self.panes:
            self._own().add(counts)
        else:
            self._total, self._lent = counts, True
        coarse = counts.in_runs(self._layout)
        sealed = SealedPane(counts.rows, pack(counts), pack(coarse), counts.names, pane.offsets, pane.first_ms)
        self.panes[pane.start_ms] = sealed
        return coarse.cells

    def expire(self, before_ms: int) -> dict[int, SealedPane]:
        """Take away the panes that begin before this time, and return them."""
        expired = {start: self.panes.pop(start) for start in [start for start in self.panes if start < before_ms]}
        if expired and not self.panes:
            self._total, self._lent = Counts.zero(self._layout), False
            return expired
        for chunk in chain.from_iterable(sealed.packed for sealed in expired.values()):
            move_chunk(self._own(), chunk, -1)
        return expired

    def _own(self) -> Counts:
        """Return the total for changing it: a copy, if somebody else holds it."""
        if self._lent:
            self._total, self._lent = self._total.copy(), False
        return self._total

    def pane(self, start_ms: int) -> Pane | None:
        """Return a pane of the window as it was sealed."""
        sealed = self.panes.get(start_ms)
        return None if sealed is None else sealed.pane(start_ms, self._layout)

    def rows_from(self, start_ms: int) -> int:
        """Return how many rows the panes from this time on hold."""
        return sum(pane.rows for start, pane in self.panes.items() if start >= start_ms)

    def names(self) -> NameTables:
        """Return the unseen categories of the panes in the window."""
        return merge_tables([pane.names for pane in self.panes.values()])

    def offsets(self) -> OffsetRanges:
        """Return the smallest and largest offset of the panes in the window."""
        return merge_offsets([pane.offsets for pane in self.panes.values()])
