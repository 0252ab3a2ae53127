"""How long a label may wait for its prediction to be read, where the log's own time does not tell."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from consumers.source import Place


@dataclass(frozen=True, slots=True)
class _Mark:
    labels_to: int
    since_s: float
    events_end: int


class Patience:
    """Releases labels once all events that were in the log when they were read, and ``early_ms`` later, are read.

    Measured by a monotonic clock: for events that have stopped, and for labels whose timestamps run ahead of theirs.
    """

    def __init__(self, early_ms: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.early_ms = early_ms
        self._clock = clock
        self._marks: dict[Place, _Mark] = {}

    def forget(self) -> None:
        """Begin anew: partitions have changed hands."""
        self._marks.clear()

    def released_to(self, place: Place, labels_to: int, read_to: int, ends: Callable[[], Mapping[Place, int]]) -> int:
        """Return the offset before which the labels beside a partition of the events have waited long enough.

        ``labels_to`` is the offset behind the last label that is held, ``read_to`` how far the events are read;
        ``ends`` asks where they end.
        """
        mark = self._marks.get(place)
        if mark is None:
            self._marks[place] = _Mark(labels_to, self._clock(), ends().get(place, 0))
            return 0
        if self._clock() - mark.since_s < self.early_ms / 1000 or read_to < mark.events_end:
            return 0
        del self._marks[place]
        return mark.labels_to
