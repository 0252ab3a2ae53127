"""CPU of one judge tick over 1,000 numeric features: every effect, and every p-value that a decision needs."""

import time
from dataclasses import replace
from statistics import median

import numpy as np

from baselines import Layout
from baselines.dependence import MOST_FEATURES, Dependence
from baselines.pairs import count_pairs
from baselines.scores import ScoreTable, rank_scores
from benchmarks import tick
from benchmarks.turns import Result, cpu_seconds
from stream.checks import measure
from stream.decision import Decision, decide, tick_level
from stream.drift_event import Identity
from stream.monitor import Monitor
from stream.panes import Pane
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import DAY_MS, Schedule

FEATURES, KEPT, ROWS, EVERY_MS, GOAL_MS = 1_000, 1_000, 10_000, 3_600_000, 50


def judging(drifting: int, turns: int) -> Result:
    """Test a window of 10,000 rows in which the first ``drifting`` features have moved by 0.4 standard deviations."""
    layout, policy = Layout(tick.baseline(FEATURES, KEPT)), Policy()
    reference, counts = Sample.of_baseline(layout), tick.counts(layout, ROWS, drifting)

    def judge() -> Decision:
        measured = measure(reference, Sample.of_counts(layout, counts), policy)
        return decide(measured, policy, tick_level(policy, EVERY_MS))

    found = len(judge().drifting())
    spent = sorted(cpu_seconds({"judge": judge}, turns)["judge"])
    return Result(
        f"testing {FEATURES:,} features in one tick, {drifting} of them drifting",
        1e3 * spent[len(spent) // 2],
        GOAL_MS,
        "ms",
        f"absolute, median of {turns}; {found} found",
    )


def judging_everything(turns: int) -> Result:
    """Seal a pane and test its window against the baseline, yesterday's season and last week's, with every check."""
    layout = _with_pairs(Layout(tick.baseline(FEATURES, KEPT)))
    policy = Policy(comparators=("baseline", "previous", "last_day", "last_week"))
    monitor = Monitor(Identity("all", "benchmark", 10 * KEPT), layout, Schedule(DAY_MS, DAY_MS), policy)
    calm, spent = tick.counts(layout, ROWS, 0), []
    calm.pairs[:] = layout.baseline.dependence.counters if layout.baseline.dependence else 0
    for day in range(10 + turns):
        monitor.add(Pane(day * DAY_MS, calm.copy(), {}, day * DAY_MS))
        began = time.process_time()
        ticks = list(monitor.advance((day + 1) * DAY_MS))
        spent.append(1e3 * (time.process_time() - began))
    tests = len(ticks[-1].findings())
    note = f"absolute, median of {turns}; {tests:,} tests, windows moved on included"
    return Result(
        f"one tick of {FEATURES:,} features, every check and comparator", median(spent[10:]), GOAL_MS, "ms", note
    )


def _with_pairs(layout: Layout) -> Layout:
    """Return the layout with the pairs of some features scored, as fit does."""
    chosen = layout.baseline.numeric[:MOST_FEATURES]
    scores = tuple(rank_scores(one.name, one.values, one.cells) for one in chosen)
    rng, table, size = np.random.default_rng(1), ScoreTable(scores), len(scores)
    counters = count_pairs(table, [rng.integers(0, KEPT, ROWS).astype(float) for _ in scores], [False] * size)
    known = Dependence(scores, counters, np.ones((size, size)), np.full((size, size), 1e6))
    return Layout(replace(layout.baseline, dependence=known))
