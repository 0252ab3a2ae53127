"""Topics in the formats of strangers: init, check and run, with no edit of the written file, to the first finding."""

import gzip
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from kafka import KafkaProducer
from typer.testing import CliRunner

from consumers.cli import app
from consumers.settings import load_settings
from tests.encoders import CLIENT, ENCODERS, Encoded
from tests.fake_registry import FakeRegistry, running

# A minute of a thousand rows, then four with another age.
MINUTE_MS, GOOD_ROWS, MOVED_ROWS = 60_000, 1_200, 150
Row = dict[str, Any]
Encode = Callable[[Sequence[Row]], Sequence[Encoded]]
AVRO = {
    "type": "record",
    "name": "Request",
    "fields": [
        {"name": "request_id", "type": "string"},
        {"name": "occurred_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "age", "type": "double"},
        {"name": "device", "type": ["null", "string"]},
    ],
}
_to_avro = AvroSerializer(CLIENT, json.dumps(AVRO))


def cloud_event(rows: Sequence[Row]) -> list[Encoded]:
    """Return an event in the binary mode, its time in a header."""
    (row,) = rows
    at = datetime.fromtimestamp(row["ts"] / 1000, UTC)
    about = {"id": f"e{row['ts']}", "source": "/shop", "type": "request", "specversion": "1.0", "time": at}
    message = kafka.to_binary(CloudEvent(about, features_of(row)), JSONFormat())
    return [(bytes(message.value), list(message.headers.items()))]


def tensors(rows: Sequence[Row]) -> list[Encoded]:
    """Return a request of the Open Inference Protocol, a tensor a feature; it has no time."""
    inputs = [
        {"name": name, "shape": [len(rows)], "datatype": kind, "data": [row[name] for row in rows]}
        for name, kind in (("age", "FP64"), ("device", "BYTES"))
    ]
    return [(json.dumps({"id": f"r{rows[0]['ts']}", "inputs": inputs}).encode(), [])]


def avro(rows: Sequence[Row]) -> list[Encoded]:
    """Return a record behind Confluent's framing, by their own serializer."""
    (row,) = rows
    fields = {"request_id": f"q{row['ts']}", "occurred_at": row["ts"], **features_of(row)}
    return [(_to_avro(fields, SerializationContext("requests", MessageField.VALUE)), [])]


def change(rows: Sequence[Row]) -> list[Encoded]:
    """Return what Debezium says of a new row."""
    (row,) = rows
    source = {"connector": "postgresql", "db": "shop", "table": "requests", "ts_ms": row["ts"], "snapshot": "false"}
    after = {"id": row["ts"], **features_of(row)}
    return [
        (json.dumps({"op": "c", "before": None, "after": after, "source": source, "ts_ms": row["ts"]}).encode(), [])
    ]


def compressed(rows: Sequence[Row]) -> list[Encoded]:
    """Return JSON with the features in two objects, compressed by its writer."""
    (row,) = rows
    event = {"sentAt": row["ts"] / 1000, "user": {"age": row["age"]}, "device": {"device": row["device"]}}
    return [(gzip.compress(json.dumps(event).encode()), [])]


def arrow(rows: Sequence[Row]) -> list[Encoded]:
    """Return a batch with a column of times."""
    columns = {name: [row[name] for row in rows] for name in ("age", "device")}
    times = pa.array([row["ts"] for row in rows], pa.timestamp("ms", tz="UTC"))
    table, sink = pa.table({"event_time": times, **columns}), io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return [(sink.getvalue(), [])]


def plain(rows: Sequence[Row]) -> list[Encoded]:
    """Return nested JSON."""
    (row,) = rows
    return [(json.dumps({"at": row["ts"], "uid": f"u{row['ts']}", "data": features_of(row)}).encode(), [])]


def of_names(encode: Encode) -> Encode:
    """Return an encoder of the rows that the shared encoders know."""
    return lambda rows: encode([{"x": row["age"], "y z": 0.5, "c": row["device"]} for row in rows])


def features_of(row: Row) -> Row:
    """Return the features of a row."""
    return {"age": row["age"], "device": row["device"]}


# By name: how rows are written, and how many stand in a record.
FORMATS: dict[str, tuple[Encode, int]] = {
    "json": (plain, 1),
    "cloudevents": (cloud_event, 1),
    "open-inference": (tensors, 10),
    "confluent-avro": (avro, 1),
    "confluent-protobuf": (of_names(ENCODERS["confluent protobuf"][0]), 1),
    "debezium": (change, 1),
    "gzip": (compressed, 1),
    "arrow": (arrow, 50),
    "avro-file": (of_names(ENCODERS["avro file"][0]), 50),
}


def rows_at(start_ms: int, length_ms: int, n: int, age: float) -> list[Row]:
    """Return rows spread evenly over a stretch of time."""
    random = np.random.default_rng(start_ms % 1000)
    drawn = zip(random.normal(age, 8, n).round(1).tolist(), random.choice(["a", "b"], n).tolist(), strict=True)
    return [{"ts": start_ms + i * length_ms // n, "age": one, "device": text} for i, (one, text) in enumerate(drawn)]


@pytest.fixture(scope="module")
def registry() -> Iterator[FakeRegistry]:
    """Run a registry with what Confluent's serializers have registered."""
    row = rows_at(0, MINUTE_MS, 1, 40)
    with running() as fake:
        for name in ("confluent-avro", "confluent-protobuf"):
            ((value, _),) = FORMATS[name][0](row)
            found = CLIENT.get_schema(number := int.from_bytes(value[1:5]))
            answer = {"schema": found.schema_str, "schemaType": found.schema_type or "AVRO"}
            fake.answers |= {f"/schemas/ids/{number}{query}": answer for query in ("", "?format=serialized")}
        yield fake


@pytest.fixture
def insects(make_topic: Callable[..., str], produce: Callable[..., None], data_dir: Path) -> tuple[str, Path]:
    """Return a topic of recorded measurements of insects, and the training data."""
    topic, data = make_topic("insects"), data_dir / "abrupt_insects"
    produce(topic, gzip.decompress((data / "stream.jsonl.gz").read_bytes()).splitlines())
    return topic, data / "reference.csv.gz"


@pytest.fixture
def send(bootstrap_servers: list[str]) -> Iterator[Callable[[str, str, list[Row]], None]]:
    """Return what writes rows to a topic in a format; a record has the time of its last row."""
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", linger_ms=20)

    def write(topic: str, name: str, rows: list[Row]) -> None:
        encode, size = FORMATS[name]
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            for value, headers in encode(some):
                producer.send(topic, value, headers=list(headers), timestamp_ms=some[-1]["ts"], partition=0)

    yield write
    producer.close()


def driftline(*arguments: object) -> Any:
    """Run a verb in this process; it must end well."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, f"{arguments}: {result.output} {result.exception}"
    return result


# Each monitor in a process of its own, four at a time; what all of them import is imported once.
RUN_ALL = """
import os, sys
import consumers.assembly, consumers.kafka_crew, consumers.kafka_loops, consumers.service
from consumers.cli import main

ended = []
for number, config in enumerate(sys.argv[1:]):
    if number >= 4:
        ended.append(os.wait()[1])
    if not os.fork():
        sys.argv = ["driftline", "run", "--burst", "--config", config]
        main()
ended += [os.wait()[1] for _ in sys.argv[1:][-4:]]
sys.exit(any(ended))
"""


def run(configs: Iterable[Path]) -> None:
    """Run monitors until they have caught up."""
    command = [sys.executable, "-c", RUN_ALL, *map(str, configs)]
    done = subprocess.run(command, capture_output=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr.decode()


def onboarded(topic: str, folder: Path, *options: object, training: Path | None = None) -> Path:
    """Let init write a configuration, fit a baseline as it says, and check try both; return the configuration."""
    folder.mkdir()
    config = folder / "driftline.toml"
    told = driftline("init", topic, "--out", config, *options).stderr
    if training is not None:
        (command,) = [line for line in told.splitlines() if line.startswith("next: driftline fit train.csv ")]
        driftline("fit", training, *command.partition("   #")[0].split()[4:])
    driftline("check", "--config", config)
    return config


def test_strangers_topics_run_to_the_first_finding_as_init_wrote_them(
    make_topic: Callable[..., str],
    bootstrap_servers: list[str],
    send: Callable[[str, str, list[Row]], None],
    committed: Callable[..., list[Any]],
    registry: FakeRegistry,
    insects: tuple[str, Path],
    tmp_path: Path,
) -> None:
    """In each format, and of real data, from good traffic to the drift event that names what then moved first."""
    at = ["--bootstrap-servers", ",".join(bootstrap_servers)]
    start_ms = (int(time.time() * 1000) // MINUTE_MS - 20) * MINUTE_MS
    topics = {name: make_topic(name) for name in FORMATS}
    for name, topic in topics.items():
        send(topic, name, rows_at(start_ms, MINUTE_MS, GOOD_ROWS, 40))
    asked = {name: [*at, "--registry", registry.url] if "confluent" in name else at for name in FORMATS}
    configs = {name: onboarded(topics[name], tmp_path / name, "--fit", *asked[name]) for name in FORMATS}
    for name, topic in topics.items():
        send(topic, name, rows_at(start_ms + MINUTE_MS, 4 * MINUTE_MS, 4 * MOVED_ROWS, 55))
    topic, training = insects
    configs["insects"] = onboarded(topic, tmp_path / "insects", *at, training=training)
    run(configs.values())
    found = {name: committed(load_settings(config, {}).topics.alerts) for name, config in configs.items()}
    events = {name: [json.loads(record.value) for record in records] for name, records in found.items()}
    told = {name: [(event["type"], event["features"][0]["name"]) for event in some] for name, some in events.items()}
    first = {**dict.fromkeys(FORMATS, "age"), "confluent-protobuf": "x", "avro-file": "x"}
    assert told == {name: [("drift.opened", feature)] for name, feature in {**first, "insects": "f1"}.items()}
