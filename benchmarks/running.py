"""CPU of `driftline run` over a real broker, against kafka-python's poll and the same decoding alone."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks import traffic
from benchmarks.turns import Result, best_us, cpu_seconds, ratio
from consumers.assembly import Assembly, assemble
from consumers.kafka_loops import new_counter, new_judge
from consumers.kafka_source import CONSUMER_SETTINGS
from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable
from consumers.raw import RawBatch
from consumers.service import Service
from consumers.settings import load_settings
from consumers.topics import ensure_topics

NAME, GOAL = "running an event, 24 features, 4 partitions, vs kafka-python's poll and the same decoding", 1.35
TOPIC, PARTITIONS = "events", 4


def running(folder: Path, n: int, turns: int) -> Result:
    """Count and judge ``n`` events that are on a topic already, in one process, burst after burst."""
    logging.getLogger("kafka").setLevel(logging.ERROR)
    try:
        with LocalKafka() as kafka:
            return _measured(folder, kafka.bootstrap_servers, n, turns)
    except LocalKafkaUnavailable as missing:
        return Result(NAME, None, GOAL, note=str(missing).splitlines()[0])


def _measured(folder: Path, servers: list[str], n: int, turns: int) -> Result:
    _produce(servers, n)
    numbers = count()
    poll_only = _assembly(folder, servers, "polling")

    def run() -> None:
        # A new monitor each time, so that its groups begin at the beginning of the topic.
        assembly = _assembly(folder, servers, f"running-{next(numbers)}")
        ensure_topics(assembly.settings)
        counter = new_counter(assembly)
        Service([counter, new_judge(assembly)], lambda _: None).run_burst()
        assert counter.ledger.counted == n

    spent = cpu_seconds({"run": run, "poll": lambda: _poll_and_decode(poll_only, servers, n)}, turns)
    us = {name: best_us(seconds, n) for name, seconds in spent.items()}
    note = f"{us['run']:.2f} us against {us['poll']:.2f} us, joining the group included"
    return Result(NAME, ratio(spent["run"], spent["poll"]), GOAL, note=note)


def _produce(servers: list[str], n: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics({TOPIC: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=50, batch_size=262_144, compression_type="lz4")
    for i, event in enumerate(traffic.events(n)):
        producer.send(TOPIC, event, partition=i % PARTITIONS)
    producer.close()


def _assembly(folder: Path, servers: list[str], name: str) -> Assembly:
    topics = ("[kafka]", f"bootstrap_servers = {servers}", "[topics]", f'events = "{TOPIC}"')
    return assemble(load_settings(traffic.write_monitor(folder, name, "1m", *topics), {}))


def _poll_and_decode(assembly: Assembly, servers: list[str], n: int) -> None:
    decoder, seen = assembly.new_decoder(), 0
    with _consumer(servers) as consumer:
        while seen < n:
            for tp, records in consumer.poll(timeout_ms=500).items():
                seen += len(decoder.decode(_batch(tp, records)).rows)


@contextmanager
def _consumer(servers: list[str]) -> Iterator[Any]:
    consumer = KafkaConsumer(**CONSUMER_SETTINGS, bootstrap_servers=servers)
    consumer.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
    try:
        yield consumer
    finally:
        consumer.close()


def _batch(tp: TopicPartition, records: list[Any]) -> RawBatch:
    offsets, values = [record.offset for record in records], [record.value for record in records]
    return RawBatch(tp.topic, tp.partition, offsets, values, [record.timestamp for record in records])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(running(Path(folder), 100_000, 3))


if __name__ == "__main__":
    main()
