"""The counter: what it writes in one transaction, and what it must not remember."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from consumers.place_note import PlaceNote, read_note
from consumers.raw import Rejected
from consumers.records import Control, PaneChunk, read_counts_topic
from consumers.source import LogUnavailable, Position
from stream.ledger import Ledger

START_MS, EVERY_MS = 1_700_000_000_000, 10_000


def event(time_ms: int) -> bytes:
    """Return an event at this time."""
    return json.dumps({"ts": time_ms, "features": {"age": 40, "device": "mobile"}}).encode()


def records(stage: Any) -> list[PaneChunk | Control]:
    """Return what is on the counts topic."""
    return [read_counts_topic(record.value) for record in stage.log.records("counts")]


def test_a_transaction_is_counts_then_one_control_record(stage: Callable[..., Any]) -> None:
    """Two panes touched by both partitions are two counts records; the control record ends them."""
    made = stage()
    made.feed([event(START_MS + at) for at in (0, 1, EVERY_MS, EVERY_MS + 1)])
    made.counter().step(0.0)
    first, second, last = records(made)
    assert isinstance(first, PaneChunk)
    assert isinstance(second, PaneChunk)
    assert (first.start_ms, second.start_ms) == (START_MS, START_MS + EVERY_MS)
    assert first.offsets == {"events": {0: (0, 0), 1: (0, 0)}}
    assert isinstance(last, Control)
    assert last.partitions == {"events": 2}
    assert [(fact.partition, fact.newest_ms, fact.idle) for fact in last.facts] == [
        (0, START_MS + EVERY_MS, False),
        (1, START_MS + EVERY_MS + 1, False),
    ]
    assert last.ledger == Ledger(read=4, counted=4).to_dict()
    assert made.log.commits == 1


def test_the_largest_event_time_stands_beside_the_offset(stage: Callable[..., Any]) -> None:
    """A successor decides about lateness as if it had read the partition from its beginning."""
    made = stage()
    made.feed([event(START_MS + EVERY_MS)])
    made.counter().step(0.0)
    position = made.log.committed("counters")["events", 0]
    assert position.offset == 1
    assert read_note(position.note) == PlaceNote(START_MS + EVERY_MS, "events#1", counts_partition=0)
    made.log.expel_all("counters")
    made.log.append("events", event(START_MS), partition=0)
    successor = made.counter()
    successor.step(0.0)
    assert successor.ledger == Ledger(read=1, late=1)


def test_without_a_note_that_can_be_read_a_partition_begins_without_a_past(stage: Callable[..., Any]) -> None:
    """Offsets moved by hand leave no note, or one in other words: counting goes on."""
    made = stage()
    made.feed([event(START_MS), event(START_MS)])
    zero = made.counter()
    zero.step(0.0)
    made.log.commit([], {("events", 0): Position(0, "moved by hand")}, made.log.join("counters", "events"))
    made.log.expel_all("counters")
    again = made.counter()
    again.step(0.0)
    assert again.ledger == Ledger(read=1, counted=1)


def test_nothing_new_is_no_transaction(stage: Callable[..., Any]) -> None:
    """A silent topic costs no records, however often it is looked at."""
    made = stage()
    counter = made.counter()
    for _ in range(5):
        counter.step(0.0)
    assert made.log.commits == 0


def test_a_silent_partition_is_told_idle_once_and_told_busy_when_it_speaks(stage: Callable[..., Any]) -> None:
    """Idle is a fact in a control record, after ``idle_s`` at the end of the log; the next event takes it back."""
    now_s = [0.0]
    made = stage()
    made.feed([event(START_MS)])
    counter = made.counter(idle_s=60.0, clock=lambda: now_s[0])

    def idle_after(seconds: float) -> list[bool]:
        now_s[0] += seconds
        counter.step(0.0)
        last = records(made)[-1]
        assert isinstance(last, Control)
        return [fact.idle for fact in last.facts]

    assert idle_after(0) == [False, False]
    assert idle_after(1) == [False, False]
    assert idle_after(61) == [True, True]
    commits = made.log.commits
    assert idle_after(100) == [True, True]
    assert made.log.commits == commits
    made.log.append("events", event(START_MS + 1), partition=1)
    assert idle_after(1) == [True, False]


def test_a_partition_that_never_spoke_is_told_idle_too(stage: Callable[..., Any]) -> None:
    """An empty partition would hold the watermark back for ever: its fact has no time, and says idle."""
    now_s = [0.0]
    made = stage()
    counter = made.counter(idle_s=60.0, clock=lambda: now_s[0])
    counter.step(0.0)
    now_s[0] = 61.0
    counter.step(0.0)
    (told,) = records(made)
    assert isinstance(told, Control)
    assert [(fact.newest_ms, fact.idle) for fact in told.facts] == [(None, True), (None, True)]


def test_many_panes_in_one_batch_are_all_written(stage: Callable[..., Any]) -> None:
    """A backlog over hundreds of panes is held a few panes at a time, and not one row is lost."""
    made = stage()
    times = [START_MS + number * EVERY_MS for number in range(300)]
    made.feed([event(time_ms) for time_ms in times])
    made.counter(most_records=1_000).step(0.0)
    assert {start: pane.counts.rows for start, pane in made.counted().items()} == dict.fromkeys(times, 1)


def test_what_was_not_committed_is_in_no_ledger(stage: Callable[..., Any]) -> None:
    """A refused commit leaves the counter as it was, and the next step counts the same events."""
    made = stage()
    made.feed([event(START_MS)] * 4)
    counter = made.counter()
    made.log.fail_next("refused")
    with pytest.raises(LogUnavailable):
        counter.step(0.0)
    assert counter.ledger == Ledger()
    assert records(made) == []
    counter.step(0.0)
    assert counter.ledger == Ledger(read=4, counted=4)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("wrong_length", "events-3, offset 7: a row has 5 values"),
        ("bad_timestamp", "events-3, offset 7"),
    ],
)
def test_the_example_of_a_refused_event_repeats_nothing_that_it_holds(reason: str, told: str) -> None:
    """Control records, and the alerts made of them, leave the team that may read events; lengths and names may."""
    assert Rejected(7, reason, "a row has 5 values", b"").told("events", 3) == told
