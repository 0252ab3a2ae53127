"""Counters share the partitions of the events as processes of their own, and the result is that of one."""

import itertools
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from consumers.assembly import assemble
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.torture import verdict
from tests.torture.monitor import write_monitor
from tests.torture.recount import recount
from tests.torture.traffic import PARTITIONS, Traffic

TRAFFIC = Traffic(seed=11, events=24_000, per_pane=400)
WITHIN_S = 60


class Crew:
    """The processes of one monitor, and the topic they work on."""

    def __init__(self, driftline: Any, config: Path, admin: KafkaAdminClient, produce: Callable[..., None]) -> None:
        self._driftline, self._admin, self._produce = driftline, admin, produce
        self.assembly = assemble(load_settings(config, driftline.environment))
        self._records = itertools.chain(TRAFFIC.records(), TRAFFIC.ends())
        self._running: list[subprocess.Popen[bytes]] = []
        ensure_topics(self.assembly.settings)
        self.start("judge")

    @property
    def _servers(self) -> list[str]:
        return list(self.assembly.settings.kafka.bootstrap_servers)

    def start(self, role: str) -> subprocess.Popen[bytes]:
        """Start one more member of a role."""
        process: subprocess.Popen[bytes] = self._driftline.start("run", "--role", role)
        self._running.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ask a member to leave; it must end well."""
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1].decode()
        self._running.remove(process)
        assert process.returncode == 0, said
        assert "Traceback" not in said

    def stop_all(self) -> None:
        """Ask all of them to leave."""
        for process in list(self._running):
            self.stop(process)

    def kill_all(self) -> None:
        """End whatever a failed test has left."""
        for process in self._running:
            process.kill()
            process.communicate()

    def traffic(self, events: int | None = None) -> None:
        """Produce the next events, by default all that are left; each has its partition."""
        values = [sent.value for sent in itertools.islice(self._records, events)]
        self._produce(self.assembly.settings.topics.events, values, partitions=PARTITIONS)

    def until_shared(self, *shares: int) -> None:
        """Wait until the counters own these numbers of partitions."""
        group = f"{self.assembly.settings.monitor.name}-counter"

        def owned() -> list[int]:
            members = self._admin.describe_groups([group])[group]["members"] or ()
            return sorted(sum(len(topic["partitions"]) for topic in _assigned(member)) for member in members)

        self._until(lambda: owned() == sorted(shares), lambda: f"the counters own {owned()} partitions")

    def until_counted(self, events: int) -> None:
        """Wait until windows were tested up to this many events of the traffic."""
        wanted_ms = TRAFFIC.last_boundary_ms - (TRAFFIC.events - events) // TRAFFIC.per_pane * 10_000
        self._until(lambda: self._tested_to_ms() >= wanted_ms, lambda: f"tested to {self._tested_to_ms()}")

    def differences(self) -> list[str]:
        """Return all in which the topics differ from a recount by one undisturbed process."""
        wanted = recount(self.assembly, self._servers)
        assert {"drift.opened", "drift.resolved"} <= {event["type"] for event in wanted.events}
        assert wanted.ledger.read == TRAFFIC.events + PARTITIONS
        return verdict.differences(wanted, verdict.found_on(self.assembly, self._servers))

    def _tested_to_ms(self) -> int:
        status = verdict.latest_status(self.assembly, self._servers)
        return int(status["window"]["end_ms"]) if status else 0

    def _until(self, reached: Callable[[], bool], instead: Callable[[], str]) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not _answered(reached):
            assert time.monotonic() < deadline, instead()
            time.sleep(0.3)


def _answered(ask: Callable[[], bool]) -> bool:
    """Ask; the first group of a broker waits until its coordinator is there."""
    try:
        return ask()
    except KafkaError:
        return False


def _assigned(member: Any) -> Any:
    assignment = member["member_assignment"]
    return assignment["assigned_partitions"] if assignment else ()


@pytest.fixture
def crew(
    make_topic: Callable[..., str],
    command_line: Callable[..., Any],
    produce: Callable[..., None],
    admin: KafkaAdminClient,
    tmp_path: Path,
) -> Iterator[Crew]:
    """Yield a judge on a monitor of four partitions, without counters and traffic yet."""
    config = write_monitor(tmp_path, TRAFFIC.seed)
    topic = make_topic("shared", partitions=PARTITIONS, retention_ms="-1")
    made = Crew(command_line(config, topic), config, admin, produce)
    yield made
    made.kill_all()


def test_two_counters_do_the_work_of_one(crew: Crew) -> None:
    """Two partitions each, at the same time: panes, events, ledger and rejects equal a recount by one process."""
    crew.start("counter")
    crew.start("counter")
    crew.until_shared(2, 2)
    crew.traffic()
    crew.until_counted(TRAFFIC.events)
    crew.stop_all()
    assert crew.differences() == []


def test_a_counter_that_comes_and_goes_moves_partitions_without_double_counts(crew: Crew) -> None:
    """One counter, then two, then the other one alone, while traffic flows: everything equals a recount."""
    first = crew.start("counter")
    crew.until_shared(4)
    crew.traffic(8_000)
    crew.start("counter")
    crew.traffic(4_000)
    crew.until_shared(2, 2)
    crew.traffic(4_000)
    crew.stop(first)
    crew.traffic(4_000)
    crew.until_shared(4)
    crew.traffic()
    crew.until_counted(TRAFFIC.events)
    crew.stop_all()
    assert crew.differences() == []
