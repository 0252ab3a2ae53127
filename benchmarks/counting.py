"""CPU of counting a batch of numbers, against a bare sort and a bare search of the same arrays."""

import numpy as np

from baselines import Layout
from benchmarks.decode import make_baseline
from benchmarks.turns import Result, cpu_seconds, ratio
from stream.counts import Counts
from stream.rows import NumericColumn, Rows

FEATURES, GOAL = 24, 1.5


def counting(n: int, turns: int) -> Result:
    """Count ``n`` rows: cells, exact moments and special values, 24 features of 1,000 kept values each."""
    baseline = make_baseline(FEATURES, 0)
    layout, numbers = Layout(baseline), np.random.default_rng(1).normal(size=(FEATURES, n)).round(4)
    rows = Rows(np.zeros(n, dtype=np.int64), np.arange(n), tuple(map(NumericColumn, numbers)), ())
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
