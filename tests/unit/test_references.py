"""Comparisons with earlier windows: a season is no drift, a step is seen as often as persistence asks."""

import numpy as np
import pytest

from stream.monitor import TESTED, UNCOMPARED
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS, DAY = 6 * 3_600_000, 4
ROWS = 200
SEASON = [0.0, 2.0, 4.0, 2.0]


@pytest.fixture(scope="module")
def layout():
    rng = np.random.default_rng(1)
    return layout_of({"x": rng.normal(size=1000).round(2)})


def _run(layout, means, comparators, persist=(2, 3), window=1):
    policy = Policy(0.01 / EVERY_MS, checks=("ks", "mean", "range"), comparators=comparators, persist=persist)
    monitor = monitor_of(layout, Schedule(EVERY_MS, window * EVERY_MS), policy)
    rng, panes = np.random.default_rng(2), []
    for place, mean in enumerate(means):
        if mean is not None:
            times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, ROWS).astype(int)
            panes += panes_of(layout, monitor.schedule, rows_of(layout, times, {"x": rng.normal(mean, 1.0, ROWS)}))
    return monitor, feed(monitor, panes, len(means) * EVERY_MS)


def _events(ticks):
    return [(tick.window.end_ms // EVERY_MS, event.type) for tick in ticks for event in tick.events]


def test_a_daily_cycle_drifts_from_the_baseline_and_not_from_the_day_before(layout):
    """The same hour of an earlier day has the same place in the cycle."""
    means = SEASON * 4
    assert next(kind for _, kind in _events(_run(layout, means, ("baseline",))[1])) == "drift.opened"
    assert _events(_run(layout, means, ("last_day",))[1]) == []


def test_a_step_on_top_of_a_cycle_opens_and_becomes_the_new_normal(layout):
    """It opens at the second window that differs, and resolves once the day before has it, too."""
    means = SEASON * 3 + [mean + 1.0 for mean in SEASON * 3]
    _, ticks = _run(layout, means, ("last_day",))
    assert _events(ticks) == [(14, "drift.opened"), (18, "drift.resolved")]
    (opened,) = [event for tick in ticks for event in tick.events if event.type == "drift.opened"]
    (feature,) = opened.features
    assert {check["comparator"] for check in feature["checks"]} == {feature["comparator"]} == {"last_day"}
    assert feature["reference"]["mean"] == pytest.approx(means[9], abs=0.3)
    assert feature["production"]["mean"] == pytest.approx(means[13], abs=0.3)
    assert ", against the same time of an earlier day, since " in opened.summary
    assert [event.summary for tick in ticks for event in tick.events][-1] == (
        "Back to the same time of an earlier day: x."
    )


@pytest.mark.parametrize("window", [1, 2])
def test_a_step_is_seen_by_previous_for_as_long_as_persistence_asks(layout, window):
    """Then the reference has it, too."""
    _, ticks = _run(layout, [0.0] * 10 + [2.0] * 12, ("previous",), window=window)
    assert [kind for _, kind in _events(ticks)] == ["drift.opened", "drift.resolved"]


def test_before_there_is_an_earlier_window_nothing_is_compared(layout):
    """That is a status of its own, and no word of no drift."""
    _, ticks = _run(layout, [0.0] * 6, ("last_day",))
    assert [tick.status for tick in ticks] == [UNCOMPARED] * DAY + [TESTED] * 2
    assert all(tick.findings() == [] for tick in ticks[:DAY])


def test_findings_say_which_comparator_spoke(layout):
    """What training never saw is asked of the baseline alone."""
    _, ticks = _run(layout, [0.0] * 6, ("baseline", "last_day"))
    spoke = [[(finding.comparator, finding.check) for finding in tick.findings()] for tick in ticks]
    of_baseline = [("baseline", "ks"), ("baseline", "mean"), ("baseline", "range")]
    assert spoke[0] == of_baseline
    assert spoke[-1] == [*of_baseline, ("last_day", "ks"), ("last_day", "mean")]
    assert {finding.n_reference for finding in ticks[-1].findings()} == {1000, ROWS}


def test_an_earlier_window_that_is_missing_is_no_word_of_the_end(layout):
    """While the reference has too few rows, an incident stays open."""
    means = SEASON * 3 + [mean + 1.0 for mean in SEASON[:3]] + [None] + SEASON * 2
    _, ticks = _run(layout, means, ("last_day",), persist=(1, 1))
    gap = next(tick for tick in ticks if tick.window.end_ms == 20 * EVERY_MS)
    assert [tick.window.end_ms // EVERY_MS for tick in ticks if tick.status == UNCOMPARED][-1] == 20
    assert gap.events == ()


def test_panes_are_held_as_long_as_somebody_looks_back_on_them(layout):
    """A day and the window; with the baseline alone, the window."""
    monitor, _ = _run(layout, [0.0] * 20, ("baseline", "last_day"))
    assert len(monitor.pane_starts()) == DAY + 1
    assert len(_run(layout, [0.0] * 20, ("baseline",))[0].pane_starts()) == 1
