"""The launcher keeps its promises: one start fetches, every end leaves nothing behind."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient

from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable, main
from consumers.local_kafka_jars import CACHE_VARIABLE, cache_dir, kafka_jars
from consumers.local_kafka_node import LOOPBACK
from consumers.local_kafka_probe import alive_brokers
from consumers.settings.model import Settings

MakeTopic = Callable[..., str]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for(condition: Callable[[], bool], within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _produce(bootstrap_servers: list[str], topic: str, values: list[bytes]) -> None:
    with contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")) as producer:
        futures = [producer.send(topic, value) for value in values]
        for future in futures:
            future.get(timeout=30)


def _consume(bootstrap_servers: list[str], topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    with contextlib.closing(consumer):
        return [record.value for record in itertools.islice(consumer, count)]


def test_what_is_produced_is_consumed(bootstrap_servers: list[str], make_topic: MakeTopic) -> None:
    """A record that the broker acknowledged comes back byte for byte."""
    topic = make_topic("echo")
    _produce(bootstrap_servers, topic, [b"one", b"\x00two"])
    assert _consume(bootstrap_servers, topic, 2) == [b"one", b"\x00two"]


def test_transactions_work_on_one_broker(bootstrap_servers: list[str], make_topic: MakeTopic) -> None:
    """The settings of a lone broker let the transaction log have one copy."""
    topic = make_topic("transactional")
    with contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id="local")) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, b"kept")
        producer.commit_transaction()
    assert _consume(bootstrap_servers, topic, 1) == [b"kept"]


def test_topics_are_not_created_by_asking_for_them(kafka: LocalKafka, admin: object) -> None:
    """A misspelt topic is an error for us as it is for people with careful clusters."""
    config = Path(kafka.nodes[0].folder, "server.properties").read_text(encoding="utf-8")
    assert "auto.create.topics.enable=false" in config


def test_brokers_listen_on_loopback_alone(kafka: LocalKafka) -> None:
    """No broker of a test or a demo can be reached from another machine."""
    config = dict(
        line.split("=", 1)
        for line in Path(kafka.nodes[0].folder, "server.properties").read_text(encoding="utf-8").splitlines()
    )
    hosts = [listener.split("://")[1].rsplit(":", 1)[0] for listener in config["listeners"].split(",")]
    assert hosts == [LOOPBACK, LOOPBACK]


def test_second_start_needs_no_maven(kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once fetched, the jars are found without Maven, hence without a network."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert any(kafka_jars().glob("kafka_2.13-*.jar"))


def test_missing_java_is_said_in_a_sentence(
    kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command ends with 1 and names what to install, without a traceback."""
    monkeypatch.setenv("PATH", "/nonexistent")
    previous = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert main([]) == 1
    finally:
        for number, handler in previous:
            signal.signal(number, handler)
    assert "`java` is not on PATH" in capsys.readouterr().err


def test_missing_maven_is_said_only_when_it_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With an empty cache and no Maven, the message names Maven."""
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LocalKafkaUnavailable, match="`mvn` is not on PATH"):
        kafka_jars(tmp_path)


def test_broker_that_cannot_start_shows_its_log(kafka: LocalKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that the broker refuses ends in an error with the broker's own words, and no folder stays."""
    broken = LocalKafka(settings={"num.io.threads": "0"})
    with pytest.raises(LocalKafkaUnavailable, match=r"num\.io\.threads"):
        broken.start()
    assert broken.nodes == ()


def test_killed_broker_comes_back_with_its_data() -> None:
    """After SIGKILL and restart, the same address serves what was acknowledged before."""
    # A crashed broker is let in again when its session has ended; 9 s by default.
    with LocalKafka(settings={"broker.session.timeout.ms": "2000"}) as kafka:
        servers = kafka.bootstrap_servers
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=servers)) as admin:
            admin.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        _produce(servers, "kept", [b"before"])
        kafka.kill(0)
        assert alive_brokers(LOOPBACK, kafka.nodes[0].port) == set()
        kafka.restart(0)
        assert kafka.bootstrap_servers == servers
        assert _consume(servers, "kept", 1) == [b"before"]


def test_three_brokers_keep_three_copies_and_serve_when_one_is_gone() -> None:
    """The cluster of three replicates by default, and two in sync are enough to write."""
    with LocalKafka(3, heap_mb=256) as kafka:
        with contextlib.closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)) as admin:
            admin.create_topics(["copied"], wait_for_metadata=True)
            (topic,) = admin.describe_topics(["copied"])
        assert [len(partition["replica_nodes"]) for partition in topic["partitions"]] == [3]
        kafka.kill(0)
        _produce(kafka.bootstrap_servers, "copied", [b"still here"])
        assert _consume(kafka.bootstrap_servers[1:], "copied", 1) == [b"still here"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends orphans on Linux alone")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_no_broker_outlives_the_process_that_started_it(how: signal.Signals, kafka: LocalKafka) -> None:
    """Whether told to stop or killed, the command takes its broker along."""
    script = "from consumers import local_kafka as k; c = k.LocalKafka().start(); print(c.nodes[0].pid, flush=True)"
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-c", f"{script}\nimport time; time.sleep(60)"]
        environment = os.environ | {"TMPDIR": scratch}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
            assert parent.stdout is not None
            broker = int(parent.stdout.readline())
            assert _is_alive(broker)
            parent.send_signal(how)
    assert _wait_for(lambda: not _is_alive(broker))


def test_stop_leaves_no_process_and_no_data() -> None:
    """After the block the broker is gone and so is its folder."""
    with LocalKafka() as kafka:
        (node,) = kafka.nodes
        pid = node.pid
        assert pid is not None
        assert node.folder.is_dir()
    assert not _is_alive(pid)
    assert not node.folder.parent.exists()


def test_cache_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variable that moves the cache is honoured, and settings do not take it for a misspelt key of theirs."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_dir() == tmp_path
    assert not CACHE_VARIABLE.startswith(tuple(f"DRIFTLINE_{table.upper()}_" for table in Settings.model_fields))


def test_a_cluster_id_may_begin_with_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in 64 does, and must not be taken for an option of the storage tool."""
    monkeypatch.setattr("consumers.local_kafka.urlsafe_b64encode", lambda _: b"-ABCDEFGHIJKLMNOPQRSTU==")
    with LocalKafka() as kafka:
        assert kafka.bootstrap_servers
