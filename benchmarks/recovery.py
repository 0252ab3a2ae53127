"""How long a judge takes from its start to its first committed test, with made-up panes on a local broker.

    python benchmarks/recovery.py

The panes topic is filled as a judge would have left it, the pane that was still open written again 60 times (what ten
minutes of traffic add before compaction). Then a judge is started, as a process: interpreter, joining its group,
reading panes, the first step that tests a window, the commit. "After a kill" is the same where its predecessor was
killed with SIGKILL at that moment, and its group must notice that first. Goal: less than 10 s each. What it does not
depend on is the traffic: the panes of 864 million rows are as large as those of a thousand.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from benchmarks import traffic
from consumers.assembly import Assembly, assemble
from consumers.book import Book
from consumers.kafka_sink import KafkaSink
from consumers.local_kafka import LocalKafka
from consumers.records import PartitionFact, control, pane_chunks
from consumers.settings import load_settings
from consumers.sink import Outgoing
from consumers.topics import ensure_topics
from stream.counts import Counts
from stream.ledger import Ledger
from stream.panes import Pane
from stream.rows import NumericColumn, Rows
from stream.watermark import Watermark

GOAL_S, WITHIN_S, PARTITIONS, REWRITINGS, DRAWN = 10.0, 60.0, 4, 60, 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """A monitor with so many rows to a pane."""

    name: str
    every: str
    window: str
    rows_per_pane: int


CASES = (
    Case("7-day window tested hourly, 1,000 events a second", "1h", "7d", 3_600_000),
    Case('every = "1d" at 10,000 events a second', "1d", "1d", 864_000_000),
)


class Monitor:
    """A monitor on a broker: it writes the panes and counts that a longer life would have left."""

    def __init__(self, folder: Path, servers: list[str], number: int, case: Case) -> None:
        self.case = case
        config = traffic.write_monitor(folder, f"recovery-{number}", case.every)
        settings = {
            "DRIFTLINE_SCHEDULE__WINDOW": case.window,
            "DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": ",".join(servers),
            "DRIFTLINE_TOPICS__EVENTS": "events",
            "DRIFTLINE_TELEMETRY__LISTEN": "",
        }
        self._command = [sys.executable, "-m", "consumers.cli", "run", "--role", "judge", "--config", str(config)]
        self._environment = {**os.environ, **settings}
        self.assembly: Assembly = assemble(load_settings(config, settings))
        self._sink = KafkaSink("recovery", self.assembly.settings.kafka.for_client("producer"))
        self._rows = self._drawn()
        self._next_ms = self.assembly.schedule.pane_start(traffic.START_MS)

    def fill(self) -> int:
        """Write the panes of a window and an open one as a judge would have; return their bytes."""
        settings = self.assembly.settings
        ensure_topics(settings)
        book = Book(self.assembly.new_monitors(), Watermark(settings.lateness_ms))
        panes = self.assembly.schedule.panes_per_window + 1
        for record in [record for _ in range(panes) for record in self._pane()]:
            book.take(record.value or b"", 0)
        records = [Outgoing(settings.topics.panes, key, value, partition=0) for key, value in book.unwritten()]
        again = [record for record in records if f"|{max(book.monitors.any.open)}|".encode() in (record.key or b"")]
        self._sink.commit(records, {}, None)
        for _ in range(REWRITINGS):
            self._sink.commit(again, {}, None)
        return sum(len(record.value or b"") for record in [*records, *(REWRITINGS * again)])

    def count(self) -> None:
        """Write the counts that close the next window."""
        self._sink.commit(list(self._pane()), {}, None)

    def start(self) -> subprocess.Popen[bytes]:
        """Start a judge."""
        return subprocess.Popen(self._command, env=self._environment, stderr=subprocess.DEVNULL)

    def _pane(self) -> Iterator[Outgoing]:
        """Return the counts of the next pane, and the control record that closes the one before it."""
        schedule, topics = self.assembly.schedule, self.assembly.settings.topics
        start_ms, times = self._next_ms, self.case.rows_per_pane // DRAWN
        self._next_ms = schedule.pane_end(start_ms)
        counts = Counts(times * self._rows.rows, times * self._rows.cells, times * self._rows.moments)
        on = schedule.counted_on(self.assembly.baseline.fingerprint)
        grown = Pane(start_ms, counts, {"events": dict.fromkeys(range(PARTITIONS), (0, 1))}, start_ms)
        newest_ms = start_ms + self.assembly.settings.lateness_ms
        facts = [PartitionFact("events", number, newest_ms, idle=False) for number in range(PARTITIONS)]
        growth = Ledger(read=counts.rows, counted=counts.rows)
        for value in [*pane_chunks(grown, on), control({"events": PARTITIONS}, facts, growth, on)]:
            yield Outgoing(topics.counts, b"recovery", value, partition=0)

    def _drawn(self) -> Counts:
        rng, features = np.random.default_rng(0), self.assembly.baseline.numeric
        columns = tuple(NumericColumn(rng.normal(size=DRAWN).round(6)) for _ in features)
        times = np.arange(DRAWN, dtype=np.int64)
        return Counts.of(self.assembly.layout, Rows(times, times, columns, ()))


def measure(monitor: Monitor, *, after_kill: bool) -> float:
    """Return the seconds from a judge's start to the commit of the next test."""
    before = _StatusEnd(monitor)
    monitor.count()
    if after_kill:
        predecessor = monitor.start()
        before.wait()
        monitor.count()
        predecessor.send_signal(signal.SIGKILL)
        predecessor.wait()
    began = time.monotonic()
    judge = monitor.start()
    try:
        before.wait()
        return time.monotonic() - began
    finally:
        judge.send_signal(signal.SIGTERM)
        judge.wait()


class _StatusEnd:
    """Waits for the next committed record of the status topic."""

    def __init__(self, monitor: Monitor) -> None:
        settings = monitor.assembly.settings
        options: dict[str, Any] = settings.kafka.for_client("consumer")
        self._tp = TopicPartition(settings.topics.status, 0)
        self._consumer = KafkaConsumer(
            **options, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50
        )
        self._consumer.assign([self._tp])
        self._consumer.seek_to_end(self._tp)
        self._consumer.position(self._tp)

    def wait(self) -> None:
        """Return when there is one more; raises TimeoutError after a minute."""
        deadline = time.monotonic() + WITHIN_S
        while not self._consumer.poll(timeout_ms=200):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing was tested within {WITHIN_S:.0f} s")


def main() -> int:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    slowest = 0.0
    print("| what | panes topic | after a start | after a kill | goal |\n| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder, LocalKafka() as kafka:
        admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        admin.create_topics({"events": {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
        admin.close()
        for number, case in enumerate(CASES):
            monitor = Monitor(Path(folder), kafka.bootstrap_servers, number, case)
            size = monitor.fill()
            times = [measure(monitor, after_kill=kill) for kill in (False, True)]
            slowest = max(slowest, *times)
            print(f"| {case.name} | {size / 1e6:.1f} MB | {times[0]:.1f} s | {times[1]:.1f} s | < {GOAL_S:.0f} s |")
    return int(slowest >= GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
