"""CPU of counting a batch of numbers, against a bare sort and a bare search of the same arrays."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from baselines.fitting.cells import Chunk, NumberCells
from baselines.fitting.dependence import DependencePass, choose
from benchmarks.decode import make_baseline
from benchmarks.turns import Result, cpu_seconds, ratio
from stream.counts import Counts
from stream.rows import NumericColumn, Rows

FEATURES, GOAL, PAIRS_GOAL = 24, 1.5, 2.0


def counting(n: int, turns: int) -> Result:
    """Count ``n`` rows: cells, exact moments and special values, 24 features of 1,000 kept values each."""
    baseline = make_baseline(FEATURES, 0)
    layout, numbers = Layout(baseline), normal_numbers(n)
    rows = rows_of(numbers)
    repeats = max(1, 20_000 // n)

    def floor() -> None:
        for _ in range(repeats):
            for feature, column in zip(baseline.numeric, numbers, strict=True):
                np.searchsorted(feature.values, np.sort(column))

    def count() -> None:
        for _ in range(repeats):
            Counts.of(layout, rows)

    spent = cpu_seconds({"floor": floor, "count": count}, turns)
    ns = {name: 1e9 * min(seconds) / (repeats * FEATURES * n) for name, seconds in spent.items()}
    return Result(
        f"counting a value, batches of {n:,} rows, vs bare np.sort + np.searchsorted",
        ratio(spent["count"], spent["floor"]),
        GOAL,
        note=f"{ns['count']:.1f} ns against {ns['floor']:.1f} ns",
    )


def counting_pairs(n: int, turns: int) -> Result:
    """Count ``n`` rows with the pairs of all 24 features, against the same without pairs."""
    baseline, rows = make_baseline(FEATURES, 0), rows_of(normal_numbers(n))
    learning = DependencePass(choose(baseline.numeric, FEATURES))
    learning.add(Chunk(n, {f.name: NumberCells(x) for f, x in zip(baseline.numeric, normal_numbers(n), strict=True)}))
    layouts = {"floor": Layout(baseline), "pairs": Layout(replace(baseline, dependence=learning.finish()))}
    repeats = max(1, 20_000 // n)

    def count(layout: Layout) -> None:
        for _ in range(repeats):
            Counts.of(layout, rows)

    spent = cpu_seconds({name: partial(count, layout) for name, layout in layouts.items()}, turns)
    ns = {name: 1e9 * min(seconds) / (repeats * FEATURES * n) for name, seconds in spent.items()}
    return Result(
        f"counting a value and its {FEATURES - 1} pairs, batches of {n:,} rows, vs counting the value",
        ratio(spent["pairs"], spent["floor"]),
        PAIRS_GOAL,
        note=f"{ns['pairs']:.1f} ns against {ns['floor']:.1f} ns",
    )


def normal_numbers(n: int) -> NDArray[np.float64]:
    """Return 24 columns of ``n`` numbers."""
    return np.random.default_rng(1).normal(size=(FEATURES, n)).round(4)


def rows_of(numbers: NDArray[np.float64]) -> Rows:
    """Return the columns as rows."""
    n = numbers.shape[1]
    return Rows(np.zeros(n, dtype=np.int64), np.arange(n), tuple(map(NumericColumn, numbers)), ())
