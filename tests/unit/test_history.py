"""The panes behind the window: their sum, wherever a comparator looks."""

import numpy as np
import pytest

import stream.history
import stream.packing
from stream.history import History
from stream.schedule import Schedule
from stream.window import SlidingWindow
from tests.builders import layout_of, panes_of, rows_of

SCHEDULE = Schedule(1000, 1000)


LAYOUT = layout_of({"x": [1.0, 2.0], "c": ["a", "b"]})
_ONE = LAYOUT.baseline.numeric[0].quantiser.sums(np.array([1.0]))[0]


@pytest.fixture
def history():
    layout = LAYOUT
    window, history = SlidingWindow(layout), History(layout)
    for start in range(0, 10_000, 1000):
        rows = start // 1000 + 1
        part = rows_of(layout, [start] * rows, {"x": [1.0] * rows, "c": ["a"] * rows})
        (pane,) = panes_of(layout, SCHEDULE, part)
        window.add(pane)
    history.keep(window.expire(8000))
    return history


def _rows(history, start_ms, end_ms, comparator="previous"):
    panes = history.between(start_ms, end_ms)
    coarse, cells = history.coarse(comparator, panes), _cells(history, panes, comparator)
    assert coarse.moments[0, 0] == _ONE * coarse.rows
    assert cells.sum() == 2 * coarse.rows
    assert coarse.cells.tolist() == LAYOUT.runs.count(cells).tolist()
    return coarse.rows


def _cells(history, panes, comparator="previous"):
    """Return the cells, put together from slices."""
    at, size = history.cells_at(comparator, panes), LAYOUT.size
    return np.concatenate([at(slice(0, 3)), at(slice(3, 3)), at(slice(3, size))])


def test_a_stretch_is_the_sum_of_its_panes_wherever_it_moves(history):
    """On, back, over a gap, to nothing and again: never more and never less."""
    spans = [(0, 3000), (1000, 4000), (3000, 4000), (7000, 9000), (9000, 12_000), (0, 8000), (0, 2000)]
    expected = [sum(place + 1 for place in range(8) if start <= place * 1000 < end) for start, end in spans]
    assert [_rows(history, *span) for span in spans] == expected


def test_each_comparator_has_its_own_stretch(history):
    """One that looks elsewhere does not disturb another."""
    assert _rows(history, 0, 2000, "previous") == 3
    assert _rows(history, 4000, 5000, "last_day") == 5
    assert _rows(history, 1000, 3000, "previous") == 5


def test_what_nobody_looks_back_on_is_dropped(history):
    """Its panes are gone; what is still asked for is there."""
    assert _rows(history, 0, 3000) == 6
    history.forget(2000)
    assert sorted(history.panes) == list(range(2000, 8000, 1000))
    assert history.pane(1000) is None
    assert history.pane(2000).counts.rows == 3
    assert _rows(history, 0, 4000) == 7


def test_the_sum_that_looks_furthest_back_moves_along(history, monkeypatch):
    """What it began with is dropped before it moves on: only that pane and the one that entered are read again."""
    _rows(history, 0, 6000, "last_week")
    moved = []
    monkeypatch.setattr(stream.history, "move_chunk", lambda total, chunk, sign: moved.append(sign))
    history.forget(1000)
    history.coarse("last_week", history.between(1000, 7000))
    assert moved == [-1, 1]


def test_a_sum_that_is_asked_for_late_is_of_its_own_panes(history):
    """A tick may be looked at when the history has moved on, and has dropped what it looked back on."""
    panes = history.between(0, 4000)
    _rows(history, 3000, 7000)
    history.forget(6000)
    assert _cells(history, panes).sum() == 2 * (1 + 2 + 3 + 4)


def test_what_is_given_does_not_change(history):
    """The caller's sums stay as they were when the next ones are made."""
    first, at = history.coarse("previous", history.between(0, 4000)), history.between(0, 4000)
    cells = _cells(history, at)
    _rows(history, 1000, 5000)
    assert (first.rows, int(cells.sum())) == (10, 20)


def test_cells_lie_in_packed_chunks_and_are_read_across_their_borders(history, monkeypatch):
    """A slice is the same wherever the chunks are cut."""
    expected = _cells(history, history.between(0, 8000))
    for module in (stream.history, stream.packing):
        monkeypatch.setattr(module, "CELLS_PER_CHUNK", 4)
    window, cut = SlidingWindow(LAYOUT), History(LAYOUT)
    for start_ms in range(0, 8000, 1000):
        window.add(history.pane(start_ms))
    cut.keep(window.expire(8000))
    panes = cut.between(0, 8000)
    assert _cells(cut, panes).tolist() == expected.tolist()
    assert cut.cells_at("previous", panes)(slice(3, 9)).tolist() == expected[3:9].tolist()
