"""Kafka as a source: a group member whose positions are only ever what was committed with our own transactions.

Rules that stand behind the settings and the order of calls here: read committed records only, for counts of an aborted
transaction never happened; begin at the earliest, or the first events of a new partition are lost; look up and seek to
the committed positions after every assignment and every error, because a kept partition keeps its position and what was
polled and then forgotten would never be read again; take the membership beside the records, not when committing, or a
member that was thought dead would commit with somebody else's generation.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError

from consumers.kafka_bounds import beginnings, ends
from consumers.kafka_errors import kafka_errors
from consumers.kafka_identity import TopicFacts, TopicIdentity
from consumers.kafka_lookup import CONSUMER_SETTINGS, LOOKUP_MS
from consumers.kafka_options import options_for
from consumers.kafka_rebalance import RebalanceFlag, keep_joining
from consumers.kafka_takeover import end_open_transaction, note_of
from consumers.losses import LossWatch
from consumers.place_note import read_note
from consumers.raw import RawBatch
from consumers.source import LogUnavailable, Place, Polled, Position

# The most that one transaction is made of.
MOST_RECORDS = 20_000
# Offsets that cannot be told for this long are pending in a transaction whose owner is probably gone.
_PENDING_MS = 1_000
# How often partitions that gave nothing are asked for their end.
_END_EVERY_S = 0.5

_MEMBER_SETTINGS: Mapping[str, Any] = {
    **CONSUMER_SETTINGS,
    "partition_assignment_strategy": (CooperativeStickyAssignor,),
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 2_000,
    "max_poll_interval_ms": 30_000,
}


class KafkaSource:
    """A member of ``group`` on one topic; ``options`` are the client's own (addresses, security).

    With ``identity`` it begins anew when the topic was deleted and created again.
    """

    def __init__(
        self, topic: str, group: str, options: Mapping[str, Any], identity: TopicIdentity | None = None
    ) -> None:
        self._identity = identity
        self._facts = TopicFacts("", 0)
        self._losses = LossWatch(
            lambda places: beginnings(self._consumer, places), lambda places: ends(self._consumer, places)
        )
        self._topic = topic
        self._group = group
        self._options = options_for("consumer", options)
        self._flag = RebalanceFlag()
        self._rewound = False
        self._ends: dict[TopicPartition, int] = {}
        self._ends_read_s = 0.0
        with kafka_errors(f"{topic} cannot be read"):
            self._consumer = KafkaConsumer(**{**_MEMBER_SETTINGS, **options, "group_id": group})
            self._consumer.subscribe([topic], listener=self._flag)

    def assigned(self) -> Mapping[Place, Position] | None:
        """See `Source.assigned`."""
        if not (self._flag.raised or self._rewound):
            return None
        self._flag.lower()
        self._rewound = True
        try:
            with kafka_errors("committed offsets cannot be read"):
                positions = self._seek_committed(sorted(self._consumer.assignment()))
        except IllegalStateError:
            # Taken from us between the two calls; the flag is up again.
            return None
        self._rewound = False
        return positions

    def poll(self, timeout_s: float) -> Polled:
        """See `Source.poll`. Gathers until the time is up or there are enough records for one transaction."""
        deadline = time.monotonic() + timeout_s
        records: dict[TopicPartition, list[Any]] = {}
        room = MOST_RECORDS
        membership = None
        while room > 0:
            left_ms = max(0, round((deadline - time.monotonic()) * 1000))
            with kafka_errors("polling failed"):
                # What comes with the first assignment is forgotten and read again from the committed positions.
                wanted = room if self._consumer.assignment() else 1
                polled = self._consumer.poll(timeout_ms=left_ms, max_records=wanted)
                now = keep_joining(self._consumer)
            if self._flag.raised or self._rewound or (membership is not None and now != membership):
                self._rewound = True
                return Polled()
            membership = now
            for tp, some in polled.items():
                records.setdefault(tp, []).extend(some)
                room -= len(some)
            if left_ms == 0:
                break
        return self._polled(tuple(raw_batch(tp, records[tp]) for tp in sorted(records)), membership)

    def partition_counts(self) -> Mapping[str, int]:
        """See `Source.partition_counts`."""
        if self._facts.partitions:
            return {self._topic: self._facts.partitions}
        with kafka_errors("the topic's partitions cannot be read"):
            known = self._consumer.partitions_for_topic(self._topic)
        if not known:
            raise LogUnavailable(f"the partitions of {self._topic} are not known yet")
        return {self._topic: len(known)}

    def topic_ids(self) -> Mapping[str, str]:
        """See `Source.topic_ids`."""
        return {self._topic: self._facts.id} if self._facts.id else {}

    def seek(self, place: Place, offset: int) -> int:
        """See `Source.seek`."""
        with kafka_errors("the partitions' bounds cannot be read"):
            begun = self._losses.move({place: offset})[place]
            self._consumer.seek(TopicPartition(*place), begun)
        return begun

    def end_offsets(self) -> Mapping[Place, int]:
        """Return where every partition of the topic ends now, owned or not."""
        count = self.partition_counts()[self._topic]
        return ends(self._consumer, [(self._topic, number) for number in range(count)])

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Source.caught_up`. What was polled and then forgotten has moved positions, but was not read."""
        if self._flag.raised or self._rewound:
            return False
        owned = self._consumer.assignment()
        with kafka_errors("positions cannot be read"):
            return bool(owned) and all(
                (self._consumer.position(tp, timeout_ms=LOOKUP_MS) or 0) >= ends.get((tp.topic, tp.partition), 0)
                for tp in owned
            )

    def lag(self) -> Mapping[Place, int]:
        """Return how many offsets of each owned partition are not yet read, as far as known without asking."""
        lag = {}
        for tp in self._consumer.assignment():
            try:
                # Fetches bring the end with them; before the first there is none, and positions might be asked for.
                if (end := self._consumer.highwater(tp)) is not None:
                    position = self._consumer.position(tp, timeout_ms=0)
                    lag[tp.topic, tp.partition] = max(0, end - (position or 0))
            except (IllegalStateError, KafkaError):
                # Taken from us meanwhile.
                continue
        return lag

    def rewind(self) -> None:
        """See `Source.rewind`."""
        self._rewound = True

    def close(self) -> None:
        """See `Source.close`."""
        self._consumer.close(timeout_ms=1_000)
        if self._identity is not None:
            self._identity.close()

    def _seek_committed(self, owned: Sequence[TopicPartition]) -> Mapping[Place, Position]:
        """Go to where the group stands, or to the beginning where that is of an earlier topic, or of none."""
        if self._identity is not None and owned:
            self._facts = self._identity.now()
        found = {tuple(tp): self._committed(tp) for tp in owned}
        notes = {place: note_of(known.metadata or "") for place, known in found.items() if known is not None}
        notes = {place: note for place, note in notes.items() if not read_note(note).is_of_another(self._facts.id)}
        starts = self._losses.begin({place: found[place].offset if place in notes else None for place in found})
        for place, offset in starts.items():
            self._consumer.seek(TopicPartition(*place), offset)
        return {place: Position(offset, notes.get(place, "")) for place, offset in starts.items()}

    def _polled(self, batches: Sequence[RawBatch], membership: Any) -> Polled:
        offsets = {(batch.topic, batch.partition): batch.offsets for batch in batches}
        if self._losses.went_back(offsets):
            self._rewound = True
            return Polled()
        lost = self._losses.read(offsets)
        if (batches or lost) and self._is_another_topic():
            self._rewound = True
            return Polled()
        next_offsets = {place: self._losses.due(place) for place in lost}
        next_offsets |= {place: some[-1] + 1 for place, some in offsets.items()}
        at_end = self._at_end(set(map(TopicPartition._make, offsets)))
        return Polled(batches, next_offsets, at_end, membership, lost, self.topic_ids())

    def _is_another_topic(self) -> bool:
        """Tell whether what was polled may be of a topic that came after the one whose positions these are."""
        if self._identity is None:
            return False
        known, self._facts = self._facts, self._identity.now()
        return known.id != self._facts.id

    def _committed(self, tp: TopicPartition) -> Any:
        try:
            return self._consumer.committed(tp, metadata=True, timeout_ms=_PENDING_MS)
        except KafkaTimeoutError:
            end_open_transaction(tp, self._group, self._options)
            return self._consumer.committed(tp, metadata=True, timeout_ms=LOOKUP_MS)

    def _at_end(self, busy: set[TopicPartition]) -> frozenset[Place]:
        """Return the owned partitions that are read to their end; asks for the ends of silent ones now and then."""
        silent = [tp for tp in self._consumer.assignment() if tp not in busy]
        if silent and time.monotonic() - self._ends_read_s >= _END_EVERY_S:
            with kafka_errors("the partitions' ends cannot be read"):
                self._ends = self._consumer.end_offsets(silent, timeout_ms=LOOKUP_MS)
            self._ends_read_s = time.monotonic()
        with kafka_errors("positions cannot be read"):
            return frozenset(
                (tp.topic, tp.partition)
                for tp in silent
                if tp in self._ends and (self._consumer.position(tp, timeout_ms=LOOKUP_MS) or 0) >= self._ends[tp]
            )


def raw_batch(tp: TopicPartition, records: Sequence[Any]) -> RawBatch:
    """Return records of one partition, as the client has them, as a batch."""
    return RawBatch(
        topic=tp.topic,
        partition=tp.partition,
        offsets=[record.offset for record in records],
        values=[record.value for record in records],
        timestamps_ms=[record.timestamp for record in records],
        keys=[record.key for record in records],
        headers=[record.headers for record in records],
    )
