"""Three brokers, of which one at a time may be killed, and the traffic that flows to them meanwhile."""

import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from consumers.local_kafka import LocalKafka
from tests.torture.traffic import PARTITIONS, Sent, Traffic

_IN_SYNC_WITHIN_S = 120


class Brokers:
    """A cluster whose faults are done in a thread of their own, one after the other, never two brokers down at once.

    A broker counts as back when every partition of every topic has all its copies in sync again.
    """

    def __init__(self, kafka: LocalKafka) -> None:
        self.kafka = kafka
        # One thread from beginning to end: brokers die with the thread that started them.
        self._thread = ThreadPoolExecutor(1)
        self._fault: Future[float] | None = None

    def kill(self, index: int, down_s: float) -> None:
        """Kill a broker and start it again ``down_s`` later; the caller has waited until none is ``busy``."""
        self._fault = self._thread.submit(self._kill, index, down_s)

    def busy(self) -> bool:
        """Tell whether a broker is down or not yet in sync; raises what went wrong with the last one."""
        if self._fault is None or not self._fault.done():
            return self._fault is not None
        self._fault.result()
        self._fault = None
        return False

    def create_topic(self, name: str) -> None:
        """Create a topic that driftline only reads."""
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)) as admin:
            configs = {"retention.ms": "-1"}
            admin.create_topics({name: {"num_partitions": PARTITIONS, "configs": configs}}, wait_for_metadata=True)

    def _kill(self, index: int, down_s: float) -> float:
        self.kafka.kill(index)
        time.sleep(down_s)
        self.kafka.restart(index)
        return self._wait_until_in_sync()

    def _wait_until_in_sync(self) -> float:
        began = time.monotonic()
        while time.monotonic() - began < _IN_SYNC_WITHIN_S:
            with contextlib.suppress(KafkaError):
                if self._in_sync():
                    return time.monotonic() - began
            time.sleep(0.3)
        raise TimeoutError(f"a restarted broker was not in sync again after {_IN_SYNC_WITHIN_S} s")

    def _in_sync(self) -> bool:
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap_servers)) as admin:
            topics: list[dict[str, Any]] = admin.describe_topics()
        return all(len(one["isr_nodes"]) == len(one["replica_nodes"]) for t in topics for one in t["partitions"])


class Flow(threading.Thread):
    """Sends traffic at an even pace, whatever happens to the brokers; labels of an event once it is on the topic.

    At half the pace at first, so that there is enough of it left when members have started on a busy machine.
    """

    def __init__(self, brokers: Brokers, topic: str, labels: str | None, traffic: Traffic, per_s: float) -> None:
        super().__init__(daemon=True)
        self._servers = brokers.kafka.bootstrap_servers
        self._topic, self._labels, self._traffic, self._per_s = topic, labels, traffic, per_s
        self._flowing, self._hurry, self._ending = threading.Event(), threading.Event(), threading.Event()
        self._due: deque[Sent] = deque()
        self.sent = self.failed = self._arrived = 0
        # Whether all but what closes the last windows is acknowledged, and that, too.
        self.drained = self.done = False

    def flow(self) -> None:
        """Go on at full pace: whoever is to read it is there."""
        self._flowing.set()

    def hurry(self) -> None:
        """Send the rest as fast as it goes."""
        self._hurry.set()

    def close_windows(self) -> None:
        """Send what closes the last windows."""
        self._ending.set()

    def run(self) -> None:
        """Send everything, and wait until it is acknowledged."""
        producer = KafkaProducer(
            bootstrap_servers=self._servers, acks="all", linger_ms=20, batch_size=131_072, delivery_timeout_ms=600_000,
            compression_type="lz4", metadata_max_age_ms=5_000, max_block_ms=300_000, reconnect_backoff_max_ms=1_000,
        )  # fmt: skip
        with contextlib.closing(producer):
            due_s = time.monotonic()
            for record in self._traffic.records():
                self._send(producer, record)
                due_s += (1 if self._flowing.is_set() else 2) / self._per_s
                ahead_s = due_s - time.monotonic()
                if self.sent % 100 == 0 and ahead_s > 0:
                    self._hurry.wait(ahead_s)
            self._finish(producer)
            self.drained = True
            self._ending.wait()
            for record in self._traffic.ends():
                self._send(producer, record)
            self._finish(producer)
        self.done = True

    def _send(self, producer: KafkaProducer, record: Sent) -> None:
        key = b"null" if record.value is None else None
        future = producer.send(self._topic, record.value, key=key, partition=record.partition)
        future.add_callback(self._acknowledged, record)
        future.add_errback(self._count_failure)
        self.sent += 1
        self._send_labels(producer)

    def _send_labels(self, producer: KafkaProducer) -> None:
        while self._due:
            record = self._due.popleft()
            for label in record.labels if self._labels else ():
                producer.send(self._labels, label, partition=record.partition).add_errback(self._count_failure)

    def _finish(self, producer: KafkaProducer) -> None:
        while self._arrived + self.failed < self.sent:
            producer.flush()
            time.sleep(0.01)
        self._send_labels(producer)
        producer.flush()

    def _acknowledged(self, record: Sent, _metadata: object) -> None:
        self._due.append(record)
        self._arrived += 1

    def _count_failure(self, _error: object) -> None:
        self.failed += 1
