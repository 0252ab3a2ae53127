"""CPU of `driftline run` over a real broker, against kafka-python's poll and the same decoding alone."""

import logging
import tempfile
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks import traffic
from benchmarks.turns import Result, Task, best_us, cpu_seconds, ratio
from consumers.assembly import Assembly, assemble
from consumers.kafka_lookup import CONSUMER_SETTINGS
from consumers.kafka_loops import new_counter, new_judge
from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable
from consumers.raw import RawBatch
from consumers.service import Service
from consumers.settings import load_settings
from consumers.topics import ensure_topics

NAME = "running an event, 24 features, 4 partitions, vs kafka-python's poll and the same decoding"
WITH_START = "the same, the start and end of the process's clients included"
GOAL, PARTITIONS, FEW = 1.35, 4, 2_000


def running(folder: Path, n: int, turns: int) -> list[Result]:
    """Count and judge ``n`` events that are on a topic already, in one process, burst after burst."""
    logging.getLogger("kafka").setLevel(logging.ERROR)
    try:
        with LocalKafka() as kafka:
            return _measured(folder, kafka.bootstrap_servers, n, turns)
    except LocalKafkaUnavailable as missing:
        return [Result(NAME, None, GOAL, note=str(missing).splitlines()[0])]


def _measured(folder: Path, servers: list[str], n: int, turns: int) -> list[Result]:
    """Measure a long topic and a short one: the difference is what events cost, without joining and leaving groups."""
    tasks: dict[str, Task] = {}
    for topic, size in (("short", FEW), ("long", n)):
        _produce(servers, topic, size)
        tasks[f"run {topic}"] = partial(_run, folder, servers, topic, size)
        tasks[f"poll {topic}"] = partial(_poll_and_decode, folder, servers, topic, size)
    spent = cpu_seconds(tasks, turns)
    run, poll = (
        [long - short for long, short in zip(spent[f"{name} long"], spent[f"{name} short"], strict=True)]
        for name in ("run", "poll")
    )
    whole_run, whole_poll = spent["run long"], spent["poll long"]
    return [
        Result(NAME, ratio(run, poll), GOAL, note=_note(run, poll, n - FEW)),
        Result(WITH_START, ratio(whole_run, whole_poll), GOAL, note=f"{n:,} events; {_note(whole_run, whole_poll, n)}"),
    ]


def _note(run: list[float], poll: list[float], n: int) -> str:
    return f"{best_us(run, n):.2f} us against {best_us(poll, n):.2f} us"


def _run(folder: Path, servers: list[str], topic: str, n: int) -> None:
    # A new monitor each time, so that its groups begin at the beginning of the topic.
    assembly = _assembly(folder, servers, topic, f"running-{uuid.uuid4().hex}")
    ensure_topics(assembly.settings)
    counter = new_counter(assembly)
    Service([counter, new_judge(assembly)], lambda _: None).run_burst()
    assert counter.ledger.counted == n


def _produce(servers: list[str], topic: str, n: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.create_topics({topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=50, batch_size=262_144, compression_type="lz4")
    for i, event in enumerate(traffic.events(n)):
        producer.send(topic, event, partition=i % PARTITIONS)
    producer.close()


def _assembly(folder: Path, servers: list[str], topic: str, name: str) -> Assembly:
    topics = ("[kafka]", f"bootstrap_servers = {servers}", "[topics]", f'events = "{topic}"')
    return assemble(load_settings(traffic.write_monitor(folder, name, "1m", *topics), {}))


def _poll_and_decode(folder: Path, servers: list[str], topic: str, n: int) -> None:
    decoder, seen = _assembly(folder, servers, topic, "polling").new_decoder(), 0
    consumer = KafkaConsumer(**CONSUMER_SETTINGS, bootstrap_servers=servers)
    consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
    while seen < n:
        for tp, records in consumer.poll(timeout_ms=500).items():
            seen += len(decoder.decode(_batch(tp, records)).rows)
    consumer.close()


def _batch(tp: TopicPartition, records: list[Any]) -> RawBatch:
    offsets, values = [record.offset for record in records], [record.value for record in records]
    return RawBatch(tp.topic, tp.partition, offsets, values, [record.timestamp for record in records])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for result in running(Path(folder), 100_000, 3):
            print(result)


if __name__ == "__main__":
    main()
