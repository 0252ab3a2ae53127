"""What the model's threads leave for the tap's own thread: bounded in batches and bytes, and never waited for."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """A queue that refuses what it has no room for. Sizes are bytes; what is being worked on still counts.

    The newest is refused, not the oldest thrown away: what is refused has not been copied yet, so that a full tap
    costs its caller next to nothing.
    """

    def __init__(self, most_batches: int, most_bytes: int) -> None:
        self._most_batches, self._most_bytes = most_batches, most_bytes
        self._waiting: deque[tuple[T, int]] = deque()
        self._held_batches = self._held_bytes = 0
        # Held for a few instructions only, by everybody.
        self._changed = threading.Condition(threading.Lock())

    def has_room(self, size: int) -> bool:
        """Say whether so many bytes would be taken now. One batch is taken whatever its size."""
        if self._held_batches == 0:
            return True
        return self._held_batches < self._most_batches and self._held_bytes + size <= self._most_bytes

    def put(self, item: T, size: int) -> bool:
        """Add an item; return False, and do not, when there is no room."""
        with self._changed:
            if not self.has_room(size):
                return False
            self._held_batches += 1
            self._held_bytes += size
            self._waiting.append((item, size))
            self._changed.notify()
            return True

    def take(self, wait_s: float) -> tuple[T, int] | None:
        """Return the oldest item and its size, after at most ``wait_s``; its room is free when it is ``done``."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(wait_s)
            return self._waiting.popleft() if self._waiting else None

    def done(self, size: int) -> None:
        """Give an item's room back."""
        with self._changed:
            self._held_batches -= 1
            self._held_bytes -= size
            self._changed.notify_all()

    def wake(self) -> None:
        """Let whoever waits for an item look again."""
        with self._changed:
            self._changed.notify_all()

    def drained(self, wait_s: float) -> bool:
        """Wait until every item is done, at most so long; say whether that is so."""
        deadline_s = time.monotonic() + wait_s
        with self._changed:
            return self._changed.wait_for(lambda: self._held_batches == 0, max(0.0, deadline_s - time.monotonic()))
