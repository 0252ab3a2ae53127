"""Reading the alerts topic: every drift event that is committed, in order, without a group to leave traces."""

from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition

from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import CONSUMER_SETTINGS
from consumers.settings import Settings
from consumers.source import LogRefused


def follow(settings: Settings, *, from_beginning: bool, burst: bool) -> Iterator[bytes]:
    """Yield the values of drift events; endless, or with ``burst`` up to the topic's present end.

    Raises LogUnavailable or LogRefused when the topic cannot be read.
    """
    topic = settings.topics.alerts
    with kafka_errors(f"{topic} cannot be read"):
        consumer = KafkaConsumer(**{**CONSUMER_SETTINGS, **settings.kafka.for_client("consumer")})
        try:
            parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            if not parts:
                raise LogRefused(f'the topic "{topic}" does not exist; "driftline run" creates it')
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            for tp in parts:
                if from_beginning:
                    consumer.seek_to_beginning(tp)
                else:
                    consumer.seek(tp, ends[tp])
            while not (burst and all(consumer.position(tp) >= ends[tp] for tp in parts)):
                for records in consumer.poll(timeout_ms=500).values():
                    yield from (record.value for record in records)
        finally:
            consumer.close(timeout_ms=1_000)
