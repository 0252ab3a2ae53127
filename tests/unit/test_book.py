"""The judge's book: written, forgotten and restored, it is the same book."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consumers.book import Book
from consumers.records import RecordError, write_memory


@pytest.fixture
def taken(stage: Callable[..., Any], incident_lines: list[bytes]) -> tuple[Any, Book]:
    """Return a stage and a book that has taken the counts of the stream up to the middle of its incident."""
    made = stage()
    made.feed(incident_lines[:750])
    counter = made.counter()
    while not counter.caught_up(counter.end_offsets()):
        counter.step(0.0)
    book: Book = made.book()
    for offset, record in enumerate(made.log.records("counts")):
        book.take(record.value, offset)
    return made, book


def state(book: Book) -> Any:
    """Return everything that a book goes on from."""
    panes = {start: book.monitors.any.pane(start) for start in sorted(book.monitors.any.pane_starts())}
    counts = {s: (p.counts.rows, p.counts.cells.tolist(), p.offsets, p.first_ms) for s, p in panes.items() if p}
    total = book.monitors.any.window.total
    return (
        counts, total.rows, total.cells.tolist(), total.moments.tolist(), book.monitors.any.remember(), book.partitions,
        book.ledger, book.watermark,
    )  # fmt: skip


def test_a_restored_book_is_the_one_that_was_written(taken: tuple[Any, Book]) -> None:
    """Panes, window total, votes, open incident, watermark and ledger come back from the panes topic, all of them."""
    stage, book = taken
    assert book.monitors.any.incidents.open is not None
    restored = stage.book()
    restored.restore(book.unwritten())
    assert state(restored) == state(book)


def test_what_is_written_is_not_written_again(taken: tuple[Any, Book]) -> None:
    """After writing only the memory is left to write; deleted panes are deleted once."""
    _, book = taken
    assert len(list(book.unwritten())) > 1
    assert book.events()
    book.written()
    assert [key for key, _ in book.unwritten()] == [b"stage|memory"]
    assert book.events() == []
    assert not book.worth_writing()
    assert book.next_offset is None


def test_the_next_offset_is_behind_the_last_record_taken(taken: tuple[Any, Book]) -> None:
    """Committed with what was made of the records before it."""
    stage, book = taken
    assert book.next_offset == len(stage.log.records("counts"))


def test_a_later_version_is_refused(taken: tuple[Any, Book]) -> None:
    """A memory that this driftline cannot read is an error, not a new beginning."""
    stage, book = taken
    later = replace(book._memory(), version=2)
    with pytest.raises(RecordError, match="version 2"):
        stage.book().restore([(b"stage|memory", write_memory(later))])


def test_another_baseline_begins_anew_and_says_so(
    taken: tuple[Any, Book], stage: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Panes of other cells are never added: they are dropped and deleted, and a health event tells of it."""
    _, book = taken
    written = list(book.unwritten())
    other = stage()
    identity = replace(other.assembly.identity(), fingerprint="other")
    fresh: Book = other.book()
    fresh.monitors.any.identity = identity
    fresh.restore(written)
    assert fresh.monitors.any.pane_starts() == set()
    (event,) = fresh.events()
    assert (event.type, event.reason) == ("monitor.health", "baseline_changed")
    deleted = {key for key, value in fresh.unwritten() if value is None}
    assert deleted == {key for key, value in written if value is not None and b"|pane|" in key}


def test_counts_of_another_baseline_are_in_the_ledger_and_in_no_window(taken: tuple[Any, Book]) -> None:
    """Rows that a counter with another baseline counted are rejected here, so that the ledger still balances."""
    stage, book = taken
    fresh: Book = stage.book()
    fresh.monitors.any.identity = replace(stage.assembly.identity(), fingerprint="other")
    for offset, record in enumerate(stage.log.records("counts")):
        fresh.take(record.value, offset)
    assert fresh.ledger.counted == 0
    assert fresh.ledger.rejected == {"other_baseline": book.ledger.counted}
    assert fresh.ledger.balanced()


def test_another_schedule_begins_anew_and_says_so(taken: tuple[Any, Book], stage: Callable[..., Any]) -> None:
    """Panes of other lengths are never added, nor are windows of another length gone on with."""
    _, book = taken
    written = list(book.unwritten())
    for every_factor, window_factor in ((1, 2), (2, 2)):
        fresh: Book = stage().book()
        old = fresh.monitors.any.schedule
        fresh.monitors.any.schedule = replace(
            old, every_ms=every_factor * old.every_ms, window_ms=window_factor * old.window_ms
        )
        fresh.restore(written)
        assert fresh.monitors.any.pane_starts() == set()
        assert [event.reason for event in fresh.events()] == ["configuration_changed"]


def test_events_of_many_rows_are_taken_back_as_events(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """Five rows a record, over two panes now and then: what another baseline counted is rejected, event by event."""
    made = stage()
    events: list[bytes | None] = [b"\n".join(incident_lines[at : at + 5]) for at in range(0, 300, 5)]
    made.feed(events)
    made.drain(made.counter(), made.judge())
    assert made.remembered().ledger.counted == len(events)
    assert made.remembered().ledger.rows()["counted"] == 300
    fresh: Book = made.book()
    fresh.monitors.any.identity = replace(made.assembly.identity(), fingerprint="other")
    for offset, record in enumerate(made.log.records("counts")):
        fresh.take(record.value, offset)
    assert (fresh.ledger.counted, fresh.ledger.rejected) == (0, {"other_baseline": len(events)})
    assert fresh.ledger.rows() == {"counted": 0, "late": 0, "ahead": 0, "foreign": 0, "rejected": 300}
    assert fresh.ledger.balanced()
