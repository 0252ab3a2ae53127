"""The panes behind the window: sealed, expired, and kept as long as a comparator looks back on them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from baselines import Layout
from stream.counts import Counts
from stream.packing import add_chunk, unpack
from stream.panes import Pane
from stream.window import SealedPane

# A sum over fewer panes is made anew as quickly as it is moved.
_WORTH_MOVING = 3


@dataclass(slots=True)
class Stretch:
    """The sum over the panes of one comparator's reference window; it moves along with the window."""

    total: Counts
    starts: frozenset[int] = frozenset()


@dataclass(slots=True)
class History:
    """Panes that have left the window, by their start, and a running sum per comparator."""

    layout: Layout
    panes: dict[int, SealedPane] = field(default_factory=dict)
    stretches: dict[str, Stretch] = field(default_factory=dict)

    def keep(self, expired: Mapping[int, SealedPane]) -> None:
        """Take panes that have left the window."""
        self.panes.update(expired)

    def total(self, comparator: str, start_ms: int, end_ms: int) -> Counts:
        """Return the sum over the panes that begin from ``start_ms`` to before ``end_ms``; it belongs to the caller.

        Only what entered and left since the last call is added and taken away.
        """
        starts = frozenset(start for start in self.panes if start_ms <= start < end_ms)
        known = self.stretches.get(comparator, Stretch(Counts.zero(self.layout)))
        if len(starts) < _WORTH_MOVING or not known.starts & starts:
            known = Stretch(unpack(self._chunks(starts), self.layout), starts)
            if len(starts) < _WORTH_MOVING:
                return known.total
        for start in sorted(known.starts - starts):
            known.total.subtract(unpack(self.panes[start].packed, self.layout))
        for chunk in self._chunks(starts - known.starts):
            add_chunk(known.total, chunk)
        self.stretches[comparator] = Stretch(known.total, starts)
        return known.total.copy()

    def _chunks(self, starts: Iterable[int]) -> Iterator[bytes]:
        for start in sorted(starts):
            yield from self.panes[start].packed

    def forget(self, before_ms: int) -> None:
        """Drop the panes that begin before a time on which no comparator looks back any more."""
        for start in [start for start in self.panes if start < before_ms]:
            del self.panes[start]
        gone = [name for name, one in self.stretches.items() if one.starts and min(one.starts) < before_ms]
        for name in gone:
            del self.stretches[name]

    def pane(self, start_ms: int) -> Pane | None:
        """Return a pane as it was sealed; None when it is not held."""
        sealed = self.panes.get(start_ms)
        return None if sealed is None else sealed.pane(start_ms, self.layout)
