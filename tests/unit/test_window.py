"""The sliding window: panes come and go, and what is left is what they held."""

import pytest

from stream.schedule import Schedule
from stream.window import SlidingWindow
from tests.builders import layout_of, panes_of, rows_of, with_dependence

SCHEDULE = Schedule(1000, 3000)


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": [1.0, 2.0], "c": ["a", "b"]})


def _pane(layout, start_ms, c, x=1.0, first_offset=0):
    times = [start_ms + 7 * i for i in range(len(c))]
    (pane,) = panes_of(layout, SCHEDULE, rows_of(layout, times, {"x": [x] * len(c), "c": c}, first_offset=first_offset))
    return pane


@pytest.fixture
def window(layout):
    window = SlidingWindow(layout)
    window.add(_pane(layout, 0, ["a", "new"], x=1e300))
    window.add(_pane(layout, 1000, ["b", "newer", "newer"], first_offset=2))
    window.add(_pane(layout, 2000, ["a"], first_offset=5))
    return window


def test_the_window_is_the_sum_of_its_panes(layout, window):
    """Rows, cells, names and offsets of all of them."""
    assert window.total.rows == 6
    assert window.total.cells[layout.categorical_cells(0)].tolist() == [2, 1, 3, 0, 0]
    assert window.names() == {0: {"new": 1, "newer": 2}}
    assert window.offsets() == {"events": {0: (0, 5)}}


def test_an_expired_pane_leaves_nothing_behind(layout, window):
    """Not its rows, its sums however large, its names or its offsets."""
    window.expire(1000)
    only = SlidingWindow(layout)
    only.add(_pane(layout, 1000, ["b", "newer", "newer"], first_offset=2))
    only.add(_pane(layout, 2000, ["a"], first_offset=5))
    assert window.total.rows == only.total.rows == 4
    assert window.total.cells.tolist() == only.total.cells.tolist()
    assert window.total.moments.tolist() == only.total.moments.tolist()
    assert window.names() == only.names() == {0: {"newer": 2}}
    assert window.offsets() == {"events": {0: (2, 5)}}


def test_a_copy_goes_its_own_way():
    """What one of them takes in or lets go does not change the other: cells, sums and pairs."""
    training = {"x": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 1.0, 4.0, 3.0]}
    layout = with_dependence(layout_of(training), training)
    first, second = (
        panes_of(layout, SCHEDULE, rows_of(layout, [start + row for row in range(4)], training))[0]
        for start in (0, 1000)
    )
    window = SlidingWindow(layout)
    window.add(first)
    copy = window.copy()
    copy.add(second)
    window.expire(1000)
    assert not window.total.pairs.any()
    assert copy.total.pairs.tolist() == (2 * first.counts.pairs).tolist()
    assert copy.total.cells.tolist() == (2 * first.counts.cells).tolist()
    assert first.counts.pairs[0] > 0


def test_a_total_that_was_given_does_not_change(layout):
    """Whatever comes or leaves: a tick may be told of later. Nor does the pane that was all of the window."""
    window, first = SlidingWindow(layout), _pane(layout, 0, ["a", "b"])
    window.add(first)
    one = window.total
    window.add(_pane(layout, 1000, ["b"]))
    two = window.total
    window.expire(1000)
    last = window.total
    window.expire(2000)
    assert [(total.rows, int(total.cells.sum())) for total in (one, two, last)] == [(2, 4), (3, 6), (1, 2)]
    assert (first.counts.rows, int(first.counts.cells.sum())) == (2, 4)


def test_expiring_twice_takes_away_once(window):
    """What has left cannot leave again."""
    window.expire(1000)
    window.expire(1000)
    assert window.total.rows == 4
    window.expire(10_000)
    assert (window.total.rows, window.total.cells.sum(), window.panes) == (0, 0, {})


def test_a_pane_is_given_back_as_it_was_sealed(layout, window):
    """For writing it to the log; None where there is none."""
    pane, given = _pane(layout, 1000, ["b", "newer", "newer"], first_offset=2), window.pane(1000)
    assert given.counts.cells.tolist() == pane.counts.cells.tolist()
    assert given.counts.moments.tolist() == pane.counts.moments.tolist()
    assert (given.counts.names, given.offsets, given.first_ms) == (pane.counts.names, pane.offsets, 1000)
    assert window.pane(500) is None


def test_rows_from_a_time_on(window):
    """Whole panes, from the one that begins there."""
    assert [window.rows_from(start) for start in (0, 1000, 1001, 9000)] == [6, 4, 1, 0]
