"""Processes that count by themselves, some of which die: what the judge makes of it is the same, whatever befalls it.

Three processes report; one falls silent in the middle and comes back, one begins late and says goodbye, reports come
twice, and one never comes. The judge reads little at a time, fails and begins anew.
"""

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from consumers.memory_log import Crash, Fault
from consumers.source import LogUnavailable
from consumers.tap.edge_run import EdgeRun, Standing
from consumers.tap.edge_tally import EdgeTally

START_MS = 1_700_000_000_000
LEASE_MS = 30_000
# Which of every four events each process counts.
SHARES = {"a": (0, 1), "sleeps": (2,), "late": (3,)}


class Host:
    """A process that counts."""

    def __init__(self, stage: Any, name: str) -> None:
        self._tally, self._run = EdgeTally(stage.assembly, 10**8), EdgeRun(stage.counted_on, LEASE_MS)
        self._run.name = name

    def report(self, lines: list[bytes], *, closing: bool = False) -> list[bytes]:
        """Count, and return what is to be written."""
        self._tally.count(lines, START_MS + 10**9)
        return self._run.reports(self._tally.take(), Standing(self._tally.newest_ms, closing=closing))


def reports(stage: Any, lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield when each report reaches the topic (UTC ms), and the report."""
    hosts, size = {name: Host(stage, name) for name in SHARES}, 50
    for turn, start in enumerate(range(0, len(lines), size)):
        now_ms, part = START_MS + start * 100, lines[start : start + size]
        last = start + size >= len(lines)
        for name, share in SHARES.items():
            if name == "sleeps" and turn == 25:
                # It was only asleep: what it counts now it was asked long ago.
                part = lines[9 * size : 10 * size]
            elif (name == "sleeps" and turn > 8) or (name == "late" and not 4 <= turn < 20):
                continue
            own = [line for number, line in enumerate(part) if number % 4 in share]
            goes = last or (name, turn) in {("late", 19), ("sleeps", 25)}
            made = hosts[name].report(own, closing=goes)
            if (name, turn) == ("late", 10):
                continue
            yield from ((now_ms, one) for one in made * (2 if turn % 5 == 0 else 1))


def outcome(stage: Any) -> Any:
    """Return what was published, what is held, what is known of taps, and the ledger."""
    book = stage.remembered()
    panes = {start: book.monitors.any.pane(start) for start in sorted(book.monitors.any.pane_starts())}
    held = {start: (pane.counts.rows, pane.counts.cells.tolist()) for start, pane in panes.items()}
    return stage.events(), held, book.ledger.to_dict(), book.taps, book.watermark, dict(stage.log.pairs("status"))


def play(stage: Any, dropped_after: int = -1) -> int:
    """Judge everything, three records at a time; begin anew after a crash, and after so many steps. Returns steps."""
    judge, steps = stage.judge(most_records=3), 0
    ends = judge.end_offsets()
    while True:
        try:
            judge.step(0.0)
            if judge.caught_up(ends):
                judge.finish()
                if stage.log.committed("judges").get(("counts", 0)) and not any(
                    book.next_offset for book in judge.books.values()
                ):
                    return steps
        except LogUnavailable:
            pass
        except Crash:
            judge = reborn(stage)
        steps += 1
        if steps == dropped_after:
            judge = reborn(stage)


def reborn(stage: Any) -> Any:
    """Return a judge in a process that knows nothing."""
    stage.log.expel_all("judges")
    return stage.judge(most_records=3)


@pytest.fixture
def fed(stage: Callable[..., Any], incident_lines: list[bytes]) -> Callable[[], Any]:
    """Return a function that makes a new stage with all reports on its counts topic."""

    def make() -> Any:
        made = stage(window="20s", decision='persist = "1 of 1"', stalled_after="20s")
        for now_ms, report in reports(made, incident_lines):
            made.log.append("counts", report, timestamp_ms=now_ms)
        return made

    return make


def test_the_story_has_everything_that_may_happen(fed: Callable[[], Any]) -> None:
    """An incident, a wait that is told, a lease that ends, repeats, a lost report, late rows: all told, none lost."""
    stage = fed()
    play(stage)
    events, _, ledger, taps, watermark, _ = outcome(stage)
    assert {"drift.opened", "drift.resolved"} <= {event["type"] for event in events}
    assert {"stalled", "reports_lost"} <= {event.get("reason") for event in events}
    assert {name: (run.speaks, run.sequence > 0) for name, run in taps.memory.runs.items()} == dict.fromkeys(
        SHARES, (False, True)
    )
    assert (taps.memory.lost, taps.memory.repeated > 0, watermark.newest_ms) == (1, True, {})
    assert ledger["late"] > 0
    assert ledger["read"] == ledger["counted"] + ledger["late"]


@pytest.mark.parametrize("fault", get_args(Fault))
def test_a_fault_at_any_commit_of_the_judge_changes_nothing(fault: Fault, fed: Callable[[], Any]) -> None:
    """Numbers, leases and the log's time are in the memory that is written with the panes; each fault at its third."""
    expected = fed()
    play(expected)
    for number in range(get_args(Fault).index(fault) % 3, expected.log.commits, 3):
        stage = fed()
        stage.log.fail_next(fault, after=number)
        play(stage)
        assert outcome(stage) == outcome(expected), f"{fault} at commit {number}"


def test_a_judge_dropped_after_any_step_changes_nothing(fed: Callable[[], Any]) -> None:
    """What was read and not written is read again, repeats and all."""
    expected = fed()
    steps = play(expected)
    for number in range(1, steps + 1, 4):
        stage = fed()
        play(stage, dropped_after=number)
        assert outcome(stage) == outcome(expected), f"dropped after step {number}"
