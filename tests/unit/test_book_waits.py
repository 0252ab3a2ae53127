"""The book of a judge whose windows wait: what it says, to whom, and what it remembers of it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from consumers.event_schema import event_schema
from consumers.records import PartitionFact, control
from stream.ledger import Ledger

if TYPE_CHECKING:
    from consumers.book import Book

START_MS = 1_700_000_000_000
EVERY_MS = 10_000


class Log:
    """Feeds a book: rows of one partition, then the control record that tells of them, at a time of the log."""

    def __init__(self, stage: Any, lines: list[bytes]) -> None:
        self.stage, self.book = stage, stage.book()
        self.sent = dict.fromkeys((0, 1), 0)
        self.idle: set[int] = set()
        self.newest: dict[int, int | None] = {0: None, 1: None}
        self._by_partition = {number: lines[number::2] for number in (0, 1)}
        self._offset = 0

    def count(self, partition: int, until_s: float, log_s: float) -> list[Any]:
        """Count a partition's events up to this many seconds of event time; return what the book says then."""
        lines = self._by_partition[partition][self.sent[partition] :]
        due = [line for line in lines if json.loads(line)["ts"] < START_MS + until_s * 1000]
        self.sent[partition] += len(due)
        for line in due:
            self.stage.log.append("events", line, partition=partition)
        counter = self.stage.counter()
        ends = counter.end_offsets()
        before = len(self.stage.log.records("counts"))
        while not counter.caught_up(ends):
            counter.step(0.0)
        counter.close()
        for record in self.stage.log.records("counts")[before:]:
            self._take(record.value, log_s)
        return self.said()

    def tell(self, log_s: float, *facts: PartitionFact) -> list[Any]:
        """Let a counter write a control record without counts; return what the book says then."""
        self._take(control({"events": 2}, facts, Ledger(), self.stage.counted_on), log_s)
        return self.said()

    def said(self) -> list[Any]:
        """Return health events since the last writing, in short, and forget them as a commit does."""
        notices = [(event.reason, event.state) for event in self.book.notices]
        self.book.written()
        return notices

    def _take(self, value: bytes, log_s: float) -> None:
        self.book.take(value, self._offset, int(START_MS + log_s * 1000))
        self._offset += 1


@pytest.fixture
def log(stage: Callable[..., Any], incident_lines: list[bytes]) -> Log:
    """Return a log of a monitor that tells of waits after a minute."""
    return Log(stage(stalled_after="1m"), incident_lines)


def test_a_stalled_partition_is_told_once_and_its_end_once(log: Log) -> None:
    """With the window that waits first, its coverage, and the name of the partition; both share an incident."""
    log.count(0, 5, 0)
    log.count(1, 5, 1)
    assert log.count(0, 12, 2) == []
    assert log.tell(62) == []
    log._take(control({"events": 2}, [], Ledger(), log.stage.counted_on), 63)
    (begun,) = log.book.events()
    assert (begun.type, begun.reason, begun.state, begun.severity) == ("monitor.health", "stalled", "begun", "warning")
    assert "events-1" in begun.summary
    assert "events-0" not in begun.summary
    assert (begun.window["end_ms"], begun.window["n"]) == (START_MS + EVERY_MS, 90)
    assert 0.5 < begun.window["coverage"] < 1
    assert log.book.worth_writing()
    assert log.said() == [("stalled", "begun")]
    assert log.tell(64) == []
    assert log.count(1, 12, 65) == [("stalled", "ended")]
    assert log.book.monitors.any.state.sealed_to_ms == START_MS + EVERY_MS


def test_the_end_of_a_wait_has_the_incident_of_its_beginning(log: Log) -> None:
    """Begun and ended are two events of one incident, each with an id of its own."""
    log.count(0, 12, 0)
    log.count(1, 5, 0)
    log._take(control({"events": 2}, [], Ledger(), log.stage.counted_on), 70)
    (begun,) = log.book.events()
    log.book.written()
    log.stage.log.append("events", log._by_partition[1][-1], partition=1)
    counter = log.stage.counter()
    counter.step(0.0)
    log._take(log.stage.log.records("counts")[-1].value, 71)
    health = [event for event in log.book.events() if event.reason == "stalled"]
    assert [(event.state, event.severity) for event in health] == [("ended", "info")]
    assert health[0].incident == begun.incident
    assert health[0].id != begun.id
    for event in (begun, *health):
        Draft202012Validator(event_schema()).validate(event.to_dict())


def test_a_partition_that_crawls_is_lagging(log: Log) -> None:
    """Its events are counted all the time, and its event time stays behind."""
    log.count(0, 60, 0)
    said = [log.count(1, second / 10, second) for second in range(1, 70, 5)]
    assert [part for part in said if part] == [[("lagging", "begun")]]
    assert log.count(1, 60, 70) == [("lagging", "ended")]


def test_a_quiet_partition_is_not_waited_for(log: Log) -> None:
    """Once a counter at its end says that it is idle."""
    log.count(0, 5, 0)
    log.count(1, 5, 0)
    log.tell(1, PartitionFact("events", 1, START_MS + 5_000, True))
    assert log.count(0, 60, 200) == []


def test_the_status_says_what_windows_wait_for(log: Log) -> None:
    """Partition, its newest event, since when in log time; nothing when they wait no more."""
    assert log.book.waiting_status() is None
    log.count(0, 12, 0)
    log.count(1, 5, 0)
    log._take(control({"events": 2}, [], Ledger(), log.stage.counted_on), 70)
    assert log.book.waits_changed
    told = json.loads(log.book.waiting_status() or b"")
    assert (told["monitor"], list(told["waiting"])) == ("stage", ["stalled"])
    wait = told["waiting"]["stalled"]
    assert wait["boundary"] == "2023-11-14T22:13:30Z"
    assert [(place["topic"], place["partition"]) for place in wait["partitions"]] == [("events", 1)]
    assert wait["partitions"][0]["newest"].startswith("2023-11-14T22:13:24")


def test_with_another_baseline_a_wait_is_over(log: Log) -> None:
    """The monitor begins anew, and so does what it says; the record of the wait is deleted."""
    log.count(0, 12, 0)
    log.count(1, 5, 0)
    log._take(control({"events": 2}, [], Ledger(), log.stage.counted_on), 70)
    written = list(log.book.unwritten())
    fresh: Book = log.stage.book()
    fresh.monitors.any.schedule = type(fresh.monitors.any.schedule)(EVERY_MS, 2 * EVERY_MS)
    fresh.restore(written)
    assert fresh.waits_changed
    assert fresh.waiting_status() is None


def test_a_counts_partition_without_a_monitor_tells_nothing(log: Log) -> None:
    """Control records go to every partition of the counts; only where counts are is there somebody to speak for."""
    facts = [PartitionFact("events", 0, START_MS + 60_000, False), PartitionFact("events", 1, START_MS, False)]
    assert log.tell(0, *facts) == []
    assert log.tell(1000, *facts) == []


def test_patience_does_not_end_where_everybody_is_idle(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """Then nobody is waited for: as without patience, the last window waits for the next event."""
    log = Log(stage(stalled_after="1m", patience="1m"), incident_lines)
    log.count(0, 12, 0)
    log.count(1, 5, 0)
    idle = [PartitionFact("events", number, None, True) for number in (0, 1)]
    for log_s in (50, 100, 150):
        log._take(control({"events": 2}, idle, Ledger(), log.stage.counted_on), log_s)
    assert log.book.ticks == []
    log._take(control({"events": 2}, [PartitionFact("events", 1, None, False)], Ledger(), log.stage.counted_on), 151)
    assert [tick.window.end_ms for tick in log.book.ticks] == [START_MS + EVERY_MS]
