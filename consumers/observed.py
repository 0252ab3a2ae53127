"""Source, sink and loop with somebody looking on: each does what the one inside does, and tells facts of it.

So the loops say nothing of transactions, positions and failures, and the judge keeps its promise to read no clock.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from consumers.facts import (
    EventPublished,
    LogUnanswered,
    Observer,
    PartitionsOwned,
    RecordsPolled,
    Stepped,
    TransactionEnded,
)
from consumers.service import Loop
from consumers.sink import Outgoing, Sink
from consumers.source import LogUnavailable, Place, Polled, Position, Source
from stream.drift_event import DriftEvent


class ObservedSource:
    """A source whose assignments and polls are told; ``lag`` must answer from what is known already."""

    def __init__(
        self, source: Source, role: str, observer: Observer, lag: Callable[[], Mapping[Place, int]] = dict
    ) -> None:
        self._source = source
        self._role = role
        self._observer = observer
        self._lag = lag

    def assigned(self) -> Mapping[Place, Position] | None:
        """See `Source.assigned`."""
        positions = self._source.assigned()
        if positions is not None:
            self._observer.note(PartitionsOwned(self._role, tuple(sorted(positions))))
        return positions

    def poll(self, timeout_s: float) -> Polled:
        """See `Source.poll`."""
        polled = self._source.poll(timeout_s)
        membership = polled.membership
        # Groups elsewhere than in Kafka may not number their generations; a membership is one all the same.
        joined = None if membership is None else getattr(membership, "generation_id", 0) >= 0
        self._observer.note(RecordsPolled(self._role, joined, self._lag()))
        return polled

    def partition_counts(self) -> Mapping[str, int]:
        """See `Source.partition_counts`."""
        return self._source.partition_counts()

    def topic_ids(self) -> Mapping[str, str]:
        """See `Source.topic_ids`."""
        return self._source.topic_ids()

    def seek(self, place: Place, offset: int) -> int:
        """See `Source.seek`."""
        return self._source.seek(place, offset)

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Source.end_offsets`."""
        return self._source.end_offsets()

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Source.caught_up`."""
        return self._source.caught_up(ends)

    def rewind(self) -> None:
        """See `Source.rewind`."""
        self._source.rewind()

    def close(self) -> None:
        """See `Source.close`."""
        self._source.close()


class ObservedSink:
    """A sink whose transactions are timed and told."""

    def __init__(
        self, sink: Sink, role: str, observer: Observer, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._sink = sink
        self._role = role
        self._observer = observer
        self._clock = clock

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: Any) -> None:
        """See `Sink.commit`."""
        began_s = self._clock()
        try:
            self._sink.commit(records, positions, membership)
        except LogUnavailable:
            self._tell(began_s, committed=False)
            raise
        self._tell(began_s, committed=True)

    def close(self) -> None:
        """See `Sink.close`."""
        self._sink.close()

    def _tell(self, began_s: float, *, committed: bool) -> None:
        self._observer.note(TransactionEnded(self._role, committed, self._clock() - began_s))


class ObservedLoop:
    """A loop whose every step is told, whether or not the log answered."""

    def __init__(self, loop: Loop, role: str, observer: Observer) -> None:
        self._loop = loop
        self._role = role
        self._observer = observer

    def step(self, gather_s: float) -> Sequence[DriftEvent]:
        """See `Loop.step`."""
        return self._told(lambda: self._loop.step(gather_s))

    def finish(self) -> Sequence[DriftEvent]:
        """See `Loop.finish`."""
        return self._told(self._loop.finish)

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Loop.end_offsets`."""
        return self._loop.end_offsets()

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Loop.caught_up`."""
        return self._loop.caught_up(ends)

    def close(self) -> None:
        """See `Loop.close`."""
        self._loop.close()

    def _told(self, attempt: Callable[[], Sequence[DriftEvent]]) -> Sequence[DriftEvent]:
        try:
            events = attempt()
        except LogUnavailable as error:
            self._observer.note(LogUnanswered(self._role, str(error)))
            raise
        self._observer.note(Stepped(self._role))
        for event in events:
            self._observer.note(EventPublished(event.type, event.severity))
        return events
