"""Edge counts as a tap's outlet: a thread that reports, flushes, says goodbye, and survives a fork."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka.errors import KafkaTimeoutError

from consumers.errors import SettingsError
from consumers.records import TapReport, counts_partition
from consumers.source import LogUnavailable
from consumers.tap import EdgeCounts, Tap, kafka_producer
from consumers.tap.kafka_counts import KafkaCounts

START_MS = 1_700_000_000_000


class Reports:
    """A counts topic in memory; nobody can write to it while it is away."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.away, self.tried = threading.Event(), threading.Event()

    def send(self, reports: Any) -> None:
        """Keep reports."""
        self.tried.set()
        if self.away.is_set():
            raise LogUnavailable("away")
        self.written += reports

    def close(self, timeout_s: float) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Begin anew."""
        self.__init__()  # type: ignore[misc]

    def read(self) -> list[TapReport]:
        """Return the reports, understood."""
        return [msgspec.msgpack.decode(one, type=TapReport) for one in self.written]


@pytest.fixture
def stage_(stage: Callable[..., Any]) -> Any:
    """Return a stage."""
    return stage()


def ask(tap: Tap, rows: int) -> None:
    """Let a model of two features be asked so many times."""
    times = [START_MS + number for number in range(rows)]
    tap.record({"age": [40.0] * rows, "device": ["mobile"] * rows}, times=times)


def test_a_tap_that_counts_reports_every_row(stage_: Any) -> None:
    """Each is confirmed with its report; the last one says goodbye."""
    log = Reports()
    tap = Tap(EdgeCounts(stage_.assembly.settings, log=log, report_s=3_600))
    for _ in range(5):
        ask(tap, 20)
    assert tap.flush(60)
    assert (tap.stats().rows, tap.stats().sent) == (100, 100)
    ask(tap, 7)
    assert tap.close(60)
    book = stage_.book()
    for offset, record in enumerate(log.written):
        book.take(record, offset)
    assert (book.ledger.read, book.ledger.counted, tap.stats().sent) == (107, 107, 107)
    assert [report.closing for report in log.read()][-1]
    assert book.watermark.newest_ms == {}


def test_a_tap_goes_on_when_kafka_is_back(stage_: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Flush gives up in time meanwhile, nothing is dropped, and it is said once."""
    log = Reports()
    log.away.set()
    tap = Tap(EdgeCounts(stage_.assembly.settings, log=log))
    ask(tap, 20)
    assert log.tried.wait(60)
    assert not tap.flush(0.05)
    assert tap.stats().unconfirmed == 20
    log.away.clear()
    assert tap.close(60)
    assert (tap.stats().sent, dict(tap.stats().dropped)) == (20, {})
    assert caplog.text.count("counts add up until it can be reached") == 1


def test_a_goodbye_that_nobody_takes_is_given_up(stage_: Any) -> None:
    """Closed while Kafka is away: the thread ends, and what was counted is of unknown fate."""
    log = Reports()
    log.away.set()
    outlet = EdgeCounts(stage_.assembly.settings, log=log)
    tap = Tap(outlet)
    ask(tap, 3)
    assert not tap.close(0.2)
    assert outlet._thread is not None
    outlet._thread.join(60)
    assert not outlet._thread.is_alive()
    assert tap.stats().unconfirmed == 3


def test_what_comes_after_the_end_is_told_as_lost(stage_: Any) -> None:
    """A closed outlet takes nothing, and says so; one that never had a row has nobody to say goodbye to."""
    log, lost = Reports(), []
    outlet = EdgeCounts(stage_.assembly.settings, log=log)
    outlet.close(60)
    outlet.send([b"{}"], lambda sent, gone: lost.append((sent, gone)))
    assert (lost, log.written) == ([(0, 1)], [])


def test_a_child_is_another_process_that_counts(stage_: Any) -> None:
    """After a fork: another name, numbers from the beginning, and nothing of what its parent had counted."""
    log = Reports()
    outlet = EdgeCounts(stage_.assembly.settings, log=log, report_s=3_600)
    parents = outlet.run
    outlet.send([b"{", b"{"], lambda sent, gone: None)
    outlet.flush(60)
    outlet.forget()
    outlet.send([b"{"], lambda sent, gone: None)
    outlet.close(60)
    assert outlet.run != parents
    assert next((report.run, report.sequence) for report in log.read()) == (outlet.run, 0)
    assert sum(report.ledger["read"] for report in log.read()) == 1


def test_mistakes_are_told_when_it_is_made(stage_: Any, tmp_path: Path) -> None:
    """A configuration that is not there, and a time that is none."""
    with pytest.raises(SettingsError, match=r"driftline\.toml"):
        EdgeCounts(tmp_path / "driftline.toml")
    with pytest.raises(ValueError, match="report_s"):
        EdgeCounts(stage_.assembly.settings, report_s=0)


def test_a_tap_of_events_does_not_load_the_arithmetic() -> None:
    """Who sends events imports neither the settings nor the stream."""
    script = "import sys, consumers.tap; print([m for m in ('stream', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class Answer:
    """What a broker says of a record."""

    def __init__(self, bad: bool) -> None:
        self._bad = bad

    def get(self, timeout: float) -> None:
        """Raise what is wrong."""
        if self._bad:
            raise KafkaTimeoutError("away")


class FakeProducer:
    """A client that takes records; ``fails`` says of which its answer is an error."""

    fails: frozenset[bytes] = frozenset()
    partitions: frozenset[int] | None = frozenset(range(4))

    def __init__(self, **options: Any) -> None:
        self.options, self.sent, self.closed, self._closed = options, [], False, False

    def partitions_for(self, topic: str) -> Any:
        """Return the numbers of the topic's partitions."""
        return self.partitions

    def send(self, topic: str, value: bytes, key: bytes, partition: int) -> Any:
        """Settle a record at once."""
        self.sent.append((topic, value, key, partition))
        return Answer(value in self.fails)

    def flush(self, timeout: float) -> None:
        """Do nothing."""

    def close(self, timeout: float) -> None:
        """Take note."""
        self.closed = True


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> list[FakeProducer]:
    """Return the producers that were made, none of which is real."""
    made: list[FakeProducer] = []

    def make(**options: Any) -> FakeProducer:
        made.append(FakeProducer(**options))
        return made[-1]

    monkeypatch.setattr(kafka_producer, "KafkaProducer", make)
    return made


def test_reports_go_where_a_counter_writes(stage_: Any, producers: list[FakeProducer]) -> None:
    """To the partition of the counts topic that the monitor's counts are on, in order, by an idempotent producer."""
    log = KafkaCounts(stage_.assembly.settings)
    log.send([b"1", b"2"])
    (producer,) = producers
    place = counts_partition("stage", 4)
    assert producer.sent == [("stage.counts", value, b"stage", place) for value in (b"1", b"2")]
    assert (producer.options["enable_idempotence"], producer.options["acks"]) == (True, "all")


def test_a_producer_that_failed_is_thrown_away(
    stage_: Any, producers: list[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it still had on its way can only arrive once more; the next one sends everything again."""
    monkeypatch.setattr(FakeProducer, "fails", frozenset([b"2"]))
    log = KafkaCounts(stage_.assembly.settings)
    with pytest.raises(LogUnavailable):
        log.send([b"1", b"2"])
    monkeypatch.setattr(FakeProducer, "fails", frozenset())
    log.send([b"1", b"2"])
    assert [(producer.closed, len(producer.sent)) for producer in producers] == [(True, 2), (False, 2)]


def test_a_topic_that_is_not_there_yet_is_waited_for(
    stage_: Any, producers: list[FakeProducer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is driftline run that creates it."""
    monkeypatch.setattr(FakeProducer, "partitions", None)
    with pytest.raises(LogUnavailable, match="driftline run creates it"):
        KafkaCounts(stage_.assembly.settings).send([b"1"])


def test_a_forked_child_leaves_its_parents_connection_alone(stage_: Any, producers: list[FakeProducer]) -> None:
    """It neither uses nor closes it, and opens its own."""
    log = KafkaCounts(stage_.assembly.settings)
    log.send([b"1"])
    log.forget()
    log.send([b"2"])
    log.close(1)
    assert [(producer.closed, producer._closed) for producer in producers] == [(False, True), (True, False)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_processes_that_just_end_have_said_goodbye(stage_: Any, tmp_path: Path) -> None:
    """Nobody closes the tap; a forked child and its parent have each reported all, under a name of their own."""
    script = """
import os, sys
from consumers.tap import EdgeCounts, Tap, TapLimits
class File:
    def send(self, reports):
        with open(sys.argv[2], "ab", buffering=0) as file:
            file.write(b"".join(report.hex().encode() + b"\\n" for report in reports))
    def close(self, timeout_s):
        pass
    def forget(self):
        pass
tap = Tap(EdgeCounts(sys.argv[1], log=File(), report_s=3600), limits=TapLimits(exit_s=60))
def serve(rows):
    for number in range(rows):
        tap.record({"age": [1.0, 2.0]})
serve(10)
assert tap.flush(60)
child = os.fork()
serve(50 if child else 30)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    command = [sys.executable, "-c", script, str(stage_.assembly.settings.path), str(tmp_path / "reports")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    reports = [
        msgspec.msgpack.decode(bytes.fromhex(line), type=TapReport)
        for line in (tmp_path / "reports").read_text().splitlines()
    ]
    read: Counter[str] = Counter()
    for report in reports:
        read[report.run] += report.ledger["read"]
    assert sorted(read.values()) == [60, 120]
    assert {report.run for report in reports if report.closing} == set(read)
