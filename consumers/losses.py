"""What retention deleted before it was read: offsets that a reader had to step over because they are gone.

A gap between offsets alone says nothing: transactions leave markers there, and compaction leaves holes. Only where the
beginning of the partition has moved past the offset that was due next is something lost.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from consumers.source import Place

# The first offset that each of these partitions still has.
Beginnings: TypeAlias = Callable[[Sequence[Place]], Mapping[Place, int]]


class LossWatch:
    """Knows the offset that is due next in each owned partition, and counts what is gone before it was read."""

    def __init__(self, beginnings: Beginnings) -> None:
        self._beginnings = beginnings
        self._due: dict[Place, int] = {}
        self._untold: dict[Place, int] = {}

    def begin(self, committed: Mapping[Place, int | None]) -> Mapping[Place, int]:
        """Begin anew at what is committed (None: nothing); return where to read from: what is gone is stepped over."""
        self._due, self._untold = {}, {}
        for place, beginning in self._beginnings(sorted(committed)).items() if committed else ():
            offset = committed[place]
            if offset is not None and beginning > offset:
                self._untold[place] = beginning - offset
            self._due[place] = beginning if offset is None else max(offset, beginning)
        return dict(self._due)

    def read(self, offsets: Mapping[Place, Sequence[int]]) -> Mapping[Place, int]:
        """Take the offsets that were polled, in order; return how many offsets are lost since it was last told."""
        gaps = {place: list(_gaps(self._due.get(place, some[0]), some)) for place, some in offsets.items()}
        jumped = [place for place in sorted(gaps) if gaps[place]]
        for place, beginning in self._beginnings(jumped).items() if jumped else ():
            lost = sum(max(0, min(beginning, to) - start) for start, to in gaps[place])
            if lost:
                self._untold[place] = self._untold.get(place, 0) + lost
        self._due |= {place: some[-1] + 1 for place, some in offsets.items()}
        told, self._untold = self._untold, {}
        return told

    def due(self, place: Place) -> int:
        """Return the offset that is due next."""
        return self._due[place]


def _gaps(due: int, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield every stretch of offsets that is missing, from its first up to, not including, its end."""
    if offsets[-1] + 1 - due == len(offsets):
        return
    for offset in offsets:
        if offset > due:
            yield due, offset
        due = offset + 1
