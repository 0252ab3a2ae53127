"""Where partitions begin and end, as a consumer of Kafka is told."""

from collections.abc import Mapping, Sequence

from kafka import KafkaConsumer, TopicPartition

from consumers.kafka_errors import kafka_errors
from consumers.source import Place


def beginnings(consumer: KafkaConsumer, places: Sequence[Place]) -> Mapping[Place, int]:
    """Return the first offset that each of these partitions still has. Raises LogUnavailable."""
    with kafka_errors("the partitions' beginnings cannot be read"):
        found = consumer.beginning_offsets([TopicPartition(*place) for place in places])
    return {tuple(tp): offset for tp, offset in found.items()}


def ends(consumer: KafkaConsumer, places: Sequence[Place]) -> Mapping[Place, int]:
    """Return the offset behind the last of each, by the consumer's isolation. Raises LogUnavailable."""
    with kafka_errors("the partitions' ends cannot be read"):
        found = consumer.end_offsets([TopicPartition(*place) for place in places])
    return {tuple(tp): offset for tp, offset in found.items()}
