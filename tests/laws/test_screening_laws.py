"""Laws of looking coarsely first: what is not looked at closely could not have said anything."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stream.history
from stream.checks import measure
from stream.counts import Counts
from stream.decision import decide
from stream.policy import DEFAULT_THRESHOLDS, Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
COMPARATORS = ("baseline", "previous", "last_day")
# Smooth, tied, with an atom that holds most rows, and with values that are not there.
SHAPES = st.lists(st.sampled_from(["smooth", "tied", "atom", "lacking"]), min_size=1, max_size=40)
FLOORS = st.sampled_from([0.0, 0.02, 0.05, 0.1, 0.2, 1.0])


def _column(shape, rng, rows, moved):
    numbers = rng.normal(moved, 1.0, rows)
    if shape == "tied":
        return np.round(numbers)
    if shape == "atom":
        return np.where(rng.random(rows) < 0.8, 0.0, numbers)
    if shape == "lacking":
        numbers[1:][rng.random(rows - 1) < 0.3] = np.nan
    return numbers


def _columns(shapes, rng, rows, moved=0.0):
    return {f"f{i}": _column(shape, rng, rows, moved * rng.random()) for i, shape in enumerate(shapes)}


def _sides(shapes, seed, rows, moved):
    rng = np.random.default_rng(seed)
    layout = layout_of(_columns(shapes, rng, rows[0]))
    counts = Counts.of(layout, rows_of(layout, np.arange(rows[1]), _columns(shapes, rng, rows[1], moved)))
    return Sample.of_baseline(layout), Sample.of_counts(layout, counts)


def _decided(decision):
    told = [(t.measured.check, t.feature, t.effect, t.floor, t.opens, t.companion) for t in decision.trials]
    return decision.family, told


@settings(max_examples=60, deadline=None)
@given(
    SHAPES, st.integers(0, 10**6), st.tuples(st.integers(2, 900), st.integers(2, 900)), st.sampled_from([0.0, 0.3, 2.0])
)
def test_no_distance_is_larger_than_its_runs_allow(shapes, seed, rows, moved):
    """Of any two samples, tied, crowded or with missing values: the bound holds, and may only say too much."""
    reference, window = _sides(shapes, seed, rows, moved)
    (one,) = measure(reference, window, Policy(checks=("ks",), min_samples=1))
    assert (one.effect <= one.most).all()
    assert (one.most <= 1.0 + 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(SHAPES, st.integers(0, 10**6), FLOORS, st.sampled_from([0.0, 0.2, 1.0]), st.sampled_from(["holm", "bh", "none"]))
def test_a_coarse_look_first_decides_as_a_close_look_at_everything(shapes, seed, floor, moved, correction):
    """The same trials with the same effects, floors and verdicts, to the last bit, whatever the floor."""
    sides = _sides(shapes, seed, (800, 600), moved)
    policy = Policy(thresholds={**DEFAULT_THRESHOLDS, "ks": floor}, correction=correction)
    screened = measure(*sides, policy)
    unscreened = tuple(replace(one, most=None) for one in measure(*sides, policy))
    assert _decided(decide(screened, policy, 1e-3)) == _decided(decide(unscreened, policy, 1e-3))


def _life(layout, panes_per_window):
    """Return panes of a few days: quiet, then one feature moves, then all of them."""
    rng, panes = np.random.default_rng(3), []
    schedule = Schedule(EVERY_MS * 360, panes_per_window * EVERY_MS * 360)
    for place in range(24):
        moved = {"f0": 1.0 if place >= 12 else 0.0, "f1": 1.0 if place >= 18 else 0.0}
        columns = {name: rng.normal(moved.get(name, 0.0), 1.0, 400).round(2) for name in ("f0", "f1", "f2")}
        times = place * schedule.every_ms + np.linspace(0, schedule.every_ms - 1, 400).astype(int)
        panes += panes_of(layout, schedule, rows_of(layout, times, columns))
    return schedule, panes


def _said(layout, panes_per_window, policy):
    schedule, panes = _life(layout, panes_per_window)
    ticks = feed(monitor_of(layout, schedule, policy), panes, 24 * schedule.every_ms)
    events = [event.to_dict() for tick in ticks for event in tick.events]
    return events, [[finding.to_dict() for finding in tick.findings()] for tick in ticks]


@pytest.mark.parametrize("panes_per_window", [1, 4])
def test_a_monitor_says_the_same_with_and_without_looking_coarsely_first(panes_per_window, monkeypatch):
    """Events and findings of a life with drift, against the baseline and earlier windows; findings asked for late."""
    rng = np.random.default_rng(4)
    layout = layout_of({name: rng.normal(size=3000).round(2) for name in ("f0", "f1", "f2")})
    policy = Policy(0.01 / EVERY_MS, comparators=COMPARATORS)
    said = _said(layout, panes_per_window, policy)
    assert {event["type"] for event in said[0]} >= {"drift.opened"}
    monkeypatch.setattr(
        sys.modules["stream.checks.ks"], "largest_distances", lambda pair: np.full(len(pair.window.numeric_n), np.inf)
    )
    assert _said(layout, panes_per_window, policy) == said


def test_cells_of_earlier_windows_stay_packed_while_nothing_moves(monkeypatch):
    """A quiet tick reads the runs of the windows it compares with, and nothing else of them."""
    rng = np.random.default_rng(5)
    layout = layout_of({"f0": rng.normal(size=3000).round(2)})
    schedule = Schedule(EVERY_MS, EVERY_MS)
    monitor = monitor_of(layout, schedule, Policy(comparators=("baseline", "previous")))
    panes = []
    for start_ms in range(0, 6 * EVERY_MS, EVERY_MS):
        numbers = rng.normal(size=2000).round(2)
        panes += panes_of(layout, schedule, rows_of(layout, start_ms + np.arange(2000), {"f0": numbers}))
    monkeypatch.setattr(stream.history, "move_cells", lambda *_: pytest.fail("unpacked"))
    ticks = feed(monitor, panes, 6 * EVERY_MS)
    assert ticks[-1].explanation.decision.family == 9
    assert [tick.events for tick in ticks] == [()] * 6
