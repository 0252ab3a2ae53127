"""The monitor: panes and watermarks in, ticks and drift events out."""

import numpy as np
import pytest

from stream.monitor import INCOMPLETE, INSUFFICIENT, TESTED
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
ROWS = 150
POLICY = Policy(false_alarms_per_ms=0.05 / EVERY_MS, checks=("ks", "mean", "chi2", "missing"))


@pytest.fixture(scope="module")
def layout():
    rng = np.random.default_rng(1)
    return layout_of({"x": rng.normal(size=800).round(2), "c": rng.choice(["a", "b", "c"], 800)})


def _panes(layout, shifts, first=0, rows=ROWS, seed=2):
    """Return a pane per shift of the mean of x, one after the other; None leaves a pane out."""
    rng = np.random.default_rng(seed)
    panes = []
    for place, shift in enumerate(shifts, first):
        if shift is not None:
            times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, rows).astype(int)
            columns = {"x": rng.normal(shift, 1.0, rows), "c": rng.choice(["a", "b", "c"], rows)}
            panes += panes_of(layout, Schedule(EVERY_MS, EVERY_MS), rows_of(layout, times, columns))
    return panes


def _run(layout, shifts, panes_per_window=1, policy=POLICY, first=0, **more):
    monitor = monitor_of(layout, Schedule(EVERY_MS, panes_per_window * EVERY_MS), policy)
    return monitor, feed(monitor, _panes(layout, shifts, first, **more), (first + len(shifts)) * EVERY_MS)


def _types(ticks):
    return [[event.type for event in tick.events] for tick in ticks]


def test_a_tick_comes_for_every_boundary_passed(layout):
    """Windows end at the boundaries of the schedule, one after the other, up to the watermark."""
    monitor, ticks = _run(layout, [0] * 4)
    assert [tick.window.end_ms for tick in ticks] == [60_000, 120_000, 180_000, 240_000]
    assert {tick.status for tick in ticks} == {TESTED}
    assert {tick.window.n for tick in ticks} == {ROWS}
    assert list(monitor.advance(299_999)) == []


def test_without_a_watermark_nothing_is_tested(layout):
    """None says that nothing is known of event time."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY)
    assert feed(monitor, _panes(layout, [0, 0]), None) == []
    assert list(monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY).advance(10**12)) == []


def test_lasting_drift_opens_is_told_once_and_resolves(layout):
    """Two drifting windows open the incident, two clean ones resolve it, and both events share its id."""
    _, ticks = _run(layout, [0, 0, 3, 3, 3, 0, 0, 0])
    assert _types(ticks) == [[], [], [], ["drift.opened"], [], [], ["drift.resolved"], []]
    opened, resolved = [event for tick in ticks for event in tick.events]
    assert opened.incident == resolved.incident
    assert opened.id != resolved.id
    assert [feature["name"] for feature in opened.features] == ["x"]
    assert opened.features[0]["since_ms"] == 2 * EVERY_MS


def test_a_burst_does_not_open(layout):
    """One drifting window, or one drifting pane in windows of three."""
    for panes in (1, 3):
        _, ticks = _run(layout, [0, 0, 0, 5, 0, 0, 0, 0], panes_per_window=panes)
        assert any(tick.findings() and any(finding.drift for finding in tick.findings()) for tick in ticks)
        assert _types(ticks) == [[]] * len(ticks)


def test_overlapping_windows_must_drift_on_disjoint_stretches(layout):
    """With two panes a window drift opens when windows two ticks apart agree."""
    _, ticks = _run(layout, [0, 0, 0, 3, 3, 3, 3], panes_per_window=2)
    opened = [tick.window.end_ms for tick in ticks if tick.events]
    drifting = [tick.window.end_ms for tick in ticks if any(finding.drift for finding in tick.findings())]
    assert opened == [drifting[0] + 2 * EVERY_MS]


def test_a_window_that_begins_before_the_data_is_incomplete(layout):
    """It is named and not tested; coverage says how much of it has data behind it."""
    _, ticks = _run(layout, [0] * 4, panes_per_window=3, first=5)
    assert [tick.status for tick in ticks] == [INCOMPLETE, INCOMPLETE, TESTED, TESTED]
    assert [tick.window.coverage for tick in ticks] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert [tick.findings() == [] for tick in ticks] == [True, True, False, False]


def test_a_stream_that_begins_at_the_epoch_is_no_exception(layout):
    """Time zero is a time like any other."""
    _, ticks = _run(layout, [0] * 4, panes_per_window=3, first=0)
    assert [tick.status for tick in ticks] == [INCOMPLETE, INCOMPLETE, TESTED, TESTED]


def test_a_stream_that_begins_inside_a_pane_leaves_that_pane_incomplete(layout):
    """From the first event on there is data, not from the pane's start."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY)
    times = EVERY_MS + np.arange(30_000, 60_000, 100)
    columns = {"x": np.zeros(300), "c": ["a"] * 300}
    late_start = panes_of(layout, monitor.schedule, rows_of(layout, times, columns))
    ticks = feed(monitor, late_start + _panes(layout, [0], first=2), 3 * EVERY_MS)
    assert [(tick.status, tick.window.coverage) for tick in ticks] == [(INCOMPLETE, 0.5), (TESTED, 1.0)]


def test_few_samples_are_said_once_when_they_begin_and_once_when_they_end(layout):
    """Insufficient is a state of the monitor, neither drift nor its absence; begin and end share an id."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY)
    few = _panes(layout, [0] * 3, first=2, rows=20)
    ticks = feed(monitor, [*_panes(layout, [0, 0]), *few, *_panes(layout, [0, 0], first=5)], 7 * EVERY_MS)
    assert [tick.status for tick in ticks] == [TESTED] * 2 + [INSUFFICIENT] * 3 + [TESTED] * 2
    assert _types(ticks) == [[], [], ["monitor.health"], [], [], ["monitor.health"], []]
    begun, ended = ticks[2].events[0], ticks[5].events[0]
    assert (begun.reason, begun.state, begun.severity) == ("insufficient", "begun", "warning")
    assert (ended.reason, ended.state, ended.severity) == ("insufficient", "ended", "info")
    assert begun.incident == ended.incident
    assert begun.id != ended.id


def test_few_samples_do_not_end_an_incident(layout):
    """Nor do they keep it: the clean windows after them resolve it."""
    shifts = [0, 3, 3, None, None, None, 0, 0]
    _, ticks = _run(layout, shifts)
    assert [types for types in _types(ticks) if types] == [
        ["drift.opened"],
        ["monitor.health"],
        ["monitor.health"],
        ["drift.resolved"],
    ]


def test_a_feature_without_values_does_not_look_clean(layout):
    """The incident stays open while rows come without it."""
    monitor = monitor_of(
        layout, Schedule(EVERY_MS, EVERY_MS), Policy(POLICY.false_alarms_per_ms, checks=("ks", "chi2"))
    )
    ticks = feed(monitor, _panes(layout, [0, 3, 3]), 3 * EVERY_MS)
    for place in range(3, 8):
        times = place * EVERY_MS + np.arange(ROWS)
        rows = rows_of(layout, times, {"x": np.full(ROWS, np.nan), "c": ["a", "b", "c"] * 50})
        ticks += feed(monitor, panes_of(layout, monitor.schedule, rows), (place + 1) * EVERY_MS)
    assert [types for types in _types(ticks) if types] == [["drift.opened"]]
    assert monitor.incidents.open is not None


def test_a_years_silence_is_skipped(layout):
    """Said once, and the next pane is tested as ever: not half a million empty ticks."""
    year = 365 * 24 * 60
    monitor = monitor_of(layout, Schedule(EVERY_MS, 2 * EVERY_MS), POLICY)
    ticks = feed(monitor, _panes(layout, [0] * 3), 3 * EVERY_MS)
    ticks += feed(monitor, [], year * EVERY_MS)
    ticks += feed(monitor, _panes(layout, [0] * 3, first=year), (year + 3) * EVERY_MS)
    assert len(ticks) < 12
    assert [types for types in _types(ticks) if types] == [["monitor.health"]] * 2
    assert ticks[-1].window.end_ms == (year + 3) * EVERY_MS
    assert ticks[-1].status == TESTED


def test_silence_is_the_same_in_one_step_and_in_many(layout):
    """Whether the watermark crept or jumped over the gap."""
    panes = [*_panes(layout, [0] * 3), *_panes(layout, [0] * 3, first=500)]
    jumped = monitor_of(layout, Schedule(EVERY_MS, 2 * EVERY_MS), POLICY)
    ticks = feed(jumped, panes, 503 * EVERY_MS)
    crept, stepped = monitor_of(layout, Schedule(EVERY_MS, 2 * EVERY_MS), POLICY), []
    for pane, until in [*((pane, pane.start_ms) for pane in panes), (None, 503 * EVERY_MS)]:
        stepped += feed(crept, [], until)
        stepped += feed(crept, [pane] if pane else [], until)
    assert [(tick.window, tick.status, tick.events) for tick in stepped] == [
        (tick.window, tick.status, tick.events) for tick in ticks
    ]


def test_growth_of_a_sealed_pane_is_refused_and_counted(layout):
    """The rows come back to the caller, and the window stays as it was tested."""
    monitor, _ = _run(layout, [0, 0])
    late, early = _panes(layout, [0], first=1)[0], _panes(layout, [0], first=2)[0]
    assert monitor.add(late) == ROWS
    assert monitor.add(early) == 0
    assert monitor.window.total.rows == ROWS


def test_time_does_not_go_back(layout):
    """An older watermark than the last is no news, at the epoch as elsewhere."""
    monitor, _ = _run(layout, [0, 0])
    assert list(monitor.advance(0)) == []
    assert monitor.state.watermark_ms == 2 * EVERY_MS
    early = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY)
    feed(early, [], 0)
    feed(early, [], -5)
    assert early.state.watermark_ms == 0


def test_windows_that_the_stream_left_unfinished_are_named(layout):
    """With their rows and how far the watermark got; those that were tested are not."""
    monitor, _ = _run(layout, [0, 0], panes_per_window=2)
    feed(monitor, _panes(layout, [0], first=2), 2 * EVERY_MS + 15_000)
    (window,) = monitor.unfinished()
    assert (window.start_ms, window.end_ms, window.n) == (EVERY_MS, 3 * EVERY_MS, 2 * ROWS)
    assert window.coverage == pytest.approx(75 / 120)
    assert monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY).unfinished() == []


def test_panes_are_found_while_they_are_held(layout):
    """Open or in the window; an expired one is gone."""
    monitor, _ = _run(layout, [0] * 5, panes_per_window=2)
    feed(monitor, _panes(layout, [0], first=5), 5 * EVERY_MS)
    assert monitor.pane_starts() == {place * EVERY_MS for place in (3, 4, 5)}
    assert all(monitor.pane(start).counts.rows == ROWS for start in monitor.pane_starts())
    assert monitor.pane(2 * EVERY_MS) is None


def test_a_severity_that_turns_over_is_told_once(layout):
    """When it is worse than what was told; not when it falls, nor when it rises again."""
    shifts = [0, 0, *([0.4] * 4), *([3, 0.4, 0.4] * 5)]
    _, ticks = _run(layout, shifts, panes_per_window=2)
    changes = [event for tick in ticks for event in tick.events if event.type == "drift.changed"]
    assert [event.severity for event in changes] == ["critical"]


def test_events_carry_the_offsets_of_their_window(layout):
    """Of the panes in it, no more."""
    panes = _panes(layout, [0, 3, 3])
    for place, pane in enumerate(panes):
        pane.offsets = {"events": {0: (100 * place, 100 * place + 99), place: (0, 1)}}
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), POLICY)
    (event,) = [event for tick in feed(monitor, panes, 3 * EVERY_MS) for event in tick.events]
    assert event.offsets == {"events": {"0": [200, 299], "2": [0, 1]}}


def test_an_untested_window_costs_nothing(layout):
    """A hundred thousand silent minutes inside a week's window are passed in no time to speak of."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, 1000 * EVERY_MS), POLICY)
    ticks = feed(monitor, _panes(layout, [0]), 100_000 * EVERY_MS)
    assert len(ticks) <= 1001
