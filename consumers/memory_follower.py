"""The joiner's seams over a log in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from consumers.follower import LabelsAt
from consumers.losses import LossWatch
from consumers.memory_log import MemoryLog
from consumers.memory_source import raw_batch
from consumers.raw import RawBatch
from consumers.source import LogUnavailable, Place, Polled


class MemoryFollower:
    """Follows partitions of one topic of a `MemoryLog`; hands out at most ``most_records`` a poll."""

    def __init__(self, log: MemoryLog, topic: str, *, most_records: int = 20_000) -> None:
        self._log = log
        self._topic = topic
        self._most_records = most_records
        self._read: dict[Place, int] = {}
        self._topic_id = ""
        self._losses = LossWatch(lambda places: dict.fromkeys(places, 0), self._ends, believed_after_s=0.0)

    def follow(self, places: Mapping[Place, LabelsAt]) -> Mapping[Place, int]:
        """See `Follower.follow`."""
        self._topic_id = self._log.topic_id(self._topic)
        known = {place: at.offset if at.topic_id in ("", self._topic_id) else None for place, at in places.items()}
        self._read = dict(self._losses.begin(known))
        return dict(self._read)

    def poll(self, timeout_s: float, full: Collection[Place] = ()) -> Polled:  # never waits: what is there is there
        """See `Follower.poll`. Raises LogUnavailable when the topic was created again."""
        if self._read and self._topic_id != self._log.topic_id(self._topic):
            raise LogUnavailable(f"{self._topic} was created again")
        room, batches = self._most_records, []
        for place, start in sorted(self._read.items()):
            records = self._log.records(*place)[start : start + room]
            if records and place not in full:
                batches.append(raw_batch(place, start, records))
                self._read[place] = start + len(records)
                room -= len(records)
        lost = self._losses.read({(batch.topic, batch.partition): batch.offsets for batch in batches})
        offsets = {place: self._losses.due(place) for place in self._read}
        at_end = frozenset(place for place, at in self._read.items() if at >= len(self._log.records(*place)))
        return Polled(tuple(batches), offsets, at_end, None, lost, self.topic_ids())

    def topic_ids(self) -> Mapping[str, str]:
        """See `Follower.topic_ids`."""
        return {self._topic: self._topic_id}

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Follower.end_offsets`."""
        return self._ends([(self._topic, number) for number in range(self._log.partition_count(self._topic))])

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Follower.caught_up`."""
        return all(at >= ends.get(place, 0) for place, at in self._read.items())

    def close(self) -> None:
        """See `Follower.close`."""

    def _ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        return {place: len(self._log.records(*place)) for place in places}


class MemoryArchive:
    """Reads a `MemoryLog` once more, ``most_records`` at a time."""

    def __init__(self, log: MemoryLog, *, most_records: int = 20_000) -> None:
        self._log = log
        self._most_records = most_records

    def read(self, place: Place, start: int, end: int | None = None) -> Iterator[RawBatch]:
        """See `Archive.read`."""
        records = self._log.records(*place)[:end]
        for at in range(start, len(records), self._most_records):
            yield raw_batch(place, at, records[at : at + self._most_records])

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """See `Archive.ends`."""
        return {place: len(self._log.records(*place)) for place in places}

    def close(self) -> None:
        """See `Archive.close`."""
