"""Looking into topics without being in a group: asking until somebody answers, and reading a partition to its end."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from kafka import KafkaConsumer, TopicPartition

from consumers.kafka_errors import kafka_errors
from consumers.source import LogRefused, LogUnavailable

LOOKUP_MS = 10_000
# How long a broker may take to answer for the first time.
BOOTSTRAP_MS = 10_000
_ASK_AGAIN_S = 0.3
_T = TypeVar("_T")

CONSUMER_SETTINGS: Mapping[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "allow_auto_create_topics": False,
    "bootstrap_timeout_ms": BOOTSTRAP_MS,
    "metadata_max_age_ms": 5_000,
    # A broker that is back is noticed within seconds, not half a minute.
    "reconnect_backoff_max_ms": 2_000,
    "max_poll_records": 20_000,
    "fetch_max_wait_ms": 200,
    "max_partition_fetch_bytes": 8_388_608,
}


def until_answered(ask: Callable[[], _T]) -> _T:
    """Repeat for some seconds, at start, what any broker can answer; then raise LogUnavailable.

    The client asks one broker of its choice, and that may be one that is down, or one that does not know of a new topic
    yet, while the others could answer.
    """
    deadline = time.monotonic() + BOOTSTRAP_MS / 1000
    while True:
        try:
            return ask()
        except LogUnavailable:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_ASK_AGAIN_S)


def read_to_end(topic: str, partition: int, options: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield key and value of every committed record of a partition, up to the end it has now.

    The end is the high watermark, asked for without isolation: the last stable offset may lie before records that are
    committed already. Positions step over transaction markers, so the committed reader reaches it.
    """
    tp = TopicPartition(topic, partition)
    with kafka_errors(f"{topic} cannot be read"):
        looker = KafkaConsumer(**{**CONSUMER_SETTINGS, **options, "isolation_level": "read_uncommitted"})
        try:
            known = looker.partitions_for_topic(topic)
            if known and partition not in known:
                raise LogRefused(
                    f"{topic} has no partition {partition}: give it as many as the topic of the counts has"
                )
            end = looker.end_offsets([tp])[tp]
        finally:
            looker.close(timeout_ms=2_000)
        reader = KafkaConsumer(**{**CONSUMER_SETTINGS, **options})
        try:
            reader.assign([tp])
            reader.seek_to_beginning(tp)
            while reader.position(tp, timeout_ms=LOOKUP_MS) < end:
                for record in reader.poll(timeout_ms=500).get(tp, []):
                    yield record.key, record.value
        finally:
            reader.close(timeout_ms=2_000)
