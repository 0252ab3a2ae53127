"""Kafka as a sink: one transaction per commit, and after any error a new producer.

``commit_transaction`` returns well although a batch may have failed by its delivery time-out: only that batch's future
knows. So every future is looked at before offsets are sent. After an abort the client still holds the offsets that were
meant for the aborted transaction, so a producer that has failed once is thrown away.
"""

import socket
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from consumers.kafka_deadline import ANSWER_S, within
from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import BOOTSTRAP_MS
from consumers.kafka_takeover import signed
from consumers.sink import Outgoing
from consumers.source import LogUnavailable, Place, Position

_FLUSH_S = 20
_PRODUCER_SETTINGS: Mapping[str, Any] = {
    "bootstrap_timeout_ms": BOOTSTRAP_MS,
    "transaction_timeout_ms": 10_000,
    "delivery_timeout_ms": 20_000,
    "request_timeout_ms": 10_000,
    "max_block_ms": 20_000,
    "reconnect_backoff_max_ms": 2_000,
    "linger_ms": 5,
    "batch_size": 262_144,
    "compression_type": "lz4",
    "allow_auto_create_topics": False,
}


class KafkaSink:
    """Transactions in the name of ``role``; ``options`` are the client's own (addresses, security)."""

    def __init__(self, role: str, options: Mapping[str, Any]) -> None:
        self._options = options
        self._transactional_id = f"{role}-{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        self._producer: KafkaProducer | None = None

    def commit(self, records: Iterable[Outgoing], positions: Mapping[Place, Position], membership: Any) -> None:
        """See `Sink.commit`.

        1. Refuse a membership that is none: the broker would take it. 2. Begin. 3. Send. 4. Flush, and look at every
        future. 5. Send the offsets with the membership that the records were polled under. 6. Commit.
        """
        if positions and getattr(membership, "generation_id", -1) < 0:
            raise LogUnavailable("this member is out of its group; it will join again")
        try:
            with kafka_errors("the transaction failed"):
                producer = self._open()
                producer.begin_transaction()
                futures = [self._send(producer, record) for record in records]
                producer.flush(timeout=_FLUSH_S)
                for future in futures:
                    future.get(timeout=0)
                if positions:
                    offsets = _offsets(positions, self._transactional_id)
                    within(ANSWER_S, lambda: producer.send_offsets_to_transaction(offsets, membership))
                within(ANSWER_S, producer.commit_transaction)
        except BaseException:
            self._discard()
            raise

    def close(self) -> None:
        """See `Sink.close`."""
        self._discard()

    def _open(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **{**_PRODUCER_SETTINGS, **self._options, "transactional_id": self._transactional_id}
            )
            self._producer.init_transactions()
        return self._producer

    def _send(self, producer: KafkaProducer, record: Outgoing) -> Any:
        return producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            headers=list(record.headers),
            partition=record.partition,
        )

    def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=1)
            except KafkaError:
                # It failed before; the broker will abort what it left open.
                return


def _offsets(positions: Mapping[Place, Position], transactional_id: str) -> dict[TopicPartition, OffsetAndMetadata]:
    return {
        TopicPartition(*place): OffsetAndMetadata(position.offset, signed(transactional_id, position.note), -1)
        for place, position in positions.items()
    }
