"""Where a group stood is forgotten, moved, or of a topic that is gone: nothing is judged twice, and gaps are told."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from consumers.judge import Judge
from consumers.memory_log import MemoryLog
from consumers.source import LogRefused

COUNTS = ("counts", 0)
# With so many partitions the monitor is on the one that it is on with one.
SAME_PLACE = 3
HALF = 700


@pytest.fixture
def half(stage: Callable[..., Any], incident_lines: list[bytes]) -> Any:
    """Return a stage whose events are counted and judged up to the middle of an incident, by processes that ended."""
    made = stage()
    made.feed(incident_lines[:HALF])
    finish(made)
    assert [event["type"] for event in made.events()] == ["drift.opened"]
    return made


@pytest.fixture
def undisturbed(stage: Callable[..., Any], incident_lines: list[bytes]) -> Any:
    """Return a stage over whose processes nothing came."""
    made = stage()
    made.feed(incident_lines[:HALF])
    finish(made)
    made.feed(incident_lines[HALF:])
    finish(made)
    return made


def finish(made: Any) -> Judge:
    """Count and judge what there is, leave, and return the judge."""
    counter, judge = made.counter(), made.judge(most_records=5)
    made.drain(counter, judge)
    counter.close()
    judge.close()
    judged: Judge = judge
    return judged


def health(made: Any) -> list[str]:
    """Return the reasons of what was said of the monitor itself."""
    return [event["reason"] for event in made.events() if event["type"] == "monitor.health"]


def found(made: Any) -> Any:
    """Return what a judge said and remembers."""
    book = made.remembered()
    panes = {start: book.monitors.any.pane(start) for start in sorted(book.monitors.any.pane_starts())}
    counts = {start: (p.counts.rows, p.counts.cells.tolist(), p.offsets) for start, p in panes.items() if p}
    return made.events(), counts, book.ledger.to_dict(), book.monitors.any.remember()


MOVES: dict[str, Callable[[MemoryLog], None]] = {
    "forgotten": lambda log: log.forget_positions("judges"),
    "to the beginning": lambda log: log.move("judges", COUNTS, 0),
    "back": lambda log: log.move("judges", COUNTS, 4),
    "to the end": lambda log: log.move("judges", COUNTS, len(log.records("counts"))),
}


@pytest.mark.parametrize("moved", MOVES)
def test_a_judge_whose_offsets_are_gone_goes_on_where_its_panes_end(
    moved: str, half: Any, undisturbed: Any, incident_lines: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Expired, or moved back or forth by a person: no count is taken twice or left out, and it is said."""
    half.feed(incident_lines[HALF:])
    counter = half.counter()
    while not counter.caught_up(counter.end_offsets()):
        counter.step(0.0)
    counter.close()
    MOVES[moved](half.log)
    with caplog.at_level(logging.WARNING, logger="driftline.judge"):
        finish(half)
    assert found(half) == found(undisturbed)
    assert [record.getMessage()[:28] for record in caplog.records] == ["counts-0: the group stands a"]


def test_a_judge_that_stands_where_its_panes_end_says_nothing(
    half: Any, undisturbed: Any, incident_lines: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """The usual start is quiet."""
    half.feed(incident_lines[HALF:])
    with caplog.at_level(logging.WARNING):
        finish(half)
    assert found(half) == found(undisturbed)
    assert caplog.records == []


@pytest.mark.parametrize("running", [True, False])
def test_a_counts_topic_that_is_created_again_is_read_from_its_beginning(
    half: Any, incident_lines: list[bytes], *, running: bool
) -> None:
    """Every count of the new one is taken, by a live judge or the next; the incident goes on; it is said once."""
    before = half.remembered().ledger.read
    counter, judge = half.counter(), half.judge()
    if running:
        judge.step(0.0)
    half.log.recreate("counts")
    half.feed(incident_lines[HALF:])
    if not running:
        judge.close()
        judge = half.judge()
    half.drain(counter, judge)
    judge.close()
    finish(half)
    assert health(half) == ["counts_recreated"]
    book = half.remembered()
    assert book.ledger.read == before + len(incident_lines) - HALF
    assert book.bookmark.topic_id == "counts#2"
    assert book.read_to() == len(half.log.records("counts"))
    assert [event["type"] for event in half.events() if event["type"] != "monitor.health"] == [
        "drift.opened",
        "drift.resolved",
    ]


def test_lost_panes_are_told_and_windows_begin_anew(half: Any, incident_lines: list[bytes]) -> None:
    """A judge without the memory of what it has judged goes on behind that, and says once that it is gone."""
    half.log.recreate("panes")
    half.feed(incident_lines[HALF:])
    finish(half)
    finish(half)
    assert health(half) == ["memory_lost"]
    assert half.remembered().ledger.read == len(incident_lines) - HALF


def test_panes_lost_under_a_running_judge_are_told_by_the_next(half: Any, incident_lines: list[bytes]) -> None:
    """What it writes from then on is not the whole window: nobody goes on from half of the panes."""
    counter, judge = half.counter(), half.judge()
    judge.step(0.0)
    half.log.recreate("panes")
    half.feed(incident_lines[HALF : HALF + 30])
    half.drain(counter, judge)
    judge.close()
    assert health(half) == []
    held = half.remembered()
    assert [event.reason for event in held.events()] == ["memory_lost"]
    assert held.monitors.any.pane_starts() == set()
    assert held.ledger.read == HALF + 30
    finish(half)
    half.feed(incident_lines[HALF + 30 : HALF + 60])
    finish(half)


def test_a_counts_topic_that_lost_its_end_is_read_on_from_there(half: Any, incident_lines: list[bytes]) -> None:
    """Nothing is judged again, new counts are; how much is gone stands in the status, and an event says so."""
    half.log.truncate("counts", half.log.committed("judges")[COUNTS].offset - 3)
    half.feed(incident_lines[HALF:])
    counter = half.counter()
    judge = half.judge()
    judge.step(0.0)
    assert health(half) == ["counts_lost"]
    half.drain(counter, judge)
    book = half.remembered()
    assert book.lost == {"counts": {0: 3}}
    assert book.ledger.read == len(incident_lines)
    assert json.loads(half.log.records("status")[-1].value)["lost"] == {"counts": {"0": 3}}


def test_a_log_that_lost_its_end_is_read_on_from_there(half: Any, incident_lines: list[bytes]) -> None:
    """Nothing of what is left is counted again, new events are, and the offsets given up are told."""
    half.log.truncate("events", 340, partition=0)
    half.log.truncate("events", 300, partition=1)
    finish(half)
    half.feed(incident_lines[HALF:])
    finish(half)
    book = half.remembered()
    assert book.lost == {"events": {0: 10, 1: 50}}
    assert book.ledger.read == len(incident_lines)


def test_a_log_cut_under_a_running_counter_is_not_read_again(half: Any, incident_lines: list[bytes]) -> None:
    """The position lies behind the end: the counter goes on at the end instead of waiting for it, or beginning anew."""
    counter, judge = half.counter(), half.judge()
    counter.step(0.0)
    half.log.truncate("events", 340, partition=0)
    for _ in range(2):
        counter.step(0.0)
    half.feed(incident_lines[HALF:])
    half.drain(counter, judge)
    assert half.remembered().lost == {"events": {0: 10}}
    assert half.remembered().ledger.read == len(incident_lines)


def test_counts_that_would_move_to_another_partition_are_refused(half: Any) -> None:
    """With more partitions the monitor's counts have another place: neither role goes on, and both say what to do."""
    half.log.add_partitions("counts", 2)
    half.log.add_partitions("panes", 2)
    with pytest.raises(LogRefused, match=r"counts has 2 partitions .* name two new topics"):
        half.counter(counts_partitions=2).step(0.0)
    with pytest.raises(LogRefused, match=r"another one than partition 0, .* name two new topics"):
        half.judge().step(0.0)


def test_more_partitions_that_leave_the_counts_where_they_are_change_nothing(
    half: Any, undisturbed: Any, incident_lines: list[bytes]
) -> None:
    """Where the monitor's own partition is the same one as before, it goes on."""
    half.log.add_partitions("counts", SAME_PLACE)
    half.log.add_partitions("panes", SAME_PLACE)
    half.feed(incident_lines[HALF:])
    counter, judge = half.counter(counts_partitions=SAME_PLACE), half.judge()
    half.drain(counter, judge)
    assert found(half) == found(undisturbed)
