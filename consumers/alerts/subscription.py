"""A loop over drift events: blocking or asynchronous, at least once where there is a group."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from consumers.alerts.event import NotAnEvent, read_event
from consumers.alerts.interest import Interest
from consumers.alerts.kafka_alerts import AlertRecord
from consumers.source import LogUnavailable, Place
from stream.drift_event import DriftEvent

_WAIT_S = 0.5
_log = logging.getLogger("driftline.alerts")


class AlertLog(Protocol):
    """Where records come from: `KafkaAlerts`, or a list in tests. Used from one thread at a time."""

    def poll(self, timeout_s: float) -> AlertRecord | None:
        """Return the next record, or None where none came in time."""
        ...

    def commit(self, next_offsets: Mapping[Place, int]) -> None:
        """Write down how far the reader has come."""
        ...

    def at_end(self) -> bool:
        """Tell whether everything is read that was there when reading began."""
        ...

    def close(self) -> None:
        """Leave."""
        ...


class Subscription:
    """Iterates over drift events, in ``for`` or in ``async for``; made by `subscribe`, used by one task or thread.

    An event is done when the loop asks for the next one, or when ``with`` ends without an exception: only then is the
    group's position moved behind it. What is not a drift event is logged, counted in ``skipped``, and passed over.
    LogUnavailable is waited out; LogRefused ends the loop.
    """

    def __init__(self, log: AlertLog, interest: Interest, *, remembers: bool, burst: bool = False) -> None:
        self.skipped = 0
        self._log, self._interest = log, interest
        self._remembers, self._burst = remembers, burst
        self._done: dict[Place, int] = {}
        self._stopped = threading.Event()
        self._closed = False
        self._thread: ThreadPoolExecutor | None = None
        self._pending: Future[DriftEvent | None] | None = None

    def stop(self) -> None:
        """End the loop within half a second; safe from signal handlers and other threads."""
        self._stopped.set()

    def commit(self) -> None:
        """Say that the present event is done, before the loop asks for the next one."""
        if self._done and self._remembers:
            try:
                self._log.commit(self._done)
            except LogUnavailable as error:
                # Asked again with the next event; until then others may see this one a second time.
                _log.warning("%s", error)
                return
        self._done = {}

    def close(self) -> None:
        """Leave without saying that the present event is done; from the thread of the loop."""
        self.stop()
        if not self._closed:
            self._closed = True
            self._log.close()

    def __enter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave; the present event is done unless an exception says otherwise."""
        if kind is None:
            self.commit()
        self.close()

    def __iter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __next__(self) -> DriftEvent:
        """Say that the event before is done, and wait for the next one."""
        event = self._next()
        if event is None:
            raise StopIteration
        return event

    async def __aenter__(self) -> Self:
        """Return the subscription itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave as ``with`` does; an event that came while nobody waited any more is not done."""
        self.stop()
        given_up = self._pending is not None
        thread = self._worker()
        if kind is None and not given_up:
            await asyncio.wrap_future(thread.submit(self.commit))
        await asyncio.wrap_future(thread.submit(self.close))
        thread.shutdown()

    def __aiter__(self) -> Self:
        """Return the subscription itself."""
        return self

    async def __anext__(self) -> DriftEvent:
        """Wait for the next event on a thread of its own; a wait that is cancelled loses no event."""
        if self._pending is None:
            self._pending = self._worker().submit(self._next)
        event = await asyncio.shield(asyncio.wrap_future(self._pending))
        self._pending = None
        if event is None:
            raise StopAsyncIteration
        return event

    def _worker(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "driftline-alerts")
        return self._thread

    def _next(self) -> DriftEvent | None:
        self.commit()
        while not self._stopped.is_set():
            record = self._poll()
            if record is not None:
                event = self._read(record)
                self._done[record.place] = record.offset + 1
                if event is not None and self._interest.wants(event):
                    return event
            else:
                self.commit()
                if self._burst and self._log.at_end():
                    break
        return None

    def _poll(self) -> AlertRecord | None:
        try:
            return self._log.poll(_WAIT_S)
        except LogUnavailable as error:
            _log.warning("%s; trying again", error)
            self._stopped.wait(_WAIT_S)
            return None

    def _read(self, record: AlertRecord) -> DriftEvent | None:
        try:
            return read_event(record.value)
        except NotAnEvent as error:
            self.skipped += 1
            _log.warning("%s-%d@%d is passed over: %s", *record.place, record.offset, error)
            return None
