"""Laws of waiting: with patience no row is lost or doubled, no boundary tested twice, and a restart changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.book import Book
from consumers.records import PaneChunk, PartitionFact, control, pane_chunks, read_counts_topic
from stream.ledger import Ledger
from stream.monitors import Monitors
from stream.packing import chunk_rows
from stream.waiting import Waiting, WaitLimits
from stream.watermark import Watermark

EVERY_MS = 60_000
GRACE_MS, PATIENCE_MS = 4_000, 9_000
KINDS = st.lists(st.sampled_from(["same", "shift", "shift", "few", "none"]), min_size=2, max_size=8)
# Which partition is counted next, and how many seconds of log time later.
STEPS = st.lists(st.tuples(st.sampled_from([0, 0, 0, 1]), st.integers(0, 6)), max_size=24)
IDLE = st.sets(st.integers(0, 30), max_size=3)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Record = tuple[bytes, int]


@pytest.fixture
def new_book(new_monitor: Callable[..., Any]) -> Callable[..., Book]:
    """Return a builder of books that have taken nothing, by panes per window and patience."""

    def build(panes_per_window: int = 1, patience_ms: int | None = PATIENCE_MS) -> Book:
        limits = WaitLimits(GRACE_MS, patience_ms)
        return Book(Monitors(lambda *_: new_monitor(panes_per_window, (1, 1))), Watermark(0), waiting=Waiting(limits))

    return build


def records(book: Book, parts: list[Any], steps: list[tuple[int, int]], idle: set[int]) -> list[list[Record]]:
    """Return transactions: a part of a pane and the control record behind it, with log times; in the end all of it.

    At the steps in ``idle`` a counter says that the partition has nothing more, whether or not that lasts.
    """
    queues = {number: [part for part in parts if number in part.offsets["events"]] for number in (0, 1)}
    newest: dict[int, int | None] = {0: None, 1: None}
    log_ms, written = 1_000_000, []
    rest = [(number, 1) for number in (0, 1) for _ in range(len(parts) + 1)]
    for place, (number, seconds) in enumerate([*steps, *rest]):
        log_ms += seconds * 1000
        transaction: list[bytes] = []
        if queues[number]:
            part = queues[number].pop(0)
            transaction += pane_chunks(part, book.monitors.any.counted_on)
            newest[number] = part.start_ms + EVERY_MS
        elif place >= len(steps):
            newest[number] = len(parts) * EVERY_MS + EVERY_MS
        fact = PartitionFact("events", number, newest[number], place in idle)
        transaction.append(control({"events": 2}, [fact], Ledger(), book.monitors.any.counted_on))
        written.append([(value, log_ms) for value in transaction])
    return written


def take(book: Book, transactions: list[list[Record]]) -> None:
    """Let the book take all of it."""
    for value, log_ms in [record for transaction in transactions for record in transaction]:
        book.take(value, 0, log_ms)


def held(book: Book) -> Any:
    """Return everything that later windows are made of."""
    total, monitor = book.monitors.any.window.total, book.monitors.any
    panes = {start: monitor.pane(start) for start in sorted(monitor.pane_starts())}
    plain = {start: (p.counts.rows, p.counts.cells.tolist(), p.offsets) for start, p in panes.items() if p}
    return plain, total.rows, total.cells.tolist(), total.moments.tolist(), monitor.state.sealed_to_ms


@given(KINDS, st.integers(0, 99), STEPS, st.integers(1, 3))
@QUICK
def test_patience_changes_no_pane(growth, new_book, kinds, seed, steps, panes_per_window):
    """What windows are made of is in the end what it is for a monitor that waits; nothing is late for either."""
    parts = growth(kinds, seed)
    impatient, patient = new_book(panes_per_window), new_book(panes_per_window, None)
    transactions = records(impatient, parts, steps, set())
    take(impatient, transactions)
    take(patient, transactions)
    assert held(impatient) == held(patient)
    assert impatient.ledger.late == 0


@given(KINDS, st.integers(0, 99), STEPS)
@QUICK
def test_every_row_is_in_one_pane(growth, new_book, kinds, seed, steps):
    """In a window that is as long as all of it, in every moment: as many rows as were taken."""
    parts, book, taken = growth(kinds, seed), new_book(20), 0
    for transaction in records(book, parts, steps, set()):
        take(book, [transaction])
        chunks = [
            read for read in (read_counts_topic(value) for value, _ in transaction) if isinstance(read, PaneChunk)
        ]
        taken += sum(chunk_rows(read.chunk) for read in chunks)
        panes = [book.monitors.any.pane(start) for start in book.monitors.any.pane_starts()]
        assert sum(pane.counts.rows for pane in panes if pane is not None) == taken
    assert taken == sum(part.counts.rows for part in parts)


@given(KINDS, st.integers(0, 99), STEPS, IDLE, st.integers(1, 3))
@QUICK
def test_no_boundary_is_tested_twice(growth, new_book, kinds, seed, steps, idle, panes_per_window):
    """Ticks go forward in time, each boundary once; early ones say that something is missing."""
    book = new_book(panes_per_window)
    take(book, records(book, growth(kinds, seed), steps, idle))
    ends = [tick.window.end_ms for tick in book.ticks]
    assert ends == sorted(set(ends))
    ids = [event.id for event in book.events()]
    assert len(set(ids)) == len(ids)
    states = [event.state for event in book.notices if event.reason == "stalled"]
    assert states == ["begun", "ended"] * (len(states) // 2) + ["begun"] * (len(states) % 2)


@given(KINDS, st.integers(0, 99), STEPS, IDLE, st.integers(1, 3))
@QUICK
def test_a_restart_between_any_two_transactions_changes_nothing(
    growth, new_book, kinds, seed, steps, idle, panes_per_window
):
    """Everything that waiting and patience go by is in the memory: a book that is born anew each time says the same."""
    parts, undisturbed = growth(kinds, seed), new_book(panes_per_window)
    transactions = records(undisturbed, parts, steps, idle)
    take(undisturbed, transactions)
    said, live, book = ([], []), {}, new_book(panes_per_window)
    for transaction in transactions:
        take(book, [transaction])
        said[0].extend((tick.window, tick.status, list(tick.events)) for tick in book.ticks)
        said[1].extend(book.notices)
        live.update(book.unwritten())
        book = new_book(panes_per_window)
        book.restore(live.items())
    assert said[0] == [(tick.window, tick.status, list(tick.events)) for tick in undisturbed.ticks]
    assert said[1] == undisturbed.notices
    assert held(book) == held(undisturbed)


def test_the_streams_here_do_wait(growth, new_book):
    """One partition to its end, then the other: stalled, tested early, lagging, whole again."""
    book = new_book()
    take(book, records(book, growth(["same"] * 8, 3), [(0, 3)] * 6 + [(1, 0)] * 8, set()))
    assert {tick.window.coverage for tick in book.ticks} > {1.0}
    assert [f"{event.reason} {event.state}" for event in book.notices][:4] == [
        "stalled begun",
        "stalled ended",
        "lagging begun",
        "lagging ended",
    ]
