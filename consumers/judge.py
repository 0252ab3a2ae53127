"""The judge: counts in; panes, status and drift events out, in one transaction. It reads no clock.

Its memory is the panes topic. What it consumed since its last commit it forgets on any error and reads again: positions
are committed together with the panes that were made of the records before them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import orjson

from consumers.book import Book
from consumers.bookmark import Bookmark
from consumers.facts import NOBODY, EventsLost, Observer
from consumers.monitor_status import standing, window_tested
from consumers.place_note import PlaceNote
from consumers.records import counts_moved, counts_partition
from consumers.sink import Outgoing, Sink
from consumers.source import LogRefused, Place, Position, Source, rewinding
from stream.drift_event import DriftEvent

# What the key of a record about waiting windows ends with, on the status topic.
WAITING = b"|waiting"
# Key and value of every record of a partition of the panes topic, oldest first.
PanesReader = Callable[[int], Iterable[tuple[bytes, bytes | None]]]
_log = logging.getLogger("driftline.judge")


@dataclass(frozen=True, slots=True)
class JudgeTopics:
    """Where a judge writes; panes have as many partitions as counts, and each counts partition its own."""

    panes: str
    alerts: str
    status: str


class Judge:
    """Reads counts, keeps panes, tests windows; ``step`` is one transaction at most."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        topics: JudgeTopics,
        new_book: Callable[[], Book],
        read_panes: PanesReader,
        *,
        observer: Observer = NOBODY,
    ) -> None:
        self._source = source
        self._sink = sink
        self._topics = topics
        self._new_book = new_book
        self._read_panes = read_panes
        self._observer = observer
        self._membership: Any = None
        self.books: dict[Place, Book] = {}

    def step(self, gather_s: float) -> list[DriftEvent]:
        """Read what counters wrote; when it is worth it, commit; return the events that are now published.

        1. Take a new assignment, and read the panes of each partition back. 2. Poll. 3. Add counts; at control records
        move the watermark and test the windows that became whole. 4. Write panes, memory, status and events with the
        offsets, all or nothing.

        Raises LogUnavailable when nothing was committed; the next step begins again from the committed positions.
        """
        with rewinding(self._source):
            return self._step(gather_s)

    def finish(self) -> list[DriftEvent]:
        """Write everything that is unwritten, and return the events published by it; raises as ``step``."""
        with rewinding(self._source):
            return self._commit()

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Source.end_offsets`."""
        return self._source.end_offsets()

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Source.caught_up`."""
        return self._source.caught_up(ends)

    def close(self) -> None:
        """Leave the group; counts since the last commit will be read again by the next owner."""
        self._source.close()
        self._sink.close()

    def _step(self, gather_s: float) -> list[DriftEvent]:
        positions = self._source.assigned()
        if positions is not None:
            self.books = {place: self._open_book(place, position.offset) for place, position in positions.items()}
        polled = self._source.poll(gather_s)
        self._membership = polled.membership or self._membership
        for batch in polled.batches:
            book = self.books[batch.topic, batch.partition]
            times_ms = batch.timestamps_ms or repeat(None, len(batch))
            for offset, value, log_ms in zip(batch.offsets, batch.values, times_ms, strict=True):
                book.take(value or b"", offset, log_ms)
        for (topic, partition), offsets in polled.lost.items():
            self.books[topic, partition].miss(topic, partition, offsets, polled.next_offsets[topic, partition])
        events = self._commit() if any(book.worth_writing() for book in self.books.values()) else []
        if polled.lost:
            self._observer.note(EventsLost(dict(polled.lost)))
        self._tell_standing()
        return events

    def _commit(self) -> list[DriftEvent]:
        books = {place: book for place, book in self.books.items() if book.next_offset is not None}
        if not books:
            return []
        records = [record for place, book in books.items() for record in self._records(place, book)]
        positions = {place: Position(book.read_to(), self._note(place)) for place, book in books.items()}
        self._sink.commit(records, positions, self._membership)
        events = [event for book in books.values() for event in book.events()]
        for book in books.values():
            self._tell(book)
            book.written()
        return events

    def _tell(self, book: Book) -> None:
        for tick in book.ticks:
            self._observer.note(window_tested(tick, book.monitors.each[tick.segment]))

    def _tell_standing(self) -> None:
        for book in self.books.values():
            if book.has_begun():
                self._observer.note(standing(book.monitors, book.watermark, book.ledger, book.waiting))

    def _open_book(self, place: Place, committed: int) -> Book:
        (topic, partition), book = place, self._new_book()
        book.restore(self._read_panes(partition))
        monitor, partitions = book.monitors.whole.monitor, self._source.partition_counts()[topic]
        ours = counts_partition(monitor, partitions) == partition
        if book.has_begun() and not ours:
            raise LogRefused(counts_moved(topic, partitions, partition))
        offset = book.begin(committed, self._topic_id(topic), topic, ours=ours)
        if offset != committed:
            _log.warning("%s-%d: the group stands at %d, the panes at %d: these are right", *place, committed, offset)
            book.bookmark = Bookmark(self._source.seek(place, offset), self._topic_id(topic))
        return book

    def _note(self, place: Place) -> str:
        return PlaceNote(topic_id=self._topic_id(place[0])).to_text()

    def _topic_id(self, topic: str) -> str:
        return self._source.topic_ids().get(topic, "")

    def _records(self, place: Place, book: Book) -> Iterator[Outgoing]:
        for key, value in book.unwritten():
            yield Outgoing(self._topics.panes, key, value, partition=place[1])
        for event in book.events():
            yield alert_record(self._topics.alerts, event)
        for label, status in book.statuses():
            yield Outgoing(self._topics.status, label.encode(), status)
        if book.waits_changed:
            yield Outgoing(self._topics.status, book.monitors.whole.label.encode() + WAITING, book.waiting_status())


def alert_record(topic: str, event: DriftEvent) -> Outgoing:
    """Return a drift event as CloudEvents 1.0 in Kafka's binary mode; its time is the end of its window."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_type": f"driftline.{event.type}",
        "ce_source": f"driftline/{event.monitor}",
        "ce_time": event.window["end"],
        "content-type": "application/json",
    }
    value = orjson.dumps(event.to_dict())
    return Outgoing(topic, event.label.encode(), value, tuple((name, text.encode()) for name, text in headers.items()))
