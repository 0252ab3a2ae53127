"""Laws of counting: however a stream is cut, ordered and shared out, its counts are those of the whole."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.counts import Counts
from stream.ledger import Ledger
from stream.rows import NumericColumn, Rows
from stream.schedule import Schedule
from stream.tally import Guards, Tallier
from stream.unseen import tally_names
from tests.builders import layout_of, rows_of, with_dependence

TRAINING = {
    "x": [0.0, 1.0, 1.0, 2.5, -3.0],
    "huge": [1e150, -1e150, 5e-324, 1.0, 1.0],
    "same": [4.0, 4.0],
    "c": ["a", "b", "b"],
    "d": ["yes", "no"],
}
# The pairs of x and huge are counted, too.
LAYOUT = with_dependence(layout_of(TRAINING), TRAINING)
SCHEDULE = Schedule(100, 300)
EDGES = [0.0, -0.0, 5e-324, -5e-324, 1.0, 2.5, 4.0, 1e150, 1e308, -1e308, np.inf, -np.inf, np.nan]
NUMBER = st.one_of(st.sampled_from(EDGES), st.floats(allow_nan=True, allow_infinity=True))
NAME = st.one_of(st.none(), st.sampled_from(["a", "b", "yes", "no", "new", "NEW", ""]), st.text(max_size=3))
EVENT = st.tuples(st.integers(0, 1500), st.integers(0, 2), NUMBER, NUMBER, NUMBER, NAME, NAME)
EVENTS = st.lists(EVENT, max_size=40)


def _rows(events, first_offset=0):
    columns = {name: [event[2 + i] for event in events] for i, name in enumerate(("x", "huge", "same", "c", "d"))}
    return rows_of(LAYOUT, [event[0] for event in events], columns, first_offset=first_offset)


def _facts(counts):
    return counts.rows, counts.cells.tolist(), counts.moments.tolist(), counts.names, counts.pairs.tolist()


def _sum(parts):
    total = Counts.zero(LAYOUT)
    for part in parts:
        total.add(part)
    return total


def _grow(panes, grown):
    for pane in grown:
        known = panes.setdefault(pane.start_ms, pane)
        if known is not pane:
            known.add(pane)


def _told(panes):
    return {start: (_facts(pane.counts), pane.offsets, pane.first_ms) for start, pane in panes.items()}


@given(EVENTS)
def test_every_value_is_in_exactly_one_cell(events):
    """The cells of each feature add up to the rows, whatever the values: ties, atoms, zeros, NaN, infinities."""
    counts = Counts.of(LAYOUT, _rows(events))
    for i in range(3):
        specials, cells = counts.cells[LAYOUT.numeric_specials(i)], counts.cells[LAYOUT.numeric_cells(i)]
        assert cells.sum() + specials.sum() == len(events)
    for i in range(2):
        assert counts.cells[LAYOUT.categorical_cells(i)].sum() == len(events)
    assert counts.cells.min() >= 0


@given(EVENTS)
def test_pairs_are_those_of_a_recount(events):
    """Products, and what was there without its partner, row by row; whatever the values."""
    counts = Counts.of(LAYOUT, _rows(events))
    expected = np.zeros(13, dtype=np.int64)
    for event in events:
        numbers = np.array(event[2:4])
        left, right = LAYOUT.scored.levels(numbers[:, None])[:, 0].astype(int).tolist()
        usable = np.isfinite(numbers).tolist()
        if all(usable):
            expected[0] += left * right
        elif usable[0]:
            expected[[2, 6, 10]] += [1, left, left * left]
        elif usable[1]:
            expected[[3, 7, 11]] += [1, right, right * right]
    assert [one.feature for one in LAYOUT.scored.scores] == ["x", "huge"]
    assert counts.pairs.tolist() == expected.tolist()


@given(st.lists(st.tuples(NUMBER, st.integers(0, 3)), max_size=30))
def test_every_value_with_a_state_is_in_exactly_one_cell(values):
    """Whatever number stands beside the state."""
    layout = layout_of({"x": [0.0, 1.0]})
    column = NumericColumn(
        np.array([value for value, _ in values], dtype=float), np.array([state for _, state in values], dtype=np.uint8)
    )
    times = np.zeros(len(values), dtype=np.int64)
    counts = Counts.of(layout, Rows(times, times, (column,), ()))
    assert counts.cells.sum() == len(values)


@given(EVENTS, st.lists(st.integers(0, 40), max_size=6), st.randoms())
def test_batches_add_up_to_the_whole(events, cuts, random):
    """Any split, any order: the same cells, moments and names."""
    whole = _facts(Counts.of(LAYOUT, _rows(events)))
    random.shuffle(events)
    edges = [0, *sorted(cuts), len(events)]
    parts = [events[start:end] for start, end in pairwise(edges)]
    assert _facts(_sum(Counts.of(LAYOUT, _rows(part)) for part in parts)) == whole


@given(EVENTS, EVENTS)
def test_adding_and_taking_away_is_nothing(some, others):
    """To the last digit of the moments, however far apart the numbers are."""
    counts, more = Counts.of(LAYOUT, _rows(some)), Counts.of(LAYOUT, _rows(others))
    before = _facts(counts)[:3]
    counts.add(more)
    counts.subtract(more)
    assert _facts(counts)[:3] == before


@given(st.lists(st.lists(st.text(max_size=2), max_size=150), max_size=5), st.randoms())
def test_names_do_not_depend_on_who_saw_them(lists, random):
    """Tables merged in any order and grouping keep the same names with the same counts."""
    tables = [Counts(0, np.zeros(1), np.zeros((0, 2)), {0: tally_names(names)}) for names in lists]
    joined = tally_names([name for names in lists for name in names])
    random.shuffle(tables)
    total = Counts(0, np.zeros(1), np.zeros((0, 2)))
    for table in tables:
        total.add(table)
    assert total.names.get(0, {}) == joined


@given(EVENTS, st.integers(1, 9), st.randoms())
def test_panes_do_not_depend_on_batches_partitions_or_arrival(events, size, random):
    """Each partition in batches, and what panes grew in any order: counts, offsets and first times are the same."""
    partitions = {number: [event for event in events if event[1] == number] for number in range(3)}
    tallier = Tallier(LAYOUT, SCHEDULE, Guards(10**9, 10**9))
    whole, growth = {}, []
    for number, part in partitions.items():
        _grow(whole, tallier.panes(("events", number), _rows(part)))
        for start in range(0, len(part), size):
            growth += tallier.panes(("events", number), _rows(part[start : start + size], first_offset=start))
    random.shuffle(growth)
    panes = {}
    _grow(panes, growth)
    assert _told(panes) == _told(whole)
    assert sum(pane.counts.rows for pane in panes.values()) == len(events)


@given(EVENTS, st.randoms())
def test_growth_may_be_merged_in_any_grouping(events, random):
    """Pane by pane, or parts of panes first."""
    tallier = Tallier(LAYOUT, SCHEDULE, Guards(10**9, 10**9))
    growth = [pane for place, event in enumerate(events) for pane in tallier.panes(("e", 0), _rows([event], place))]
    one, left, right = {}, {}, {}
    _grow(one, deepcopy(growth))
    for pane in growth:
        _grow(left if random.random() < 0.5 else right, [pane])
    _grow(left, right.values())
    assert _told(left) == _told(one)


@given(EVENTS, st.integers(0, 300), st.integers(0, 300), st.lists(st.integers(0, 40), max_size=6))
@settings(max_examples=150)
def test_lateness_is_decided_event_by_event(events, lateness_ms, ahead_ms, cuts):
    """In any batches: the same events are late, ahead or counted, and every one has one fate."""
    tallier = Tallier(LAYOUT, SCHEDULE, Guards(lateness_ms, ahead_ms))
    records = np.array([event[1] * 500 for event in events], dtype=np.int64)
    plain = _rows(events)
    rows = Rows(plain.times_ms, plain.offsets, plain.numeric, plain.categorical, records)
    expected, newest = [], None
    late = ahead = 0
    for offset, (time_ms, record_ms) in enumerate(zip(plain.times_ms.tolist(), records.tolist(), strict=True)):
        if time_ms > record_ms + ahead_ms:
            ahead += 1
        elif newest is not None and time_ms < newest - lateness_ms:
            late += 1
        else:
            expected.append(offset)
            newest = time_ms if newest is None else max(newest, time_ms)
    ledger, kept, reached = Ledger(read=len(events)), [], None
    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    for start, end in pairwise(edges):
        part, reached = tallier.sift(rows.take(np.arange(start, end)), reached, ledger)
        kept += part.offsets.tolist()
    assert kept == expected
    assert (reached, ledger.late, ledger.ahead, ledger.counted) == (newest, late, ahead, len(expected))
    assert ledger.balanced()


@given(EVENTS)
def test_runs_are_the_batch(events):
    """In its order, nothing lost, nothing twice."""
    tallier = Tallier(LAYOUT, Schedule(10, 10), Guards(0, 0))
    runs = list(tallier.runs(_rows(events)))
    assert [offset for run in runs for offset in run.offsets.tolist()] == list(range(len(events)))


@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_partitions_counted_together_are_counted_as_apart(parts):
    """Joining the rows of several partitions before they are counted changes no cell, moment, name or offset."""
    tallier = Tallier(LAYOUT, SCHEDULE, Guards(10**9, 10**9))
    placed = [(("events", number), _rows(part, first_offset=10 * number)) for number, part in enumerate(parts)]
    apart, together = {}, {}
    for place, rows in placed:
        _grow(apart, tallier.panes(place, rows))
    _grow(together, tallier.panes_of(placed))
    assert _told(together) == _told(apart)
