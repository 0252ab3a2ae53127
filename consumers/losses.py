"""Offsets that are gone: deleted before they were read, or cut off behind a reader by a log that lost its end.

A gap between offsets alone says nothing: transactions leave markers there, and compaction leaves holes. Only where the
beginning of the partition has moved past the offset that was due next is something deleted. A log that ends before the
offset that was due has given up what it had acknowledged (unclean leader election) and will give those offsets to other
records: reading goes on at its end, or they would be stepped over, and never from its beginning.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from consumers.source import LogUnavailable, Place

# The first offset that each of these partitions still has, or the one behind its last.
Bounds: TypeAlias = Callable[[Sequence[Place]], Mapping[Place, int]]
# A broker that has just become leader may not know the end yet; what it says for this long is taken for true.
CUT_IS_BELIEVED_AFTER_S = 10.0
_log = logging.getLogger("driftline.events")


class LossWatch:
    """Knows the offset that is due next in each owned partition, and counts what is gone before it was read."""

    def __init__(
        self,
        beginnings: Bounds,
        ends: Bounds,
        clock: Callable[[], float] = time.monotonic,
        believed_after_s: float = CUT_IS_BELIEVED_AFTER_S,
    ) -> None:
        self._beginnings = beginnings
        self._ends = ends
        self._clock = clock
        self._believed_after_s = believed_after_s
        # Since when a log is known to end too early, and the earliest such end: it may grow again meanwhile.
        self._cuts: dict[Place, tuple[float, int]] = {}
        self._due: dict[Place, int] = {}
        self._untold: dict[Place, int] = {}

    def begin(self, committed: Mapping[Place, int | None]) -> Mapping[Place, int]:
        """Begin anew at what is committed (None: nothing); return where to read from: what is gone is stepped over.

        Raises LogUnavailable while a log ends before what is committed, and that may yet change.
        """
        self._due, self._untold = {}, {}
        return self.move(committed)

    def move(self, offsets: Mapping[Place, int | None]) -> Mapping[Place, int]:
        """Go on at other offsets in some of the places, as `begin` does in all."""
        asked = sorted(offsets)
        beginnings, ends = (self._beginnings(asked), self._ends(asked)) if asked else ({}, {})
        for place in asked:
            offset = offsets[place]
            wanted = beginnings[place] if offset is None else offset
            self._due[place] = max(beginnings[place], self._cut(place, wanted, ends[place]))
            self._untold[place] = abs(self._due[place] - wanted)
        return {place: self._due[place] for place in asked}

    def went_back(self, offsets: Mapping[Place, Sequence[int]]) -> bool:
        """Tell whether something polled lies before what was due: a client goes to the beginning of a log cut short."""
        return any(some[0] < self._due.get(place, 0) for place, some in offsets.items())

    def read(self, offsets: Mapping[Place, Sequence[int]]) -> Mapping[Place, int]:
        """Take the offsets that were polled, in order; return how many offsets are lost since it was last told."""
        gaps = {place: list(_gaps(self._due.get(place, some[0]), some)) for place, some in offsets.items()}
        jumped = [place for place in sorted(gaps) if gaps[place]]
        for place, beginning in self._beginnings(jumped).items() if jumped else ():
            lost = sum(max(0, min(beginning, to) - start) for start, to in gaps[place])
            if lost:
                self._untold[place] = self._untold.get(place, 0) + lost
        self._due |= {place: some[-1] + 1 for place, some in offsets.items()}
        told, self._untold = {place: lost for place, lost in self._untold.items() if lost}, {}
        return told

    def due(self, place: Place) -> int:
        """Return the offset that is due next."""
        return self._due[place]

    def _cut(self, place: Place, offset: int, end: int) -> int:
        """Return the offset, or the end of a log that has been shorter than that for long enough."""
        if offset <= end:
            self._cuts.pop(place, None)
            return offset
        now_s = self._clock()
        since_s, earliest = self._cuts.get(place, (now_s, end))
        self._cuts[place] = since_s, min(earliest, end)
        if now_s - since_s < self._believed_after_s:
            raise LogUnavailable(f"{place[0]}-{place[1]} ends at {end}, and was read up to {offset}: it may come back")
        _log.error("%s-%d lost its end: it was read up to %d, and is read on from %d", *place, offset, end)
        return min(earliest, end)


def _gaps(due: int, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield every stretch of offsets that is missing, from its first up to, not including, its end."""
    if offsets[-1] + 1 - due == len(offsets):
        return
    for offset in offsets:
        if offset > due:
            yield due, offset
        due = offset + 1
