"""The judge cannot tell who counted: taps that count by themselves, or counters that read the same events."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from consumers.book import Book
from consumers.tap.edge_run import EdgeRun, Standing
from consumers.tap.edge_tally import EdgeTally, Growth

START_MS, EVERY_MS = 1_700_000_000_000, 10_000
# Who counts it, how far its time is ahead of the one before (ms), its age, its device; None is no event at all.
EVENT = st.tuples(
    st.integers(0, 1),
    st.integers(-2_500, 6_000),
    st.one_of(st.floats(20, 60), st.sampled_from([None, 1e308, "many"])),
    st.sampled_from(["mobile", "desktop", "fridge", None]),
    st.sampled_from([1, 1, 1, 1, 1, 120, None]),
)
TRAFFIC = st.lists(EVENT, max_size=50)
# After how many events each report leaves, and how many reports before it arrive once more.
PACE = st.lists(st.tuples(st.integers(1, 25), st.integers(0, 2)), min_size=1, max_size=12)


@pytest.fixture(scope="module", params=["", 'segment = ["features.device"]'], ids=["whole", "segments"])
def new(
    stage_assembly: Callable[..., Any], new_stage: Callable[..., Any], request: pytest.FixtureRequest
) -> Callable[[], Any]:
    """Return what makes a stage with an empty log; its monitor finds drift in whatever is there."""
    textbook = 'alpha = {ks = 0.05, chi2 = 0.05}\ncorrection = "none"\npersist = "1 of 1"'
    assembly = stage_assembly(decision=textbook, events=request.param)
    return lambda: new_stage(assembly)


def lines_of(traffic: Sequence[Any]) -> list[tuple[int, bytes, int]]:
    """Return who counts each event, its bytes, and when it was made (UTC ms)."""
    made, now_ms = [], START_MS
    for who, step_ms, age, device, weight in traffic:
        now_ms += step_ms
        event = {"ts": now_ms, "features": {"age": age, "device": device}}
        line = b"{" if weight is None else json.dumps(event).encode()
        made += [(who, line, now_ms - (4_000_000 if step_ms == 6_000 else 0))] * (weight or 1)
    return made


def by_counters(stage: Any, events: Sequence[tuple[int, bytes, int]]) -> Book:
    """Let a counter read the events from two partitions; return the book of what it wrote."""
    for who, line, made_ms in events:
        stage.log.append("events", line, partition=who, timestamp_ms=made_ms)
    counter = stage.counter()
    while not counter.caught_up(counter.end_offsets()):
        counter.step(0.0)
    return judged(stage, [record.value for record in stage.log.records("counts")])


def by_taps(stage: Any, events: Sequence[tuple[int, bytes, int]], pace: Sequence[tuple[int, int]]) -> Book:
    """Let two processes count the events, each its own, and report at this pace; return the book of their reports."""
    tallies = [EdgeTally(stage.assembly, 10**8) for _ in range(2)]
    runs = [EdgeRun(stage.counted_on, 60_000) for _ in range(2)]
    sent = [report for run in runs for report in run.reports(Growth(), Standing(None))]
    place = turn = 0
    while place < len(events):
        size, again = pace[turn % len(pace)]
        for who, line, made_ms in events[place : place + size]:
            tallies[who].count([line], made_ms)
        place, turn = place + size, turn + 1
        who = turn % 2
        sent += runs[who].reports(tallies[who].take(), Standing(tallies[who].newest_ms))
        sent += sent[len(sent) - again :]
    for run, tally in zip(runs, tallies, strict=True):
        sent += run.reports(tally.take(), Standing(tally.newest_ms))
    return judged(stage, sent)


def judged(stage: Any, records: Sequence[bytes]) -> Book:
    """Return a judge's book that has taken these records."""
    book: Book = stage.book()
    for offset, record in enumerate(records):
        book.take(record, offset)
    return book


def known(book: Book) -> dict[str, Any]:
    """Return everything that a book knows, but for who counted it."""
    panes = {key: book.monitors.pane(key) for key in sorted(book.monitors.pane_keys())}
    totals = {segment: monitor.window.total for segment, monitor in sorted(book.monitors.each.items())}
    return {
        "panes": {
            key: (p.counts.rows, p.counts.cells.tolist(), p.counts.moments.tolist(), p.counts.names, p.first_ms)
            for key, p in panes.items()
            if p
        },
        "windows": {segment: (one.rows, one.cells.tolist(), one.moments.tolist()) for segment, one in totals.items()},
        "memory": sorted(book.monitors.remember(), key=lambda pair: pair[0]),
        "ticks": [(tick.segment, tick.window, tick.status) for tick in book.ticks],
        "events": [{**event.to_dict(), "offsets": {}} for event in book.events()],
        "ledger": book.ledger.to_dict(),
        "reached": book.watermark.reached_ms,
    }


@settings(deadline=None, max_examples=40)
@given(traffic=TRAFFIC, pace=PACE)
def test_edge_counts_and_events_make_the_same_windows_findings_and_ledger(
    new: Callable[[], Any], traffic: list[Any], pace: list[tuple[int, int]]
) -> None:
    """Late, ahead, broken and unseen ones among them, whenever reports leave, however often they arrive."""
    events = lines_of(traffic)
    expected = known(by_counters(new(), events))
    found = known(by_taps(new(), events, pace))
    assert found == expected


def test_an_incident_is_the_same_whoever_counted_it(new: Callable[[], Any], incident_lines: list[bytes]) -> None:
    """Ids and contents are the same, but that there are no offsets to look up."""
    events = [(number % 2, line, START_MS + number) for number, line in enumerate(incident_lines)]
    expected, book = known(by_counters(new(), events)), by_taps(new(), events, [(70, 1), (200, 0)])
    assert known(book) == expected
    assert "drift.opened" in {event["type"] for event in expected["events"]}
    assert {json.dumps(event.to_dict()["offsets"]) for event in book.events()} == {"{}"}
