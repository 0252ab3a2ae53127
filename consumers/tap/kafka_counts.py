"""Kafka as the place for reports of counts: a plain producer, no transactions.

A transaction that a killed process leaves open holds back everybody who reads the topic; a report is whole in one
record, and the judge drops what comes twice, so none is needed. The producer keeps its records in order
(`enable_idempotence`); one that has failed is thrown away, and all of its reports are sent again by the next.
"""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer

from consumers.kafka_errors import kafka_errors
from consumers.records import counts_partition
from consumers.settings import Settings
from consumers.source import LogUnavailable
from consumers.tap.kafka_producer import LateProducer

_FLUSH_S = 25.0


class KafkaCounts:
    """Reports to the counts topic of a monitor, which `driftline run` creates. Connects with the first report."""

    def __init__(self, settings: Settings) -> None:
        self._topic, self._monitor = settings.topics.counts, settings.monitor.name
        self._producer = LateProducer({"enable_idempotence": True, **settings.kafka.for_client("producer")})
        self._partition: int | None = None

    def send(self, reports: Sequence[bytes]) -> None:
        """See `CountsLog.send`. Waits for half a minute at most."""
        try:
            with kafka_errors(f"counts cannot be written to {self._topic}"):
                producer = self._open()
                futures = [self._send(producer, report) for report in reports]
                producer.flush(timeout=_FLUSH_S)
                for future in futures:
                    future.get(timeout=0)
        except BaseException:
            self.close(1.0)
            raise

    def close(self, timeout_s: float) -> None:
        """See `CountsLog.close`."""
        self._producer.close(timeout_s)

    def forget(self) -> None:
        """See `CountsLog.forget`."""
        self._producer.forget()
        self._partition = None

    def _open(self) -> KafkaProducer:
        producer = self._producer.open()
        if self._partition is None:
            found = producer.partitions_for(self._topic)
            if not found:
                raise LogUnavailable(f"the topic {self._topic} is not there; driftline run creates it")
            self._partition = counts_partition(self._monitor, len(found))
        return producer

    def _send(self, producer: KafkaProducer, report: bytes) -> Any:
        return producer.send(self._topic, report, key=self._monitor.encode(), partition=self._partition)
