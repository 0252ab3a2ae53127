"""CPU of one judge tick over 1,000 numeric features: what is measured, and every p-value that a decision needs.

    python -m benchmarks.judging [--turns 27]

Prints milliseconds of CPU time of this process, the median over the turns and the slowest.
"""

import argparse
import time
from collections.abc import Iterator
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
from stream.counts import Counts
from stream.decision import Decision, decide, tick_level
from stream.drift_event import Identity
from stream.monitor import Monitor
from stream.panes import Pane
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import DAY_MS, Schedule

FEATURES, KEPT, ROWS, EVERY_MS, GOAL_MS = 1_000, 1_000, 10_000, 3_600_000, 50
# With everything on: a window is a pane of six hours, and a few features drift.
PANE_MS, DRIFTING = DAY_MS // 4, 5
WEEK = 7 * DAY_MS // PANE_MS + 1


def judging(drifting: int, turns: int) -> Result:
    """Test a window of 10,000 rows in which the first ``drifting`` features have moved by 0.4 standard deviations."""
    layout, policy = Layout(tick.baseline(FEATURES, KEPT)), Policy()
    reference, counts = Sample.of_baseline(layout), tick.counts(layout, ROWS, range(drifting))

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


def judging_everything(turns: int) -> Iterator[Result]:
    """Pass a boundary of the schedule with everything on: a quiet window, and one in which a few features drift.

    Everything is every check, correlations of 32 features and slow changes among them, against the baseline, the window
    before, the same window of the day before and of the week before. A tick is all that `Monitor.advance` does from one
    boundary to the next: it seals the pane (adds it to the window and to the slow changes, and packs it), moves the
    earlier windows on, measures, decides and, where there is something to say, puts it into words.
    """
    layout = _with_pairs(Layout(tick.baseline(FEATURES, KEPT)))
    policy = Policy(comparators=("baseline", "previous", "last_day", "last_week"))
    monitor = Monitor(Identity("all", "benchmark", 10 * KEPT), layout, Schedule(PANE_MS, PANE_MS), policy)
    for name, places, warm in (
        ("nothing", range(0), WEEK),
        (f"{DRIFTING}", range(7, FEATURES, FEATURES // DRIFTING), 0),
    ):
        counts = tick.counts(layout, ROWS, places)
        counts.pairs[:] = layout.baseline.dependence.counters if layout.baseline.dependence else 0
        ticks = [_timed_tick(monitor, counts) for _ in range(warm + turns)][warm:]
        spent = [spent_ms for spent_ms, _ in ticks]
        yield Result(
            f"one tick of {FEATURES:,} features, every check and comparator, {name} drifting",
            median(spent),
            GOAL_MS,
            "ms",
            f"absolute, median of {turns}, slowest {max(spent):.0f} ms; {ticks[-1][1]:,} tests; sealing included",
        )


def _timed_tick(monitor: Monitor, counts: Counts) -> tuple[float, int]:
    """Pass the next boundary; return the milliseconds of CPU that it took, and how many tests it made."""
    start_ms = monitor.state.sealed_to_ms or 0
    monitor.add(Pane(start_ms, counts.copy(), {}, start_ms))
    began = time.process_time()
    (passed,) = monitor.advance(start_ms + PANE_MS)
    spent_ms = 1e3 * (time.process_time() - began)
    return spent_ms, passed.explanation.decision.family if passed.explanation else 0


def _with_pairs(layout: Layout) -> Layout:
    """Return the layout with the pairs of some features scored, as fit does."""
    chosen = layout.baseline.numeric[:MOST_FEATURES]
    scores = tuple(rank_scores(one.name, one.values, one.cells) for one in chosen)
    rng, table, size = np.random.default_rng(1), ScoreTable(scores), len(scores)
    counters = count_pairs(table, [rng.integers(0, KEPT, ROWS).astype(float) for _ in scores], [False] * size)
    known = Dependence(scores, counters, np.ones((size, size)), np.full((size, size), 1e6))
    return Layout(replace(layout.baseline, dependence=known))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=27)
    turns = parser.parse_args().turns
    for result in (judging(0, turns), judging(200, turns), *judging_everything(turns)):
        print(f"{result.name:80s} {result.value:6.1f} ms   {result.note}")


if __name__ == "__main__":
    main()
