"""The newest records of a topic, read without a group: nobody's offsets move, and nothing is created."""

import time
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from consumers.errors import SettingsError
from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import CONSUMER_SETTINGS, LOOKUP_MS, until_answered
from consumers.kafka_reach import require_listener
from consumers.kafka_source import raw_batch
from consumers.onboarding.sample import Sample
from consumers.settings.places import nearest
from consumers.settings.sections import KafkaSettings

# A topic whose end does not come nearer: what was read until then is the sample.
_LONGEST_READ_S = 30.0


def topic_sample(topic: str, kafka: KafkaSettings, most: int) -> Sample:
    """Read the newest records, as many of each partition; raises SettingsError where there is no such topic.

    Raises LogUnavailable or LogRefused where Kafka cannot be asked.
    """
    require_listener(kafka)
    with kafka_errors(f"{topic} cannot be read"):
        return until_answered(lambda: _read(topic, kafka, most))


def _read(topic: str, kafka: KafkaSettings, most: int) -> Sample:
    with kafka_errors(f"{topic} cannot be read"):
        consumer = KafkaConsumer(**{**CONSUMER_SETTINGS, **kafka.for_client("consumer")})
        try:
            known = consumer.topics()
            if topic not in known:
                guess = nearest(topic, sorted(known))
                hint = f'; did you mean "{guess}"?' if guess else "; name the topic that the events are on"
                raise SettingsError(f'there is no topic "{topic}" at {", ".join(kafka.bootstrap_servers)}{hint}')
            partitions = [TopicPartition(topic, one) for one in sorted(consumer.partitions_for_topic(topic) or ())]
            return Sample(topic, _newest(consumer, partitions, most), of_topic=True)
        finally:
            consumer.close(timeout_ms=2_000)


def _newest(consumer: Any, partitions: list[TopicPartition], most: int) -> list[Any]:
    """Return a batch for each partition that has records, its newest ones."""
    begins, ends = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    filled = [tp for tp in partitions if ends[tp] > begins[tp]]
    if not filled:
        return []
    share = -(-most // len(filled))
    consumer.assign(filled)
    for tp in filled:
        consumer.seek(tp, max(begins[tp], ends[tp] - share))
    records: dict[TopicPartition, list[Any]] = {tp: [] for tp in filled}
    deadline_s = time.monotonic() + _LONGEST_READ_S
    while time.monotonic() < deadline_s and any(
        (consumer.position(tp, timeout_ms=LOOKUP_MS) or 0) < ends[tp] for tp in filled
    ):
        for tp, some in consumer.poll(timeout_ms=500).items():
            records[tp] += [record for record in some if record.offset < ends[tp]]
    return [raw_batch(tp, some[-share:]) for tp, some in records.items() if some]
