"""A real broker for the tests of this folder: started once, by the tests themselves, on free loopback ports."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from baselines import save
from baselines.fitting import fit
from consumers.assembly import Assembly, assemble
from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable
from consumers.settings import load_settings
from tests.broker.lived import PARTITIONS
from tests.broker.trap_stage import EVENTS, Stage

MakeTopic = Callable[..., str]
Produce = Callable[..., None]
Committed = Callable[..., list[Any]]


@dataclass(frozen=True)
class CommandLine:
    """The real command line, in processes of its own, for one configuration file and the topics of one test."""

    config: Path
    environment: dict[str, str]

    def run(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run a verb to its end; it must end well."""
        done = subprocess.run(
            self._command(verb, arguments), env=self.environment, capture_output=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a verb; the caller ends it."""
        return subprocess.Popen(
            self._command(verb, arguments), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def _command(self, verb: str, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "consumers.cli", verb, "--config", str(self.config), *arguments]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that ``-m "not broker"`` leaves them out."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def kafka() -> Iterator[LocalKafka]:
    """Yield the one broker of the session; without Java or Maven, skip, but fail where CI=true."""
    cluster = LocalKafka()
    try:
        cluster.start()
    except LocalKafkaUnavailable as missing:
        outcome = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        outcome(f"no local Kafka: {missing}")
    with cluster:
        yield cluster


@pytest.fixture(scope="session")
def bootstrap_servers(kafka: LocalKafka) -> list[str]:
    """Return the addresses as clients and settings take them."""
    return kafka.bootstrap_servers


@pytest.fixture(scope="session")
def admin(bootstrap_servers: list[str]) -> Iterator[KafkaAdminClient]:
    """Yield an admin client for the whole session."""
    client = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    yield client
    client.close()


@pytest.fixture(scope="session")
def make_topic(admin: KafkaAdminClient) -> MakeTopic:
    """Return ``make_topic(name="topic", partitions=1, **configs)``: creates a topic, returns its unique name.

    Topic settings are written with underscores: ``make_topic("panes", cleanup_policy="compact")``.
    """
    numbers = itertools.count(1)

    def make(name: str = "topic", partitions: int = 1, **configs: str) -> str:
        unique = f"{name}-{next(numbers)}"
        options = {key.replace("_", "."): value for key, value in configs.items()}
        admin.create_topics({unique: {"num_partitions": partitions, "configs": options}}, wait_for_metadata=True)
        return unique

    return make


@pytest.fixture(scope="session")
def command_line(bootstrap_servers: list[str]) -> Callable[[Path, str], CommandLine]:
    """Return ``make(config, events)``: the command line for a monitor named like its topic of events.

    So every test has groups and topics of its own: ``<events>.counts``, ``<events>.rejects``, ``<events>.alerts``.
    """

    def make(config: Path, events: str) -> CommandLine:
        environment = {
            **os.environ,
            "DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": ",".join(bootstrap_servers),
            "DRIFTLINE_MONITOR__NAME": events,
            "DRIFTLINE_TOPICS__EVENTS": events,
            "DRIFTLINE_TOPICS__ALERTS": f"{events}.alerts",
            # Several processes of one host at the same time: each takes a free port.
            "DRIFTLINE_TELEMETRY__LISTEN": "127.0.0.1:0",
        }
        return CommandLine(config, environment)

    return make


@pytest.fixture(scope="session")
def produce(bootstrap_servers: list[str]) -> Produce:
    """Return ``produce(topic, values, partitions=1, **settings)``: value i goes to partition i % partitions."""

    def send(topic: str, values: Sequence[bytes | None], partitions: int = 1, **settings: Any) -> None:
        producer = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", linger_ms=20, **settings)
        with contextlib.closing(producer):
            futures = [
                producer.send(topic, value, key=None if value is not None else b"k", partition=number % partitions)
                for number, value in enumerate(values)
            ]
            producer.flush()
            for future in futures:
                future.get(timeout=0)

    return send


@pytest.fixture(scope="session")
def committed(bootstrap_servers: list[str]) -> Committed:
    """Return ``committed(topic, partition=0)``: its committed records, up to the end it has now."""

    def read(topic: str, partition: int = 0) -> list[Any]:
        tp = TopicPartition(topic, partition)
        consumer = KafkaConsumer(
            bootstrap_servers=bootstrap_servers, isolation_level="read_committed", auto_offset_reset="earliest"
        )
        with contextlib.closing(consumer):
            consumer.assign([tp])
            end = consumer.end_offsets([tp])[tp]
            found: list[Any] = []
            while consumer.position(tp) < end:
                found += consumer.poll(timeout_ms=500).get(tp, [])
            return found

    return read


@pytest.fixture
def new_stage(
    make_topic: MakeTopic, produce: Produce, bootstrap_servers: list[str], admin: KafkaAdminClient
) -> Iterator[Callable[..., Stage]]:
    """Return ``new_stage(partitions=1)``: ten events on each partition."""
    with contextlib.ExitStack() as ending:

        def make(partitions: int = 1) -> Stage:
            events = make_topic("trap", partitions=partitions)
            produce(events, sorted(EVENTS * partitions), partitions=partitions)
            made = Stage(events, make_topic("trap-counts"), {"bootstrap_servers": bootstrap_servers}, admin)
            ending.enter_context(made.open)
            return made

        yield make


@pytest.fixture(scope="session")
def new_config(tmp_path_factory: pytest.TempPathFactory, incident_lines: list[bytes]) -> Callable[..., Path]:
    """Return ``make(**schedule)``: the configuration of a monitor of age and device, every ten seconds."""

    def make(**schedule: str) -> Path:
        folder = tmp_path_factory.mktemp("monitor")
        rows = [json.loads(line)["features"] for line in incident_lines[:360]]
        (folder / "training.csv").write_text(
            "age,device\n" + "".join(f"{row['age']},{row['device']}\n" for row in rows)
        )
        save(fit([folder / "training.csv"]), folder / "baseline.json")
        times = "\n".join(f'{key} = "{value}"' for key, value in {"every": "10s", "lateness": "1s", **schedule}.items())
        events = '[events]\ntimestamp = "ts"\nfeatures = "features"'
        (folder / "driftline.toml").write_text("\n".join(['[monitor]\nname = "m"', "[schedule]", times, events]))
        return folder / "driftline.toml"

    return make


@pytest.fixture(scope="session")
def long_lived_config(new_config: Callable[..., Path]) -> Path:
    """Return the configuration of a monitor whose partitions may be silent for long."""
    return new_config(window="20s", idle="12h")


@pytest.fixture
def long_lived(
    make_topic: Callable[..., str], command_line: Callable[..., Any], long_lived_config: Path
) -> tuple[Any, Assembly]:
    """Return the command line of a monitor with an empty topic of events, and its parts."""
    driftline = command_line(long_lived_config, make_topic("lived", partitions=PARTITIONS))
    return driftline, assemble(load_settings(long_lived_config, driftline.environment))
