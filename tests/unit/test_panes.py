"""A pane grows by what batches, partitions and workers counted of its interval."""

import pytest

from stream.panes import Pane, merge_offsets
from stream.schedule import Schedule
from tests.builders import layout_of, panes_of, rows_of

SCHEDULE = Schedule(1000, 1000)


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": [1.0, 2.0], "c": ["a", "b"]})


def _pane(layout, times_ms, x, place=("events", 0), first_offset=0):
    rows = rows_of(layout, times_ms, {"x": x, "c": ["a"] * len(x)}, first_offset=first_offset)
    (pane,) = panes_of(layout, SCHEDULE, rows, place)
    return pane


def test_growth_adds_counts_offsets_and_the_first_time(layout):
    """Rows and cells add up, offsets span both, and the smallest event time stays."""
    pane = _pane(layout, [500, 700], [1.0, 1.0], first_offset=10)
    pane.add(_pane(layout, [300, 900], [2.0, 5.0], first_offset=4))
    pane.add(_pane(layout, [600], [0.0], place=("events", 3)))
    assert pane.counts.rows == 5
    assert pane.counts.cells[layout.numeric_cells(0)].tolist() == [1, 2, 0, 1, 1]
    assert pane.offsets == {"events": {0: (4, 11), 3: (0, 0)}}
    assert pane.first_ms == 300


def test_an_empty_pane_changes_nothing(layout):
    """Growth of no rows leaves everything, either way round."""
    pane = _pane(layout, [500], [1.0])
    pane.add(Pane.empty(0, layout))
    other = Pane.empty(0, layout)
    other.add(_pane(layout, [500], [1.0]))
    for one in (pane, other):
        assert (one.counts.rows, one.first_ms, one.offsets) == (1, 500, {"events": {0: (0, 0)}})


def test_merging_offsets_leaves_what_was_merged():
    """The parts are still theirs after the merge."""
    left, right = {"events": {0: (5, 9)}}, {"events": {0: (1, 2)}, "more": {1: (7, 7)}}
    assert merge_offsets([left, right]) == {"events": {0: (1, 9)}, "more": {1: (7, 7)}}
    assert (left, right) == ({"events": {0: (5, 9)}}, {"events": {0: (1, 2)}, "more": {1: (7, 7)}})
    assert merge_offsets([]) == {}
