"""The records of driftline's own topics: what is written is read back, and what is not ours is refused."""

import msgspec
import numpy as np
import pytest

from baselines import Layout
from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.records import (
    RECORD_VERSION,
    Control,
    JudgeMemory,
    PaneChunk,
    PartitionFact,
    RecordError,
    control,
    grow,
    pane_chunks,
    read_counts_topic,
    read_memory,
    read_pane,
    write_memory,
)
from stream.counts import Counts
from stream.incidents import Incident
from stream.ledger import Ledger
from stream.memory import Memory
from stream.packing import chunk_count
from stream.panes import Pane
from stream.persistence import NOVEL, Vote
from stream.rows import CategoricalColumn, NumericColumn, Rows


def layout(numeric: int) -> Layout:
    """Return the layout of so many numeric features of 100 distinct values each, and one categorical feature."""
    values = np.arange(100.0)
    counts = np.zeros(2 * len(values) + 1 + 5, dtype=np.int64)
    counts[1 : 2 * len(values) : 2] = 1
    features = [NumericReference(f"n{i}", values, counts, 49.5, 29.0, 0, 99, {}) for i in range(numeric)]
    device = CategoricalReference("device", ("a", "b"), np.array([50, 50, 0, 0, 0]), 0)
    return Layout(Baseline(100, (*features, device), "print"))


def pane(numeric: int) -> Pane:
    """Return a pane in which every numeric feature has a value of its own."""
    times = np.array([7, 8, 9], dtype=np.int64)
    columns = tuple(NumericColumn(np.array([i, 50.5, np.nan])) for i in range(numeric))
    device = CategoricalColumn(np.array([0, 2, 3], dtype=np.int64), {1: "c"})
    counted = Counts.of(layout(numeric), Rows(times, times, columns, (device,)))
    return Pane(0, counted, {"events": {3: (7, 9)}}, 7)


@pytest.mark.parametrize("numeric", [1, 400])
def test_a_pane_comes_back_from_its_chunks(numeric: int) -> None:
    """However many chunks it takes: counts, moments, names, offsets and first time, exactly."""
    sent = pane(numeric)
    records = [read_pane(value) for value in pane_chunks(sent, "print")]
    assert len(records) == chunk_count(layout(numeric))
    assert (len(records) > 1) == (numeric > 1)
    panes: dict[int, Pane] = {}
    for record in records:
        grow(panes, record, layout(numeric))
    got = panes[(), 0]
    assert got.counts.rows == sent.counts.rows
    assert got.counts.cells.tolist() == sent.counts.cells.tolist()
    assert got.counts.moments.tolist() == sent.counts.moments.tolist()
    assert got.counts.names == sent.counts.names == {0: {"c": 1}}
    assert (got.offsets, got.first_ms) == (sent.offsets, 7)


def test_chunks_of_many_batches_add_up() -> None:
    """A pane grown twice by the same counts has them twice, and the offsets of both."""
    panes: dict[int, Pane] = {}
    for value in [*pane_chunks(pane(1), "print")] * 2:
        grow(panes, read_pane(value), layout(1))
    assert panes[(), 0].counts.rows == 2 * pane(1).counts.rows
    assert panes[(), 0].counts.cells.tolist() == (2 * pane(1).counts.cells).tolist()


def test_control_and_counts_are_told_apart() -> None:
    """Both kinds are on one topic; each is read as what it is."""
    facts = [PartitionFact("events", 0, 5, idle=False), PartitionFact("events", 1, None, idle=True)]
    read = read_counts_topic(control({"events": 2}, facts, Ledger(read=1, counted=1), "print"))
    assert isinstance(read, Control)
    assert (read.partitions, read.facts, read.counted_on) == ({"events": 2}, facts, "print")
    assert Ledger.from_dict(read.ledger) == Ledger(read=1, counted=1)
    assert isinstance(read_counts_topic(next(pane_chunks(pane(1), "print"))), PaneChunk)


def test_a_memory_comes_back() -> None:
    """All that a judge remembers beside its panes."""
    memory = JudgeMemory([((), Memory("print"))], {"events": 2}, [PartitionFact("events", 0, 5, idle=True)], 4)
    assert read_memory(write_memory(memory)) == memory


def test_a_memory_of_something_new_comes_back_and_one_from_before_there_was_such_a_thing_is_read() -> None:
    """Traces, and what proved the open incident; a memory that has neither means none."""
    vote = Vote(0, 10, {"x": NOVEL}, frozenset({"z"}), {}, {"y": 0.5})
    incident = Incident("id", 10, {"x": 0}, {"x": 10}, {"x"}, novel=frozenset({"x"}))
    memory = JudgeMemory([((), Memory("print", votes=[vote], incident=incident))])
    written = write_memory(memory)
    assert read_memory(written) == memory
    older = msgspec.msgpack.decode(written)
    of_monitor = older["monitors"][0][1]
    del of_monitor["votes"][0]["traces"], of_monitor["incident"]["novel"]
    ((_, read),) = read_memory(msgspec.msgpack.encode(older)).monitors
    assert read.incident is not None
    assert (read.votes[0].traces, read.incident.novel) == ({}, frozenset())


@pytest.mark.parametrize("value", [b"", b"{}", b"\xc1", msgspec.msgpack.encode({"type": "stranger"})])
def test_what_is_not_ours_is_refused(value: bytes) -> None:
    """Each reader says so with an error of its own kind, never another."""
    for read in (read_counts_topic, read_pane, read_memory):
        with pytest.raises(RecordError, match="not a"):
            read(value)


def test_another_version_is_refused_by_its_number() -> None:
    """What a later driftline wrote is not guessed at."""
    later = RECORD_VERSION + 1
    chunk = PaneChunk(later, "print", 0, b"")
    with pytest.raises(RecordError, match=f"version {later}"):
        read_pane(msgspec.msgpack.encode(chunk))
    with pytest.raises(RecordError, match=f"version {later}"):
        read_memory(write_memory(JudgeMemory([((), Memory("print"))], version=later)))
