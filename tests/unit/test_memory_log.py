"""The log in memory keeps the promises that the loops rely on, so that what holds on it may hold on Kafka."""

from typing import Any

import pytest

from consumers.memory_log import Crash, Fault, MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.sink import Outgoing, Sink
from consumers.source import LogUnavailable, Position, Source


@pytest.fixture
def log() -> MemoryLog:
    """Return a log of two topics, the first with six records on two partitions."""
    made = MemoryLog({"in": 2, "out": 3})
    for number in range(6):
        made.append("in", str(number).encode(), partition=number % 2)
    return made


def looked_up(log: MemoryLog, **settings: Any) -> MemorySource:
    """Return a member of the group that has taken its assignment."""
    source = MemorySource(log, "in", "group", **settings)
    source.assigned()
    return source


def test_they_are_what_the_seams_ask_for(log: MemoryLog) -> None:
    """Source and sink can stand wherever Kafka's can."""
    source: Source = looked_up(log)
    sink: Sink = MemorySink(log)
    assert source.partition_counts() == {"in": 2}
    sink.close()


def test_what_is_polled_comes_in_order_and_once(log: MemoryLog) -> None:
    """Records come by partition and offset; the next poll goes on behind them, and says where the end is."""
    source = looked_up(log, most_records=4)
    first, second = source.poll(0.0), source.poll(0.0)
    values = [value for polled in (first, second) for batch in polled.batches for value in batch.values]
    assert values == [b"0", b"2", b"4", b"1", b"3", b"5"]
    assert first.next_offsets == {("in", 0): 3, ("in", 1): 1}
    assert second.next_offsets == {("in", 1): 3}
    assert second.at_end == {("in", 0)}
    assert source.caught_up(source.end_offsets())


def test_nothing_is_owned_before_the_assignment_is_taken(log: MemoryLog) -> None:
    """A source that has not looked up its positions hands out nothing and is not caught up."""
    source = MemorySource(log, "in", "group")
    assert source.poll(0.0).batches == ()
    assert not source.caught_up({})
    assert source.assigned() == {("in", 0): Position(0), ("in", 1): Position(0)}
    assert source.assigned() is None


def test_a_commit_writes_records_and_positions(log: MemoryLog) -> None:
    """Records go where they name, or by the hash of their key; positions and notes are there for the successor."""
    source, sink = looked_up(log), MemorySink(log)
    polled = source.poll(0.0)
    records = [Outgoing("out", b"k", b"1", partition=2), Outgoing("out", b"k", b"2"), Outgoing("out", b"k", None)]
    sink.commit(records, {("in", 0): Position(2, "note")}, polled.membership)
    everything = [record.value for number in range(3) for record in log.records("out", number)]
    assert sorted(everything, key=str) == [None, b"1", b"2"]
    source.close()
    assert MemorySource(log, "in", "group").assigned() == {("in", 0): Position(2, "note"), ("in", 1): Position(0)}


def test_rewinding_goes_back_to_what_is_committed(log: MemoryLog) -> None:
    """What was polled and not committed is handed out again."""
    source = looked_up(log)
    before = source.poll(0.0)
    source.rewind()
    assert source.poll(0.0).batches == ()
    assert source.assigned() is not None
    assert source.poll(0.0).batches == before.batches


def test_members_share_the_partitions(log: MemoryLog) -> None:
    """A newcomer begins a new generation: each owns its part, and no partition has two owners."""
    first = looked_up(log)
    second = looked_up(log)
    assert first.poll(0.0).batches == ()
    assert first.assigned() == {("in", 0): Position(0)}
    assert [batch.partition for batch in second.poll(0.0).batches] == [1]
    second.close()
    assert first.poll(0.0).batches == ()
    assert len(first.assigned() or ()) == 2


def test_a_membership_that_is_over_commits_nothing(log: MemoryLog) -> None:
    """Polled before a rebalance, or by a member that was expelled: refused, with nothing written."""
    for ended in (lambda: log.rebalance("group"), lambda: log.expel_all("group")):
        polled = looked_up(log).poll(0.0)
        ended()
        with pytest.raises(LogUnavailable, match="membership"):
            MemorySink(log).commit([Outgoing("out", b"k", b"1")], polled.next_offsets, polled.membership)  # type: ignore[arg-type]
    assert not any(log.records("out", number) for number in range(3))
    with pytest.raises(LogUnavailable, match="membership"):
        MemorySink(log).commit([], {("in", 0): Position(1)}, None)


@pytest.mark.parametrize(
    ("fault", "raised", "written"),
    [
        ("refused", LogUnavailable, False),
        ("rebalanced", LogUnavailable, False),
        ("answer_lost", LogUnavailable, True),
        ("crash_before", Crash, False),
        ("crash_after", Crash, True),
    ],
)
def test_a_fault_is_all_or_nothing(log: MemoryLog, fault: Fault, raised: type[BaseException], written: bool) -> None:
    """Whatever befalls a commit, its records and positions are there together or not at all; the next one is well."""
    source, sink = looked_up(log), MemorySink(log)
    polled = source.poll(0.0)
    log.fail_next(fault)
    with pytest.raises(raised):
        sink.commit([Outgoing("out", b"k", b"1", partition=0)], {("in", 0): Position(1)}, polled.membership)
    assert len(log.records("out", 0)) == written
    assert (("in", 0) in log.committed("group")) == written
    sink.commit([Outgoing("out", b"k", b"2", partition=0)], {}, None)
    assert log.records("out", 0)[-1].value == b"2"


def test_a_fault_can_be_set_for_a_later_commit(log: MemoryLog) -> None:
    """Counted from the next commit on."""
    log.fail_next("refused", after=1)
    sink = MemorySink(log)
    sink.commit([], {}, None)
    with pytest.raises(LogUnavailable):
        sink.commit([], {}, None)


def test_timestamps_are_those_of_all_records_or_none(log: MemoryLog) -> None:
    """A batch has timestamps where every record has one."""
    log.append("in", b"x", timestamp_ms=5)
    source = looked_up(log)
    assert [batch.timestamps_ms for batch in source.poll(0.0).batches] == [None, None]
    only = MemoryLog({"in": 1})
    only.append("in", b"x", timestamp_ms=5)
    assert [batch.timestamps_ms for batch in looked_up(only).poll(0.0).batches] == [[5]]
