"""What a judge knows of processes that count by themselves: repeats, gaps, leases, and those who come and go."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from consumers.monitor_status import log_status
from consumers.records import RECORD_VERSION, PaneChunk, TapReport
from consumers.tap.edge_run import EdgeRun, Standing
from consumers.tap.edge_tally import EdgeTally, Growth
from consumers.taps import REMEMBERED_MS, Taps, tap_place

START_MS = 1_700_000_000_000
LEASE_MS = 60_000


def report(run: str, sequence: int, *, closing: bool = False, lease_ms: int = LEASE_MS) -> TapReport:
    """Return a report without counts."""
    return TapReport(RECORD_VERSION, "", run, sequence, lease_ms, {}, closing=closing)


def heard(taps: Taps, log_s: float, *reports: TapReport) -> list[str]:
    """Let reports arrive at this time of the log; return whose leases ended."""
    taps.pass_time(START_MS + round(log_s * 1_000))
    for one in reports:
        taps.take(one)
    return taps.lapsed()


def test_a_repeated_report_counts_once() -> None:
    """However late it comes again, for as long as its run is remembered."""
    taps = Taps()
    assert [taps.take(report("a", number)) for number in (0, 1, 1, 0, 2)] == [0, 0, None, None, 0]
    assert (taps.memory.repeated, taps.memory.lost) == (2, 0)


def test_a_gap_between_reports_is_told() -> None:
    """Of a run that begins in its middle, too: nobody knows what it said before."""
    taps = Taps()
    assert [taps.take(one) for one in (report("a", 0), report("a", 3), report("b", 2))] == [0, 2, 2]
    assert taps.memory.lost == 4


def test_a_lease_ends_by_the_time_of_the_log_alone() -> None:
    """Whoever is silent for longer than that is told of once; who speaks again has a lease again."""
    taps = Taps()
    heard(taps, 0, report("dead", 0), report("live", 0))
    ended = [heard(taps, second, report("live", second // 10)) for second in range(10, 100, 10)]
    assert ended == [[]] * 6 + [["dead"]] + [[]] * 2
    assert heard(taps, 100, report("dead", 1)) == []
    assert taps.memory.runs["dead"].speaks


def test_a_time_in_which_nobody_wrote_ends_no_lease() -> None:
    """Kafka was away for an hour: whoever writes first does not end the leases of all others."""
    taps = Taps()
    heard(taps, 0, report("a", 0), report("b", 0))
    assert heard(taps, 3_600, report("a", 1)) == []
    assert heard(taps, 3_610, report("a", 2), report("b", 1)) == []
    assert heard(taps, 3_640, report("a", 3)) == []


def test_a_log_without_times_ends_no_lease() -> None:
    """As with waits: what cannot be measured is not told."""
    taps = Taps()
    taps.take(report("a", 0))
    for _ in range(1_000):
        taps.pass_time(None)
    assert taps.lapsed() == []


def test_who_is_over_is_forgotten_in_the_end_and_who_speaks_never() -> None:
    """Runs that closed or fell silent stay for a day, a thousand of them at most, the latest."""
    taps = Taps()
    for number in range(1_200):
        heard(taps, number / 100, report(f"run-{number:04}", 0, closing=number >= 10))
    over = sorted(name for name, run in taps.memory.runs.items() if not run.speaks)
    assert (len(over), over[0], len(taps.memory.runs)) == (1_000, "run-0200", 1_010)
    step_s = 0
    while step_s * 1_000 < REMEMBERED_MS + 120_000:
        step_s += 15
        heard(taps, step_s, report("run-0000", step_s))
    assert list(taps.memory.runs) == ["run-0000"]


class Counting:
    """A process that counts by itself, and a judge's book that is told of it."""

    def __init__(self, stage: Any, book: Any, name: str) -> None:
        self.book, self.tally = book, EdgeTally(stage.assembly, 10**8)
        self.run = EdgeRun(stage.counted_on, LEASE_MS)
        self.run.name = name

    def says(self, log_s: float, lines: list[bytes], **standing: bool) -> list[Any]:
        """Count and report, at this time of the log; return the ends of the windows that were tested by it."""
        self.tally.count(lines, START_MS + 10**9)
        (made,) = self.run.reports(self.tally.take(), Standing(self.tally.newest_ms, **standing))
        return told(self.book, made, log_s)


def told(book: Any, record: bytes, log_s: float) -> list[Any]:
    """Let a book take a record; return the ends of the windows that were tested by it, in seconds."""
    book.ticks.clear()
    book.take(record, book.read_to(), START_MS + round(log_s * 1_000))
    return [(tick.window.end_ms - START_MS) / 1_000 for tick in book.ticks]


def lines(*seconds: float) -> list[bytes]:
    """Return events at these times."""
    features = {"age": 40.0, "device": "mobile"}
    return [json.dumps({"ts": START_MS + round(at * 1_000), "features": features}).encode() for at in seconds]


@pytest.fixture
def two(stage: Callable[..., Any]) -> tuple[Counting, Counting]:
    """Return two processes that report to one judge, with windows of 10 s and a lateness of 1 s."""
    made = stage()
    book = made.book()
    return Counting(made, book, "a"), Counting(made, book, "b")


def test_windows_wait_for_every_tap_that_has_spoken(two: tuple[Counting, Counting]) -> None:
    """With nothing but taps: a window is tested when each of them has passed its end."""
    a, b = two
    assert a.says(0, lines(1)) == b.says(0, lines(1)) == []
    assert a.says(10, lines(25)) == []
    assert b.says(10, lines(12)) == [10]
    assert a.book.watermark.newest_ms == {tap_place("a"): START_MS + 25_000, tap_place("b"): START_MS + 12_000}


def test_windows_go_on_without_a_tap_whose_lease_has_ended(two: tuple[Counting, Counting]) -> None:
    """What it counted stands; what it says when it comes back to closed windows is late."""
    a, b = two
    a.says(0, lines(1)), b.says(0, lines(1, 2))
    assert [a.says(second, lines(second / 10 + 1)) for second in range(10, 70, 10)] == [[]] * 6
    assert a.says(70, lines(11.5)) == [10]
    assert a.book.ticks[0].window.n == 9
    assert (a.book.ledger.counted, a.book.ledger.late) == (10, 0)
    b.says(90, lines(3))
    assert (a.book.ledger.counted, a.book.ledger.late, a.book.ledger.balanced()) == (10, 1, True)


def test_a_goodbye_ends_the_wait_at_once(two: tuple[Counting, Counting]) -> None:
    """Its last counts are in; the last to leave has moved the windows by its last word."""
    a, b = two
    a.says(0, lines(1)), b.says(0, lines(1))
    assert a.says(1, lines(35)) == []
    assert b.says(2, lines(2), closing=True) == [10, 20]
    assert a.says(3, lines(45), closing=True) == [40]
    assert a.book.watermark.newest_ms == {}


def test_an_idle_tap_holds_nobody_up(two: tuple[Counting, Counting]) -> None:
    """Until it counts again."""
    a, b = two
    a.says(0, lines(1)), b.says(0, lines(1))
    assert b.says(1, [], idle=True) == []
    assert a.says(2, lines(15)) == [10]
    b.says(3, lines(16))
    assert a.says(4, lines(35)) == []


def test_a_tap_that_speaks_after_a_window_has_closed_is_late_for_it(two: tuple[Counting, Counting]) -> None:
    """A judge waits for those it has heard of: the first report is what makes a tap known. The ledger has the rest."""
    a, b = two
    assert a.says(0, lines(1, 15)) == [10]
    b.says(1, lines(3, 16))
    ledger = a.book.ledger
    assert (ledger.read, ledger.counted, ledger.late) == (4, 3, 1)


def test_taps_and_counters_hold_the_windows_together(two: tuple[Counting, Counting], stage: Callable[..., Any]) -> None:
    """Partitions of the events topic and processes that count are the same to a watermark."""
    a, _ = two
    made = stage()
    for value in lines(1, 12):
        made.log.append("events", value, partition=0)
        made.log.append("events", value, partition=1)
    counter = made.counter()
    counter.step(0.0)
    a.says(0, lines(1))
    written = [record.value for record in made.log.records("counts")]
    assert [end for record in written for end in told(a.book, record, 1)] == []
    assert a.says(2, lines(13)) == [10]
    assert a.book.ledger.counted == 6


def test_counts_of_another_baseline_are_in_no_window(two: tuple[Counting, Counting]) -> None:
    """As a counter's are: the rows are in the ledger under that reason, and nothing is added to a pane."""
    a, _ = two
    other = EdgeRun("another baseline", LEASE_MS)
    a.tally.count(lines(1, 2), START_MS + 10**9)
    (made,) = other.reports(a.tally.take(), Standing(START_MS))
    told(a.book, made, 0)
    assert dict(a.book.ledger.rejected) == {"other_baseline": 2}
    assert (a.book.ledger.counted, a.book.ledger.balanced(), a.book.monitors.pane_keys()) == (0, True, set())


def test_a_damaged_report_adds_nothing(two: tuple[Counting, Counting], caplog: pytest.LogCaptureFixture) -> None:
    """It is left out with a line in the log, whole; later ones count."""
    a, _ = two
    chunk = PaneChunk(RECORD_VERSION, a.book.monitors.any.counted_on, START_MS, b"damaged")
    broken = TapReport(
        RECORD_VERSION, chunk.counted_on, "c", 0, LEASE_MS, {"read": 1, "counted": 1, "rejected": {}}, [chunk]
    )
    told(a.book, msgspec.msgpack.encode(broken), 0)
    assert "is left out" in caplog.text
    assert (a.book.ledger.read, a.book.monitors.pane_keys()) == (0, set())
    a.says(1, lines(1))
    assert a.book.ledger.counted == 1


def test_a_report_that_never_came_is_told(two: tuple[Counting, Counting]) -> None:
    """By a health event, once; what came after it counts."""
    a, _ = two
    a.says(0, lines(1))
    a.tally.count(lines(2), START_MS + 10**9)
    a.run.reports(a.tally.take(), Standing(None))
    a.says(1, lines(3))
    (event,) = a.book.events()
    assert (event.reason, event.severity) == ("reports_lost", "warning")
    assert "1 reports of the tap a" in event.summary
    assert a.book.ledger.counted == 2


def test_a_restored_book_knows_the_taps(two: tuple[Counting, Counting], stage: Callable[..., Any]) -> None:
    """Runs, numbers, leases and the watermark come back from the panes topic."""
    a, b = two
    a.says(0, lines(1)), b.says(5, lines(2))
    restored = stage().book()
    restored.restore(a.book.unwritten())
    assert restored.taps == a.book.taps
    assert restored.watermark == a.book.watermark


def test_the_status_shows_taps(two: tuple[Counting, Counting]) -> None:
    """Who reports, and how far each is; a monitor that never heard of a tap says nothing of them."""
    a, b = two
    assert log_status({}, a.book.taps, a.book.watermark) == {"lost": {}}
    a.says(0, lines(1)), b.says(0, lines(2), idle=True)
    assert log_status({}, a.book.taps, a.book.watermark)["taps"] == {
        "reporting": 2,
        "idle": 1,
        "runs": [
            {"run": "a", "newest": "2023-11-14T22:13:21Z", "idle": False},
            {"run": "b", "newest": "2023-11-14T22:13:22Z", "idle": True},
        ],
        "lost_reports": 0,
        "repeated_reports": 0,
    }


def test_a_large_growth_is_parted_and_every_part_is_whole(stage: Callable[..., Any]) -> None:
    """Each part's ledger fits its panes, so that whatever arrives of them adds up; only the last says how far it is."""
    made = stage()
    tally, run = EdgeTally(made.assembly, 10**8), EdgeRun(made.counted_on, LEASE_MS)
    tally.count([*lines(*range(0, 40_000, 10)), b"{"], START_MS + 10**9)
    newest_ms, growth = tally.newest_ms, tally.take()
    reports = [msgspec.msgpack.decode(one, type=TapReport) for one in run.reports(growth, Standing(newest_ms))]
    assert len(reports) > 1
    assert [one.sequence for one in reports] == list(range(len(reports)))
    assert [one.newest_ms for one in reports] == [None] * (len(reports) - 1) + [newest_ms]
    for one in reports:
        assert one.ledger["counted"] == len(one.panes)
        assert one.ledger["read"] == one.ledger["counted"] + sum(one.ledger["rejected"].values())
    assert sum(one.ledger["read"] for one in reports) == 4_001
    assert run.reports(Growth(), Standing(newest_ms)) != []
