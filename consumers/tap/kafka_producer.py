"""A producer of the tap's: it connects when it is first needed, ends quietly, and survives a fork.

A forked child must not let go of its parent's connections: it would say goodbye for the parent.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from consumers.tap import endings

# While Kafka is away, batches are given up one after the other, each after so long.
PRODUCER_SETTINGS: Mapping[str, Any] = {
    "acks": "all",
    "linger_ms": 5,
    "batch_size": 262_144,
    "compression_type": "lz4",
    "bootstrap_timeout_ms": 5_000,
    "max_block_ms": 5_000,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 20_000,
    "reconnect_backoff_max_ms": 2_000,
    "allow_auto_create_topics": False,
}
_PARENTS: list[KafkaProducer] = []


class LateProducer:
    """A producer that is made when it is first asked for; ``options`` are kafka-python's own, and win over ours."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = {**PRODUCER_SETTINGS, **options}
        self._producer: KafkaProducer | None = None

    def open(self) -> KafkaProducer:
        """Return the producer; raises KafkaError where no broker answers."""
        if self._producer is None:
            self._producer = KafkaProducer(**self._options)
            # The client closes itself at exit, before whoever registered earlier: the tap must come before it.
            endings.register()
        return self._producer

    def flush(self, timeout_s: float) -> None:
        """Wait for what was sent, if there is a producer at all."""
        # Another thread may close it meanwhile.
        producer = self._producer
        if producer is not None:
            with contextlib.suppress(KafkaError):
                producer.flush(timeout=timeout_s)

    def close(self, timeout_s: float) -> None:
        """Let go of the producer; the next one asked for is another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError):
                producer.close(timeout=timeout_s)

    def forget(self) -> None:
        """Leave the producer to the parent that this process was forked from; it is neither used nor closed here."""
        producer, self._producer = self._producer, None
        if producer is not None:
            # Its lock may have been held by a thread that this process does not have: closing it could wait for ever.
            # And its clean-up at exit must do nothing.
            producer._closed = True
            _PARENTS.append(producer)
