"""The alerts topic over Kafka: committed records in order, with a group's position or without leaving traces.

A group that has no position yet begins at the end of the topic (or at its beginning), and that position is written down
before the first member joins: a member that dies before its first event must not make the next one begin later still.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import CONSUMER_SETTINGS, LOOKUP_MS
from consumers.kafka_reach import require_listener
from consumers.kafka_rebalance import keep_joining
from consumers.settings import Settings
from consumers.source import LogRefused, Place

# That the process is alive is told by heartbeats, however long it works on one record.
_MEMBER_SETTINGS: Mapping[str, Any] = {
    **CONSUMER_SETTINGS,
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 2_000,
}


_LOOKS, _LOOK_AGAIN_S = 5, 0.2
# Who starts `driftline run` and this at once must not have to try again.
_CREATED_WITHIN_S = 60.0


class NoAlertsYet(LogRefused):
    """There is no topic of alerts: `driftline run`, which creates it, has not begun."""


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """A committed record of the alerts topic, and its place."""

    place: Place
    offset: int
    value: bytes | None


class KafkaAlerts:
    """Reads one record at a time; owned by one thread.

    ``group`` makes it a member of that group; without one it reads every partition and remembers nothing. Begins at the
    end of the topic, or ``from_beginning``, unless the group stands somewhere already. ``body_s`` is how long a
    member may work on one record before it is taken for stuck. Raises LogUnavailable or LogRefused when the topic
    cannot be read.
    """

    def __init__(
        self, settings: Settings, group: str | None = None, *, from_beginning: bool = False, body_s: float = 3_600
    ) -> None:
        topic = settings.topics.alerts
        with kafka_errors(f"{topic} cannot be read"):
            if group is None:
                self._consumer, parts = _opened_on(settings, topic)
                self._consumer.assign(parts)
                for tp, offset in _starts(self._consumer, parts, from_beginning).items():
                    self._consumer.seek(tp, offset)
            else:
                pin(settings, group, from_beginning=from_beginning)
                self._consumer = _opened(settings, group, round(body_s * 1000))
                parts = _partitions(self._consumer, topic)
                self._consumer.subscribe([topic])
            self._ends = self._consumer.end_offsets(parts)
        self._topic = topic

    def poll(self, timeout_s: float) -> AlertRecord | None:
        """Return the next record, or None where none came in time; raises as the class says."""
        with kafka_errors(f"{self._topic} cannot be read"):
            # One at a time: what the client holds back is thrown away when its partition goes to another member.
            polled = self._consumer.poll(timeout_ms=round(timeout_s * 1000), max_records=1)
            if self._consumer.config["group_id"] is not None:
                keep_joining(self._consumer)
        for tp, records in polled.items():
            for record in records:
                return AlertRecord((tp.topic, tp.partition), record.offset, record.value)
        return None

    def commit(self, next_offsets: Mapping[Place, int]) -> None:
        """Write down how far the group has come, but for what is another member's by now; raises as the class says."""
        with kafka_errors("the group's position cannot be written"):
            owned = {tuple(tp) for tp in self._consumer.assignment()}
            ours = {TopicPartition(*place): offset for place, offset in next_offsets.items() if place in owned}
            if ours:
                self._consumer.commit({tp: OffsetAndMetadata(offset, "", -1) for tp, offset in ours.items()}, LOOKUP_MS)

    def membership(self) -> int:
        """Return the group's generation, another one whenever partitions may have come or gone; -1 outside of it."""
        generation: int = self._consumer.group_metadata().generation_id
        return generation

    def mark_end(self) -> None:
        """Take the present end of the topic for what ``at_end`` asks for."""
        with kafka_errors(f"the end of {self._topic} cannot be read"):
            self._ends = self._consumer.end_offsets(list(self._ends))

    def at_end(self) -> bool:
        """Tell whether everything is read that was on the topic, on partitions of ours, when this reader was made."""
        with kafka_errors("positions cannot be read"):
            owned = self._consumer.assignment()
            return bool(owned) and all(
                (self._consumer.position(tp, timeout_ms=LOOKUP_MS) or 0) >= self._ends.get(tp, 0) for tp in owned
            )

    def close(self) -> None:
        """Leave; what was not committed will be read again by the group."""
        self._consumer.close(timeout_ms=1_000)


def follow(
    settings: Settings, *, from_beginning: bool, burst: bool, waiting: Callable[[str], None] | None = None
) -> Iterator[bytes]:
    """Yield the values of drift events; endless, or with ``burst`` up to the topic's present end.

    A topic that is not there yet is waited for, a minute long, where there is somebody to be told so (``waiting``).
    Raises LogUnavailable or LogRefused when the topic cannot be read.
    """
    require_listener(settings.kafka)
    alerts = _opened_in_time(settings, from_beginning, waiting)
    try:
        while True:
            while (record := alerts.poll(0.5)) is not None:
                yield record.value or b""
            if burst and alerts.at_end():
                return
    finally:
        alerts.close()


def _opened_in_time(settings: Settings, from_beginning: bool, waiting: Callable[[str], None] | None) -> KafkaAlerts:
    deadline_s, told = time.monotonic() + _CREATED_WITHIN_S, False
    while True:
        try:
            # What is on a topic that was not there when we were asked is all new.
            return KafkaAlerts(settings, from_beginning=from_beginning or told)
        except NoAlertsYet as error:
            if waiting is None or time.monotonic() >= deadline_s:
                raise
            if not told:
                waiting(f"{error}; waiting for it")
                told = True
            time.sleep(_LOOK_AGAIN_S)


def records_between(settings: Settings, place: Place, start: int, end: int) -> Iterator[AlertRecord]:
    """Yield a partition's committed records from one offset up to, not including, another; raises as `KafkaAlerts`."""
    tp = TopicPartition(*place)
    with kafka_errors(f"{place[0]} cannot be read"):
        consumer = _opened(settings)
        try:
            consumer.assign([tp])
            consumer.seek(tp, max(start, consumer.beginning_offsets([tp])[tp]))
            while consumer.position(tp, timeout_ms=LOOKUP_MS) < end:
                for record in consumer.poll(timeout_ms=500).get(tp, []):
                    if record.offset < end:
                        yield AlertRecord(place, record.offset, record.value)
        finally:
            consumer.close(timeout_ms=1_000)


def _opened(settings: Settings, group: str | None = None, body_ms: int = 3_600_000) -> KafkaConsumer:
    if group is None:
        return KafkaConsumer(**{**CONSUMER_SETTINGS, **settings.kafka.for_client("consumer")})
    own = {"group_id": group, "max_poll_interval_ms": body_ms}
    return KafkaConsumer(**{**_MEMBER_SETTINGS, **settings.kafka.for_client("member"), **own})


def _opened_on(settings: Settings, topic: str) -> tuple[KafkaConsumer, list[TopicPartition]]:
    consumer = _opened(settings)
    try:
        return consumer, _partitions(consumer, topic)
    except NoAlertsYet:
        # It may be asked for again and again.
        consumer.close(timeout_ms=1_000)
        raise


def _partitions(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    for _look in range(_LOOKS):
        known = consumer.partitions_for_topic(topic)
        if known:
            return [TopicPartition(topic, number) for number in sorted(known)]
        # A topic that was just made is not known to every broker yet.
        time.sleep(_LOOK_AGAIN_S)
    raise NoAlertsYet(f'the topic "{topic}" does not exist; "driftline run" creates it')


def _starts(consumer: KafkaConsumer, parts: list[TopicPartition], from_beginning: bool) -> dict[TopicPartition, int]:
    found: dict[TopicPartition, int] = (consumer.beginning_offsets if from_beginning else consumer.end_offsets)(parts)
    return found


def pin(settings: Settings, group: str, *, from_beginning: bool = False) -> None:
    """Give the group its first position on every partition, unless it has one somewhere; raises as `KafkaAlerts`."""
    with kafka_errors(f"{settings.topics.alerts} cannot be read"):
        consumer = _opened(settings, group)
        try:
            parts = _partitions(consumer, settings.topics.alerts)
            consumer.assign(parts)
            if not _stands(consumer, parts):
                _write_starts(consumer, parts, _starts(consumer, parts, from_beginning))
        finally:
            consumer.close(timeout_ms=1_000)


def _write_starts(consumer: KafkaConsumer, parts: list[TopicPartition], starts: dict[TopicPartition, int]) -> None:
    try:
        consumer.commit({tp: OffsetAndMetadata(offset, "", -1) for tp, offset in starts.items()}, LOOKUP_MS)
    except KafkaError:
        # Refused where others have joined meanwhile: then they have written one.
        if not _stands(consumer, parts):
            raise


def _stands(consumer: KafkaConsumer, parts: list[TopicPartition]) -> bool:
    return any(consumer.committed(tp, timeout_ms=LOOKUP_MS) is not None for tp in parts)
