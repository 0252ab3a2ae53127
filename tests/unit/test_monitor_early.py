"""Windows tested early: with what there is, once, and their panes go on counting."""

import numpy as np
import pytest

from stream.monitor import INCOMPLETE, INSUFFICIENT, TESTED
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
ROWS = 150
POLICY = Policy(false_alarms_per_ms=0.05 / EVERY_MS, checks=("ks", "mean"))


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": np.random.default_rng(1).normal(size=800).round(2)})


def _panes(layout, shifts, first=0, rows=ROWS, partition=0):
    rng, panes = np.random.default_rng(partition), []
    for place, shift in enumerate(shifts, first):
        times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, rows).astype(int)
        columns = {"x": rng.normal(shift, 1.0, rows)}
        panes += panes_of(layout, Schedule(EVERY_MS, EVERY_MS), rows_of(layout, times, columns), ("events", partition))
    return panes


def _monitor(layout, panes_per_window=1, policy=POLICY):
    return monitor_of(layout, Schedule(EVERY_MS, panes_per_window * EVERY_MS), policy)


def _early(monitor, until_ms, coverage=0.5):
    return list(monitor.advance_early(until_ms, lambda start_ms, end_ms: coverage))


def _total(monitor):
    total = monitor.window.total
    return total.rows, total.cells.tolist(), total.moments.tolist()


def test_a_window_tested_early_is_tested_once_and_sealed_whole(layout):
    """What comes later is counted, not late; the watermark seals all of it, and brings no second tick."""
    monitor = _monitor(layout)
    feed(monitor, _panes(layout, [0, 0]), EVERY_MS)
    (tick,) = _early(monitor, 2 * EVERY_MS)
    assert (tick.window.end_ms, tick.window.n, tick.window.coverage, tick.status) == (2 * EVERY_MS, ROWS, 0.5, TESTED)
    assert _early(monitor, 2 * EVERY_MS) == []
    assert monitor.add(_panes(layout, [0], first=1, partition=1)[0]) == 0
    assert list(monitor.advance(2 * EVERY_MS)) == []
    assert monitor.window.total.rows == 2 * ROWS
    assert monitor.state.sealed_to_ms == 2 * EVERY_MS
    (after,) = feed(monitor, _panes(layout, [0], first=2), 3 * EVERY_MS)
    assert (after.window.end_ms, after.window.coverage) == (3 * EVERY_MS, 1.0)


def test_what_was_found_early_is_told_as_it_was_found(layout):
    """Asked for at once or when the pane has grown: the findings are of the window as it was tested."""
    told = []
    for grown in (False, True):
        monitor = _monitor(layout)
        monitor.add(_panes(layout, [0])[0])
        (tick,) = _early(monitor, EVERY_MS)
        if grown:
            monitor.add(_panes(layout, [3], partition=1)[0])
        told.append([finding.to_dict() for finding in tick.findings()])
    assert told[0] == told[1] != []


def test_an_early_test_leaves_the_window_as_it_was(layout):
    """The total of the sealed panes, the open panes and what is next to be sealed are untouched."""
    monitor = _monitor(layout, panes_per_window=2)
    feed(monitor, _panes(layout, [0] * 5), 3 * EVERY_MS)
    before = _total(monitor), sorted(monitor.window.panes), sorted(monitor.open), monitor.next_boundary()
    ticks = _early(monitor, 5 * EVERY_MS)
    assert [(tick.window.end_ms, tick.window.n) for tick in ticks] == [(4 * EVERY_MS, 300), (5 * EVERY_MS, 300)]
    assert (_total(monitor), sorted(monitor.window.panes), sorted(monitor.open), monitor.next_boundary()) == before


def test_later_windows_see_the_whole_pane(layout):
    """After many early ticks in a row the totals are those of a monitor that waited."""
    panes, late = _panes(layout, [0] * 6), _panes(layout, [0] * 3, first=3, partition=1)
    early, patient = (_monitor(layout, panes_per_window=3) for _ in range(2))
    for monitor in (early, patient):
        feed(monitor, panes, 3 * EVERY_MS)
    assert len(_early(early, 5 * EVERY_MS)) == 2
    ticks = [feed(monitor, late, 6 * EVERY_MS)[-1] for monitor in (early, patient)]
    assert ticks[0].window == ticks[1].window
    assert ticks[0].window.n == 6 * ROWS
    assert _total(early) == _total(patient)


def test_the_watermark_may_stop_among_the_windows_tested_early(layout):
    """It seals what it has passed, and the rest when it passes the rest."""
    monitor = _monitor(layout)
    feed(monitor, _panes(layout, [0] * 5), EVERY_MS)
    assert len(_early(monitor, 4 * EVERY_MS)) == 3
    assert list(monitor.advance(2 * EVERY_MS + 1)) == []
    assert (monitor.state.sealed_to_ms, sorted(monitor.open)) == (2 * EVERY_MS, [2 * EVERY_MS, 3 * EVERY_MS, 240_000])
    ticks = list(monitor.advance(5 * EVERY_MS))
    assert [tick.window.end_ms for tick in ticks] == [5 * EVERY_MS]


def test_early_windows_vote(layout):
    """Drift that is there opens early, once, and its event says how much it saw."""
    monitor = _monitor(layout)
    feed(monitor, _panes(layout, [0, 3, 3, 3]), EVERY_MS)
    events = [event for tick in _early(monitor, 3 * EVERY_MS, 0.75) for event in tick.events]
    assert [(event.type, event.window["coverage"]) for event in events] == [("drift.opened", 0.75)]
    assert [event.type for tick in monitor.advance(4 * EVERY_MS) for event in tick.events] == []


def test_the_first_window_may_be_early(layout):
    """A partition that never spoke: nothing is sealed yet, and the window that begins with the data is tested."""
    monitor = _monitor(layout)
    feed(monitor, _panes(layout, [0, 0], first=3), None)
    assert [tick.status for tick in _early(monitor, 5 * EVERY_MS)] == [TESTED, TESTED]
    assert monitor.state.origin_ms is None
    longer = _monitor(layout, panes_per_window=2)
    feed(longer, _panes(layout, [0, 0], first=3), None)
    ticks = _early(longer, 5 * EVERY_MS, 0.75)
    assert [(tick.status, tick.window.coverage) for tick in ticks] == [(INCOMPLETE, 0.5), (TESTED, 0.75)]


def test_too_few_so_far_is_insufficient(layout):
    """Said once, and ended by the first window that has enough."""
    monitor = _monitor(layout)
    feed(monitor, _panes(layout, [0, 0]), 2 * EVERY_MS)
    monitor.add(_panes(layout, [0], first=2, rows=20)[0])
    (tick,) = _early(monitor, 3 * EVERY_MS)
    assert (tick.status, [event.reason for event in tick.events]) == (INSUFFICIENT, ["insufficient"])
    monitor.add(_panes(layout, [0], first=2, partition=1)[0])
    ticks = feed(monitor, _panes(layout, [0], first=3), 4 * EVERY_MS)
    assert [[event.state for event in tick.events] for tick in ticks] == [["ended"]]


def test_a_long_gap_is_skipped_early_too(layout):
    """A partition that is a year ahead does not bring half a million early ticks, nor their sealing."""
    year = 365 * 24 * 60
    monitor = _monitor(layout)
    feed(monitor, [*_panes(layout, [0, 0]), *_panes(layout, [0, 0], first=year)], 2 * EVERY_MS)
    ticks = _early(monitor, (year + 2) * EVERY_MS)
    assert [tick.status for tick in ticks] == [INSUFFICIENT, TESTED, TESTED]
    assert list(monitor.advance((year + 2) * EVERY_MS)) == []
    assert (monitor.window.total.rows, monitor.open) == (ROWS, {})


def test_a_window_that_waits_has_the_rows_of_its_panes_so_far(layout):
    """Open and sealed ones, each once."""
    monitor = _monitor(layout, panes_per_window=2)
    feed(monitor, _panes(layout, [0] * 4), 2 * EVERY_MS)
    window = monitor.window_to(3 * EVERY_MS, lambda start_ms, end_ms: start_ms / end_ms)
    assert (window.start_ms, window.end_ms, window.n, window.coverage) == (EVERY_MS, 3 * EVERY_MS, 2 * ROWS, 1 / 3)
