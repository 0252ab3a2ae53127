"""The tap's own thread: takes batches from the backlog, one after the other, for as long as the process lives."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from consumers.tap.backlog import Backlog
from consumers.tap.contained import Contained

T = TypeVar("T")
REPORT_EVERY_S = 60.0


class Worker(Generic[T]):
    """A daemon thread that is started by the first batch, so that what is made before a fork costs no thread.

    ``work`` is called with every item and may fail; ``report`` about once a minute.
    """

    def __init__(
        self, backlog: Backlog[T], work: Callable[[T], None], report: Callable[[], None], contained: Contained
    ) -> None:
        self._backlog, self._work, self._report, self._contained = backlog, work, report, contained
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def ensure(self) -> None:
        """Start the thread unless it runs."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="driftline-tap", daemon=True)
                    thread.start()
                    self._thread = thread

    def stop(self, wait_s: float) -> None:
        """Let the thread end after the batch it is at; wait for it at most so long."""
        self._stopping = True
        self._backlog.wake()
        if self._thread is not None:
            self._thread.join(wait_s)

    def _run(self) -> None:
        reported_s = time.monotonic()
        while not self._stopping:
            taken = self._backlog.take(REPORT_EVERY_S)
            if taken is not None:
                item, size = taken
                with self._contained:
                    self._work(item)
                # Else the loop would keep the batch alive until the next one comes.
                del item, taken
                self._backlog.done(size)
            if time.monotonic() - reported_s >= REPORT_EVERY_S:
                reported_s = time.monotonic()
                with self._contained:
                    self._report()
