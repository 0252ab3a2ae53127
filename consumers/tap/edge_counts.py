"""Edge counts as the tap's outlet: events are counted in this process, and only counts leave it."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from consumers.tap.contained import Contained
from consumers.tap.stats import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consumers.settings import Settings
    from consumers.tap.edge_reporter import CountsLog
    from consumers.tap.outlet import Settled

_SHORTEST_PAUSE_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5, 10.0
_log = logging.getLogger("driftline.tap")


class EdgeCounts:
    """Counts on the baseline and the schedule of a ``driftline.toml``; traffic of any size is a few records a minute.

    ``config`` is the path of that file, or settings already loaded; the environment's DRIFTLINE_ variables count, too.
    A report leaves every ``report_s`` seconds, and when a boundary of the schedule has passed. ``memory_bytes`` bounds
    the counts that wait while Kafka is away. ``log`` is where reports go; Kafka unless a test says otherwise.

    Raises SettingsError or BaselineError with what is wrong, and ValueError for a time that is none.
    """

    def __init__(
        self,
        config: str | Path | Settings,
        *,
        report_s: float = 10.0,
        memory_bytes: int = 67_108_864,
        log: CountsLog | None = None,
    ) -> None:
        # Only who counts here needs the arithmetic: it takes half a second to import.
        from consumers.assembly import assemble  # noqa: PLC0415
        from consumers.settings import load_settings  # noqa: PLC0415
        from consumers.tap.kafka_counts import KafkaCounts  # noqa: PLC0415

        if report_s <= 0:
            raise ValueError(f"report_s = {report_s} is no time between reports; write seconds, such as 10")
        settings = load_settings(Path(config), os.environ) if isinstance(config, (str, Path)) else config
        self._assembly = assemble(settings)
        self._log: CountsLog = KafkaCounts(settings) if log is None else log
        self._report_s, self._memory_bytes = report_s, memory_bytes
        self._begin()

    def _begin(self) -> None:
        """Make everything that belongs to one process alone."""
        from consumers.tap.edge_reporter import EdgeReporter  # noqa: PLC0415

        self._reporter = EdgeReporter(self._assembly, self._log, self._report_s, self._memory_bytes)
        self._contained = Contained(Account())
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._asked = self._closing = self._ended = False

    @property
    def run(self) -> str:
        """The name under which this process reports: ``driftline status`` shows it."""
        return self._reporter.run

    def send(self, lines: Sequence[bytes], settled: Settled) -> None:
        """See `Outlet.send`: an event is settled when the report that it is counted in is on the topic."""
        if self._closing:
            settled(0, len(lines))
            return
        try:
            self._reporter.count(lines, settled, time.time_ns() // 1_000_000, time.monotonic())
        except BaseException:
            settled(0, len(lines))
            raise
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="driftline-counts", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> None:
        """See `Outlet.flush`."""
        with self._changed:
            if self._thread is not None and self._reporter.waiting():
                self._asked = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._ended or not self._reporter.waiting(), timeout_s)

    def close(self, timeout_s: float) -> None:
        """See `Outlet.close`: the last report says goodbye, so that no window waits for this process."""
        deadline_s = time.monotonic() + timeout_s
        with self._changed:
            self._closing = True
            self._ending.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
        # Who could not say goodbye by now leaves without: its lease ends.
        self._ended = True
        self._log.close(max(0.0, deadline_s - time.monotonic()))

    def forget(self) -> None:
        """See `Outlet.forget`."""
        self._log.forget()
        self._begin()

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._ended and not self._wait():
            done = False
            with self._contained:
                done = self._step(pause_s)
            if done:
                pause_s = _FIRST_PAUSE_S
                continue
            # A fleet must not come back to a broker in step; who ends has no time to wait.
            self._ending.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            time.sleep(_SHORTEST_PAUSE_S)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wait(self) -> bool:
        """Wait until there is something to do; return whether all of it is done for good."""
        with self._changed:
            while not self._closing and not self._asked:
                due_s = self._reporter.due_s()
                left_s = None if due_s is None else due_s - time.monotonic()
                if left_s is not None and left_s <= 0:
                    return False
                self._changed.wait(left_s)
            return self._closing and self._reporter.finished and not self._reporter.waiting()

    def _step(self, pause_s: float) -> bool:
        """Send a report; return whether it is safe."""
        from consumers.source import LogRefused, LogUnavailable  # noqa: PLC0415

        try:
            self._reporter.step(time.monotonic(), closing=self._closing)
        except (LogUnavailable, LogRefused) as error:
            if pause_s == _FIRST_PAUSE_S:
                _log.warning("%s; counts add up until it can be reached", error)
            return False
        with self._changed:
            self._asked = self._asked and bool(self._reporter.waiting())
            self._changed.notify_all()
        return True
