"""A topic of events, its group, and bare producers beside it: what the tests of Kafka's traps stand on."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer

from consumers.kafka_sink import KafkaSink
from consumers.kafka_source import KafkaSource
from consumers.sink import Outgoing
from consumers.source import Place, Polled, Position

EVENTS = [b"%d" % number for number in range(10)]
NEVER_MS = 600_000
WAIT_S = 120.0


class Stage:
    """A topic of events and one of counts; members of the group that reads the events, and sinks."""

    def __init__(self, events: str, counts: str, options: dict[str, Any], admin: KafkaAdminClient) -> None:
        self.events, self.counts, self.options = events, counts, options
        self.group = f"{events}-counter"
        self._admin = admin
        self.open = contextlib.ExitStack()

    def source(self) -> KafkaSource:
        """Return a new member; it joins as it is stepped."""
        made = KafkaSource(self.events, self.group, self.options)
        self.open.callback(made.close)
        return made

    def sink(self, **options: Any) -> KafkaSink:
        """Return a new sink, which is closed in the end."""
        made = KafkaSink(self.group, {**self.options, **options})
        self.open.callback(made.close)
        return made

    def producer(self, transactional_id: str) -> KafkaProducer:
        """Return a bare producer whose transactions the broker does not end by itself."""
        made = KafkaProducer(**self.options, transactional_id=transactional_id, transaction_timeout_ms=NEVER_MS)
        self.open.callback(made.close, timeout=1)
        made.init_transactions()
        return made

    def committed(self) -> dict[int, tuple[int, str]]:
        """Return offset and metadata of each partition of the events, as the group's coordinator has them now."""
        found = self._admin.list_group_offsets({self.group: None})[self.group]
        return {tp.partition: (at.offset, at.metadata) for tp, at in found.items() if at.offset >= 0}

    def soon_committed(self) -> dict[int, tuple[int, str]]:
        """Return the same once there is any: a commit returns before the coordinator of the group has heard of it."""
        found: dict[int, tuple[int, str]] = until(self.committed)
        return found

    def record(self, value: bytes = b"counts") -> Outgoing:
        """Return a record for the counts."""
        return Outgoing(self.counts, b"key", value, partition=0)

    def place(self, partition: int = 0) -> Place:
        """Return a partition of the events."""
        return (self.events, partition)


def until(attempt: Callable[[], Any]) -> Any:
    """Repeat until there is an answer that is not empty."""
    deadline = time.monotonic() + WAIT_S
    while not (found := attempt()):
        assert time.monotonic() < deadline, "nothing came"
    return found


def owned(source: KafkaSource) -> Mapping[Place, Position]:
    """Step a source until it owns partitions; return where they stand."""

    def step() -> Mapping[Place, Position] | None:
        source.poll(0.2)
        return source.assigned()

    return until(step)


def polled(source: KafkaSource) -> Polled:
    """Return the next records of a source that owns partitions."""

    def step() -> Polled | None:
        source.assigned()
        found = source.poll(0.5)
        return found if found.batches else None

    return until(step)


def values(found: Polled) -> dict[int, list[bytes]]:
    """Return what was polled of each partition."""
    return {batch.partition: list(batch.values) for batch in found.batches}


def counted(records: Sequence[Any]) -> list[bytes]:
    """Return the values of records."""
    return [record.value for record in records]
