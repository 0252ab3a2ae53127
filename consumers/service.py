"""The long-lived process: a counter, a judge or both in one thread, until it is told to stop.

Leaving because of a failure commits nothing; stopping commits nothing that is not whole. Either way the next owner of
the partitions goes on from the last transaction.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from consumers.source import LogUnavailable, Place
from stream.drift_event import DriftEvent

_GATHER_S = 0.5
# Not 0: kafka-python drops the answer to a request to join the group that comes between two polls, and asks again.
_LOOK_S = 0.1
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0
_log = logging.getLogger("driftline.service")
_T = TypeVar("_T")


class Loop(Protocol):
    """A counter or a judge."""

    def step(self, gather_s: float) -> Sequence[DriftEvent]:
        """Do one transaction at most, and return the drift events that it published."""
        ...

    def finish(self) -> Sequence[DriftEvent]:
        """Commit what is whole but was not worth a transaction yet."""
        ...

    def end_offsets(self) -> Mapping[Place, int]:
        """Return where the partitions read end now."""
        ...

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether everything before these ends has been read."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Service:
    """Steps loops in turn; owned by one thread, stopped from any. ``on_event`` is told what was published."""

    def __init__(self, loops: Sequence[Loop], on_event: Callable[[DriftEvent], None]) -> None:
        self._loops = loops
        self._on_event = on_event
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask to end after the present step; safe from signal handlers and other threads."""
        self._stopping.set()

    def run(self) -> None:
        """Step until stopped. Raises LogRefused when the log will never let us."""
        # The first loop does the waiting; the others take what is there.
        waits = [_GATHER_S] + [_LOOK_S] * (len(self._loops) - 1)
        try:
            while not self._stopping.is_set():
                for loop, gather_s in zip(self._loops, waits, strict=True):
                    self._tell(self._patiently(loop.step, gather_s))
        finally:
            self._close()

    def run_burst(self) -> None:
        """Step until what is in the log now has been counted, and then judged, or until stopped."""
        try:
            for loop in self._loops:
                ends = self._patiently(loop.end_offsets)
                while ends is not None and not self._patiently(self._finished, loop, ends):
                    if self._stopping.is_set():
                        return
                    self._tell(self._patiently(loop.step, _GATHER_S))
        finally:
            self._close()

    def _finished(self, loop: Loop, ends: Mapping[Place, int]) -> bool:
        """Commit the rest once everything is read. If that fails, what was read is to be read again, by stepping."""
        if not loop.caught_up(ends):
            return False
        self._tell(loop.finish())
        return True

    def _patiently(self, attempt: Callable[..., _T], *arguments: object) -> _T | None:
        """Try until the log is there, with growing, jittered pauses; None when stopped meanwhile."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                return attempt(*arguments)
            except LogUnavailable as error:
                _log.warning("%s; trying again in %.1f s", error, wait_s)
                # Jitter: a fleet must not come back to a broker in step.
                self._stopping.wait(wait_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        return None

    def _tell(self, events: Sequence[DriftEvent] | None) -> None:
        for event in events or ():
            self._on_event(event)

    def _close(self) -> None:
        for loop in self._loops:
            loop.close()
