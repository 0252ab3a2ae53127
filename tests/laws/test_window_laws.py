"""Laws of the sliding window: after any life it is the recount of the panes in it."""

from hypothesis import given
from hypothesis import strategies as st

from stream.counts import Counts
from stream.panes import Pane, merge_offsets
from stream.schedule import Schedule
from stream.window import SlidingWindow
from tests.builders import layout_of, panes_of, rows_of

LAYOUT = layout_of({"x": [0.0, 1.0, 2.0], "c": ["a", "b"]})
SCHEDULE = Schedule(10, 30)
NUMBER = st.one_of(st.floats(), st.sampled_from([0.0, 1.0, 2.0]))
NAME = st.one_of(st.none(), st.sampled_from(["a", "b", "new", "other"]))
EVENTS = st.lists(st.tuples(NUMBER, NAME), min_size=1, max_size=8)
STEP = st.one_of(st.tuples(st.integers(1, 4), EVENTS), st.integers(0, 60))


def _pane(start_ms, events, first_offset):
    columns = {"x": [x for x, _ in events], "c": [c for _, c in events]}
    rows = rows_of(LAYOUT, [start_ms + i % 10 for i in range(len(events))], columns, first_offset=first_offset)
    (pane,) = panes_of(LAYOUT, SCHEDULE, rows, ("events", first_offset % 3))
    return pane


def _recount(panes):
    total = Counts.zero(LAYOUT)
    for pane in panes:
        total.add(pane.counts)
    return total


@given(st.lists(STEP, max_size=25))
def test_the_window_is_the_recount_of_its_panes(steps):
    """After any sequence of panes added and expired: rows, cells, moments, names and offsets, to the last digit."""
    window, held, at_ms, offset = SlidingWindow(LAYOUT), dict[int, Pane](), 0, 0
    for step in steps:
        if isinstance(step, tuple):
            gap, events = step
            at_ms += 10 * gap
            pane = _pane(at_ms, events, offset)
            offset += len(events)
            held[at_ms] = pane
            window.add(pane)
        else:
            before_ms = at_ms - step
            window.expire(before_ms)
            held = {start: pane for start, pane in held.items() if start >= before_ms}
        recount = _recount(held.values())
        assert window.total.rows == recount.rows == window.rows_from(-1)
        assert window.total.cells.tolist() == recount.cells.tolist()
        assert window.total.moments.tolist() == recount.moments.tolist()
        assert window.names() == recount.names
        assert window.offsets() == merge_offsets(pane.offsets for pane in held.values())
        assert set(window.panes) == set(held)
