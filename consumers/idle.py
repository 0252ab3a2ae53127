"""Which partitions have nothing to say: at the end of their log, with nothing new, for long enough."""

import time
from collections.abc import Callable

from consumers.source import Place, Polled


class IdleWatch:
    """Measures silence by a monotonic clock; the judge has none, and is told what is found here in control records."""

    def __init__(self, idle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_s = idle_s
        self._clock = clock
        self._quiet_since: dict[Place, float] = {}

    def forget(self) -> None:
        """Begin anew: partitions have changed hands."""
        self._quiet_since.clear()

    def idle(self, polled: Polled) -> frozenset[Place]:
        """Take a look at what was polled, and return the partitions that are idle now."""
        now = self._clock()
        for place in polled.next_offsets:
            self._quiet_since.pop(place, None)
        # An end is looked up now and then only: a partition that gave nothing since keeps its time in between.
        for place in polled.at_end:
            self._quiet_since.setdefault(place, now)
        return frozenset(place for place, since in self._quiet_since.items() if now - since >= self._idle_s)
