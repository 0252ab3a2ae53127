"""Kafka behind the joiner's seams: labels that follow the joiner's partitions, and parts of the log read once more.

Neither is in a group: which partitions are read is what the group of the events says, and positions are committed with
the joiner's own transactions, in its group's name.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from consumers.follower import LabelsAt
from consumers.kafka_bounds import beginnings, ends
from consumers.kafka_errors import kafka_errors
from consumers.kafka_identity import TopicFacts, TopicIdentity
from consumers.kafka_lookup import CONSUMER_SETTINGS, LOOKUP_MS
from consumers.kafka_options import options_for
from consumers.kafka_source import MOST_RECORDS, raw_batch
from consumers.losses import LossWatch
from consumers.raw import RawBatch
from consumers.source import LogRefused, LogUnavailable, Place, Polled

_CLOSE_MS = 2_000


class KafkaFollower:
    """Reads the partitions of one topic that it is told; ``options`` are the client's own (addresses, security)."""

    def __init__(self, topic: str, options: Mapping[str, Any], identity: TopicIdentity) -> None:
        self._topic = topic
        self._identity = identity
        self._facts = TopicFacts("", 0)
        self._followed: frozenset[TopicPartition] = frozenset()
        with kafka_errors(f"{topic} cannot be read"):
            self._consumer = KafkaConsumer(**{**CONSUMER_SETTINGS, **options_for("consumer", options)})
        self._losses = LossWatch(partial(beginnings, self._consumer), partial(ends, self._consumer))

    def follow(self, places: Mapping[Place, LabelsAt]) -> Mapping[Place, int]:
        """See `Follower.follow`. Raises LogRefused where there is no such partition."""
        with kafka_errors(f"{self._topic} cannot be read"):
            self._consumer.assign([TopicPartition(*place) for place in places])
        self._followed = frozenset(TopicPartition(*place) for place in places)
        if not places:
            return {}
        self._facts = self._identity.now()
        for topic, partition in places:
            if partition >= self._facts.partitions:
                raise LogRefused(
                    f"{topic} has no partition {partition}: give it as many as the topic of the events has"
                )
        same = ("", self._facts.id)
        starts = self._losses.begin({place: at.offset if at.topic_id in same else None for place, at in places.items()})
        for place, offset in starts.items():
            self._consumer.seek(TopicPartition(*place), offset)
        return starts

    def poll(self, timeout_s: float, full: Collection[Place] = ()) -> Polled:
        """See `Follower.poll`. Raises LogUnavailable when the topic was created again."""
        if not self._followed:
            return Polled()
        with kafka_errors("labels cannot be read"):
            self._leave_out(full)
            if not self._consumer.assignment():
                return Polled()
            records = self._consumer.poll(timeout_ms=round(timeout_s * 1000), max_records=MOST_RECORDS)
        batches = tuple(raw_batch(tp, records[tp]) for tp in sorted(records))
        offsets = {(batch.topic, batch.partition): batch.offsets for batch in batches}
        if self._losses.went_back(offsets):
            raise LogUnavailable(f"{self._topic} was cut short")
        lost = self._losses.read(offsets)
        if (batches or lost) and self._identity.now().id != self._facts.id:
            raise LogUnavailable(f"{self._topic} was created again")
        next_offsets = {place: self._losses.due(place) for place in {*lost, *offsets}}
        return Polled(batches, next_offsets, self._at_end(), None, lost, self.topic_ids())

    def _leave_out(self, full: Collection[Place]) -> None:
        """Read the others only. Not by the client's pause: what it has fetched by then it may never give out again."""
        now, wanted = self._consumer.assignment(), self._followed - {TopicPartition(*place) for place in full}
        if wanted == now:
            return
        self._consumer.assign(list(wanted))
        for tp in wanted - now:
            self._consumer.seek(tp, self._losses.due(tuple(tp)))

    def topic_ids(self) -> Mapping[str, str]:
        """See `Follower.topic_ids`."""
        return {self._topic: self._facts.id}

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Follower.end_offsets`."""
        return ends(self._consumer, [(self._topic, number) for number in range(self._identity.now().partitions)])

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Follower.caught_up`."""
        with kafka_errors("positions cannot be read"):
            return all(self._position(tp) >= ends.get(tuple(tp), 0) for tp in self._followed)

    def close(self) -> None:
        """See `Follower.close`."""
        self._consumer.close(timeout_ms=_CLOSE_MS)
        self._identity.close()

    def _at_end(self) -> frozenset[Place]:
        """Return what is read to the end that came with the latest records; before the first there is none."""
        with kafka_errors("positions cannot be read"):
            ends = {tp: self._consumer.highwater(tp) for tp in self._consumer.assignment()}
            return frozenset(tuple(tp) for tp, end in ends.items() if end is not None and self._position(tp) >= end)

    def _position(self, tp: TopicPartition) -> int:
        """Return the offset that is read next; behind marks of transactions, which only the client knows, if it can."""
        if tp not in self._consumer.assignment():
            return self._losses.due(tuple(tp))
        return self._consumer.position(tp, timeout_ms=LOOKUP_MS) or 0


class KafkaArchive:
    """Reads parts of topics once more, one part at a time; its clients are opened when they are first needed.

    The end that a part has now is the high watermark, asked for without isolation: the last stable offset may lie
    before records that are committed already.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options_for("consumer", options)
        self._clients: dict[str, KafkaConsumer] = {}

    def read(self, place: Place, start: int, end: int | None = None) -> Iterator[RawBatch]:
        """See `Archive.read`."""
        tp = TopicPartition(*place)
        with kafka_errors(f"{tp.topic} cannot be read"):
            looker = self._client("read_uncommitted")
            first, last = looker.beginning_offsets([tp])[tp], looker.end_offsets([tp])[tp]
            last = last if end is None else min(end, last)
            reader = self._client("read_committed")
            reader.assign([tp])
            reader.seek(tp, min(max(start, first), last))
        while batch := self._next(reader, tp, last):
            yield batch

    def ends(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """See `Archive.ends`."""
        with kafka_errors("no end can be read"):
            return ends(self._client("read_uncommitted"), places)

    def close(self) -> None:
        """See `Archive.close`."""
        for client in self._clients.values():
            client.close(timeout_ms=_CLOSE_MS)
        self._clients.clear()

    def _next(self, reader: KafkaConsumer, tp: TopicPartition, end: int) -> RawBatch | None:
        """Return the next records that lie before the end; None where there are no more."""
        deadline_s = time.monotonic() + LOOKUP_MS / 1000
        with kafka_errors(f"{tp.topic} cannot be read"):
            while (reader.position(tp, timeout_ms=LOOKUP_MS) or 0) < end:
                records = [record for record in reader.poll(timeout_ms=500).get(tp, []) if record.offset < end]
                if records:
                    return raw_batch(tp, records)
                if time.monotonic() > deadline_s:
                    raise LogUnavailable(f"{tp.topic}-{tp.partition} gives nothing before {end}")
        return None

    def _client(self, isolation: str) -> KafkaConsumer:
        if isolation not in self._clients:
            settings = {**CONSUMER_SETTINGS, **self._options, "isolation_level": isolation}
            self._clients[isolation] = KafkaConsumer(**settings)
        return self._clients[isolation]
