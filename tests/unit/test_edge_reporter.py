"""When a process reports what it counted, and what becomes of it while nobody takes reports."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from consumers.records import TapReport
from consumers.source import LogUnavailable
from consumers.tap.edge_reporter import EdgeReporter
from consumers.tap.edge_run import LONGEST_SILENCE_S
from consumers.tap.edge_tally import NO_ROOM, EdgeTally

START_MS = 1_700_000_000_000


class Reports:
    """A counts topic that takes reports, or is away; ``answers`` False: it takes them, and nobody hears of it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.away, self.answers = False, True

    def send(self, reports: Sequence[bytes]) -> None:
        """Keep reports."""
        if self.away:
            raise LogUnavailable("away")
        self.written += reports
        if not self.answers:
            raise LogUnavailable("no answer")

    def close(self, timeout_s: float) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Do nothing."""

    def read(self) -> list[TapReport]:
        """Return the reports, understood."""
        return [msgspec.msgpack.decode(one, type=TapReport) for one in self.written]


class Process:
    """A process that counts, at a time of the test's own (s); ``settled`` adds up what became of its rows."""

    def __init__(self, stage: Any, memory_bytes: int = 10**8) -> None:
        self.log, self.stage = Reports(), stage
        self.reporter = EdgeReporter(stage.assembly, self.log, 10.0, memory_bytes)
        self.rows: Counter[str] = Counter()

    def settled(self, sent: int, lost: int) -> None:
        """See `Outlet.send`."""
        self.rows.update(sent=sent, lost=lost)

    def count(self, now_s: float, *seconds: float) -> None:
        """Count events of these times."""
        features = {"age": 40.0, "device": "mobile"}
        made = [json.dumps({"ts": START_MS + round(at * 1_000), "features": features}).encode() for at in seconds]
        self.reporter.count(made, self.settled, START_MS + 10**9, now_s)

    def judged(self) -> Any:
        """Return the book of a judge that has read the topic."""
        book = self.stage.book()
        for offset, record in enumerate(self.log.written):
            book.take(record, offset)
        return book


@pytest.fixture
def process(stage: Callable[..., Any]) -> Process:
    """Return a process that reports every 10 s, with panes of 10 s, a lateness of 1 s, and idle after a minute."""
    return Process(stage(idle="60s"))


def test_the_first_rows_are_reported_at_once(process: Process) -> None:
    """A judge waits for no tap that it has not heard of; then every ten seconds, with or without rows."""
    assert process.reporter.due_s() is None
    process.count(100, 1, 2)
    assert (process.reporter.due_s() or 0) <= 100
    process.reporter.step(100)
    assert process.reporter.due_s() == 110
    process.reporter.step(110)
    first, second = process.log.read()
    assert (first.sequence, first.ledger["counted"], first.newest_ms) == (0, 2, START_MS + 2_000)
    assert (second.sequence, second.panes, second.newest_ms, second.lease_ms) == (1, [], START_MS + 2_000, 60_000)
    assert process.rows == {"sent": 2, "lost": 0}


def test_a_boundary_is_reported_at_once(process: Process) -> None:
    """When no event before it can come in time any more; a second at least lies between two reports."""
    process.count(100, 1)
    process.reporter.step(100)
    process.count(101, 10.5)
    assert process.reporter.due_s() == 110
    process.count(102, 11)
    assert process.reporter.due_s() == 101


def test_a_quiet_process_says_so_once(process: Process) -> None:
    """After ``idle`` it is held to have nothing to say, and says nothing more until there is something."""
    process.count(100, 1)
    for now_s in (100, 130, 159, 160):
        process.reporter.step(now_s)
    assert [report.idle for report in process.log.read()] == [False, False, False, True]
    assert process.reporter.due_s() is None
    process.count(161, 2)
    assert process.reporter.due_s() == 160
    process.reporter.step(161)
    assert not process.log.read()[-1].idle


def test_a_report_without_an_answer_is_sent_again_as_it_was(process: Process) -> None:
    """It may be on the topic already: with its own number it counts once, and what was counted since comes after it."""
    process.count(100, 1, 2)
    process.log.answers = False
    for now_s in (100, 120):
        with pytest.raises(LogUnavailable):
            process.reporter.step(now_s)
        process.count(now_s + 1, 3)
    process.log.answers = True
    process.reporter.step(130)
    process.reporter.step(131)
    assert [report.sequence for report in process.log.read()] == [0, 0, 0, 1]
    assert process.log.written[0] == process.log.written[1] == process.log.written[2]
    assert process.rows == {"sent": 4, "lost": 0}
    book = process.judged()
    assert (book.ledger.counted, book.taps.memory.repeated) == (4, 2)


def test_while_nobody_takes_reports_counts_add_up_and_nothing_is_lost(process: Process) -> None:
    """The same few panes grow: memory does not follow the traffic."""
    process.log.away = True
    for now_s in range(100, 400, 10):
        process.count(now_s, *(second / 100 for second in range(500)))
        with pytest.raises(LogUnavailable):
            process.reporter.step(now_s)
    assert (process.reporter.waiting(), process.log.written) == (15_000, [])
    process.log.away = False
    process.reporter.step(400)
    process.reporter.step(401)
    assert (len(process.log.written), process.reporter.waiting()) == (2, 0)
    assert process.judged().ledger.read == process.rows["sent"] == 15_000


def test_rows_of_panes_beyond_the_bound_are_told_as_lost(stage: Callable[..., Any]) -> None:
    """The oldest panes stay and go on growing; the ledger has every row of the others."""
    process = Process(stage(), memory_bytes=1)
    process.log.away = True
    process.count(100, *range(0, 100, 10))
    process.count(101, 90, 91)
    assert process.rows == {"sent": 0, "lost": 8}
    process.log.away = False
    process.reporter.step(102)
    ledger = process.judged().ledger
    assert (ledger.read, ledger.counted, dict(ledger.rejected), ledger.late) == (12, 4, {NO_ROOM: 8}, 0)
    assert process.rows == {"sent": 4, "lost": 8}


def test_after_half_a_day_of_silence_a_process_begins_another_run(process: Process) -> None:
    """A judge may not know the old one's numbers any more: what may have arrived is not told twice."""
    process.count(100, 1)
    process.log.answers = False
    with pytest.raises(LogUnavailable):
        process.reporter.step(100)
    old = process.reporter.run
    process.count(101, 2)
    process.log.answers = True
    process.reporter.step(102 + LONGEST_SILENCE_S)
    assert process.rows == {"sent": 1, "lost": 1}
    assert [(one.run == old, one.sequence) for one in process.log.read()] == [(True, 0), (False, 0)]
    assert process.judged().ledger.counted == 2
    process.reporter.step(103 + 3 * LONGEST_SILENCE_S)
    runs = [one.run for one in process.log.read()]
    assert len(set(runs)) == 3


def test_the_last_report_says_goodbye(process: Process) -> None:
    """With everything that was counted; before the first report there is nobody to say goodbye to."""
    assert process.reporter.finished
    process.count(100, 1)
    process.reporter.step(100)
    process.count(101, 2)
    assert not process.reporter.finished
    process.reporter.step(101, closing=True)
    assert process.reporter.finished
    assert [report.closing for report in process.log.read()] == [False, True]
    assert process.judged().watermark.newest_ms == {}


def test_what_is_no_event_is_in_the_ledger_and_said_once_a_reason(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no record that a dead letter could point to; its reason and one of its kind are in the log."""
    process.reporter.count([b"{", b"{", b'{"ts": 1}'], process.settled, START_MS, 100)
    process.reporter.step(100)
    assert process.judged().ledger.rejected.total() == 3
    assert caplog.text.count("bad_json") == 1


def test_how_events_are_cut_into_calls_changes_no_byte_of_a_report(stage: Callable[..., Any]) -> None:
    """One call or many: the same panes grow by the same."""
    assembly = stage().assembly
    lines = [
        json.dumps({"ts": START_MS + at * 700, "features": {"age": at, "device": "x"}}).encode() for at in range(50)
    ]
    whole, parts = EdgeTally(assembly, 10**8), EdgeTally(assembly, 10**8)
    whole.count(lines, START_MS)
    for start in range(0, 50, 7):
        parts.count(lines[start : start + 7], START_MS)
    one, other = whole.take(), parts.take()
    assert one.ledger == other.ledger
    assert [(key, pane.counts.cells.tolist()) for key, pane in one.panes.items()] == [
        (key, pane.counts.cells.tolist()) for key, pane in other.panes.items()
    ]
