"""Reading and writing a log in memory: a source and a sink over a `MemoryLog`."""

from collections.abc import Iterable, Mapping, Sequence

from consumers.losses import LossWatch
from consumers.memory_log import MemoryLog, Record
from consumers.place_note import read_note
from consumers.raw import RawBatch
from consumers.sink import Outgoing
from consumers.source import Place, Polled, Position


class MemorySource:
    """A member of ``group`` on one topic of a `MemoryLog`; hands out at most ``most_records`` a poll."""

    def __init__(self, log: MemoryLog, topic: str, group: str, *, most_records: int = 20_000) -> None:
        self._log = log
        self._topic = topic
        self._most_records = most_records
        self._membership = log.join(group, topic)
        self._read: dict[Place, int] = {}
        self._looked_up = False
        self._topic_id = ""
        self._losses = LossWatch(lambda places: dict.fromkeys(places, 0), self._ends, believed_after_s=0.0)

    def assigned(self) -> Mapping[Place, Position] | None:
        """See `Source.assigned`."""
        if self._current():
            return None
        now = self._log.membership(self._membership)
        if now.generation < 0:
            # Expelled: a member that is still there joins again.
            now = self._log.join(now.group, self._topic)
        self._membership, self._looked_up = now, True
        committed = self._log.committed(now.group)
        self._topic_id = self._log.topic_id(self._topic)
        known = {place: at for place, at in committed.items() if not read_note(at.note).is_of_another(self._topic_id)}
        positions = {place: known.get(place, Position(0)) for place in self._log.assignment(now)}
        self._read = dict(self._losses.begin({place: position.offset for place, position in positions.items()}))
        return {place: Position(self._read[place], position.note) for place, position in positions.items()}

    def poll(self, timeout_s: float) -> Polled:  # never waits: what is there is there
        """See `Source.poll`."""
        if not self._current() or any(at > self._end(place) for place, at in self._read.items()):
            self._looked_up = False
            return Polled()
        room, batches, offsets = self._most_records, [], {}
        for place, start in sorted(self._read.items()):
            records = self._log.records(*place)[start : start + room]
            if records:
                batches.append(raw_batch(place, start, records))
                offsets[place] = self._read[place] = start + len(records)
                room -= len(records)
        at_end = frozenset(place for place in self._read if place not in offsets and self._is_at_end(place))
        lost = self._losses.read({(batch.topic, batch.partition): batch.offsets for batch in batches})
        offsets |= {place: self._losses.due(place) for place in lost}
        return Polled(tuple(batches), offsets, at_end, self._membership, lost, self.topic_ids())

    def partition_counts(self) -> Mapping[str, int]:
        """See `Source.partition_counts`."""
        return {self._topic: self._log.partition_count(self._topic)}

    def topic_ids(self) -> Mapping[str, str]:
        """See `Source.topic_ids`."""
        return {self._topic: self._topic_id}

    def seek(self, place: Place, offset: int) -> int:
        """See `Source.seek`."""
        self._read[place] = self._losses.move({place: offset})[place]
        return self._read[place]

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Source.end_offsets`."""
        places = [(self._topic, number) for number in range(self._log.partition_count(self._topic))]
        return self._ends(places)

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Source.caught_up`."""
        return (
            self._current() and bool(self._read) and all(at >= ends.get(place, 0) for place, at in self._read.items())
        )

    def rewind(self) -> None:
        """See `Source.rewind`."""
        self._looked_up = False

    def close(self) -> None:
        """See `Source.close`."""
        self._log.leave(self._membership)

    def _current(self) -> bool:
        is_same_topic = self._topic_id == self._log.topic_id(self._topic)
        return self._looked_up and is_same_topic and self._log.membership(self._membership) == self._membership

    def _is_at_end(self, place: Place) -> bool:
        return self._read[place] >= self._end(place)

    def _end(self, place: Place) -> int:
        return len(self._log.records(*place))

    def _ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        return {place: self._end(place) for place in places}


class MemorySink:
    """Commits to a `MemoryLog`."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: object) -> None:
        """See `Sink.commit`. Raises LogUnavailable, and `Crash` where the log was asked for it."""
        self._log.commit(list(records), positions, membership)

    def close(self) -> None:
        """See `Sink.close`."""


def raw_batch(place: Place, start: int, records: Sequence[Record]) -> RawBatch:
    """Return consecutive records of a partition, the first of them at the offset ``start``."""
    times = [record.timestamp_ms for record in records]
    known = [time for time in times if time is not None]
    return RawBatch(
        topic=place[0],
        partition=place[1],
        offsets=range(start, start + len(records)),
        values=[record.value for record in records],
        timestamps_ms=known if len(known) == len(times) else None,
        keys=[record.key for record in records],
        headers=[record.headers for record in records],
    )
