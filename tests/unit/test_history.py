"""The panes behind the window: their sum, wherever a comparator looks."""

import numpy as np
import pytest

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
    window, history = SlidingWindow.empty(layout), History(layout)
    for start in range(0, 10_000, 1000):
        rows = start // 1000 + 1
        part = rows_of(layout, [start] * rows, {"x": [1.0] * rows, "c": ["a"] * rows})
        (pane,) = panes_of(layout, SCHEDULE, part)
        window.add(pane)
    history.keep(window.expire(8000))
    return history


def _rows(history, start_ms, end_ms, comparator="previous"):
    total = history.total(comparator, start_ms, end_ms)
    assert total.cells.sum() == 2 * total.rows
    assert total.moments[0, 0] == _ONE * total.rows
    return total.rows


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
    """Its panes are gone, and a stretch that still held one begins anew."""
    assert _rows(history, 0, 3000) == 6
    history.forget(2000)
    assert sorted(history.panes) == list(range(2000, 8000, 1000))
    assert history.pane(1000) is None
    assert history.pane(2000).counts.rows == 3
    assert _rows(history, 0, 4000) == 7
