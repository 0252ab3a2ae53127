"""Which topic a name stands for just now: Kafka gives a topic that is deleted and created again another id.

An id that is gone never comes back. So whoever finds, after polling, the id that was there before knows that everything
polled in between was of that topic: a reader that only knows the name would go on in the new one where it stood in the
old one, and never see its beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient

from consumers.kafka_errors import kafka_errors
from consumers.kafka_options import options_for
from consumers.source import LogUnavailable


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic's id, and how many partitions it has; the id is empty where brokers give none (before Kafka 2.8)."""

    id: str
    partitions: int


class TopicIdentity:
    """Asks a broker for the facts of one topic; ``options`` are the consumer's own. Owned by one thread."""

    def __init__(self, topic: str, options: Mapping[str, Any]) -> None:
        self._topic = topic
        self._options = options_for("admin", options)
        self._admin: KafkaAdminClient | None = None

    def now(self) -> TopicFacts:
        """Return the topic's facts as a broker has them now; raises LogUnavailable while there is no such topic."""
        with kafka_errors(f"{self._topic} cannot be described"):
            if self._admin is None:
                self._admin = KafkaAdminClient(**{"bootstrap_timeout_ms": 10_000, **self._options})
            (described,) = self._admin.describe_topics([self._topic])
        if described["error_code"] or not described["partitions"]:
            raise LogUnavailable(f"the topic {self._topic} is not there")
        return TopicFacts(str(described.get("topic_id") or ""), len(described["partitions"]))

    def close(self) -> None:
        """Leave."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None


def topic_facts(topic: str, options: Mapping[str, Any]) -> TopicFacts:
    """Ask once; raises LogUnavailable while there is no such topic."""
    identity = TopicIdentity(topic, options)
    try:
        return identity.now()
    finally:
        identity.close()
