"""One judge tick over 1,000 numeric features: measuring them, and deciding the 200 of them that drift.

    python benchmarks/tick.py [--features 1000] [--kept 1000] [--drifting 200] [--rows 10000]

Prints milliseconds, best and median of several runs. Goal: the whole tick below 50 ms.
"""

import argparse
import time
from collections.abc import Callable, Collection
from statistics import median

import numpy as np

from baselines.baseline import NUMERIC_SPECIALS, Baseline, NumericReference, reference_counts
from baselines.layout import Layout
from stream.checks import Measured, measure
from stream.counts import Counts
from stream.gradual import Accumulator
from stream.policy import Policy
from stream.sample import Sample

LEVEL = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=1_000)
    parser.add_argument("--kept", type=int, default=1_000)
    parser.add_argument("--drifting", type=int, default=200)
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    layout = Layout(baseline(options.features, options.kept))
    reference, policy = Sample.of_baseline(layout), Policy()
    quiet, drifting = (counts(layout, options.rows, range(shifted)) for shifted in (0, options.drifting))

    def tick(window: Counts) -> int:
        return decided(measure(reference, Sample.of_counts(layout, window), policy), policy)

    print(f"{options.features} features x {2 * options.kept + 1} cells, {options.rows} rows a window")
    report("measure, all effects", lambda: effects(measure(reference, Sample.of_counts(layout, drifting), policy)))
    report("measure + decide, nothing drifts", lambda: tick(quiet))
    report(f"measure + decide, {options.drifting} drift", lambda: tick(drifting))
    slow = Accumulator(layout, policy, LEVEL)
    window = Sample.of_counts(layout, drifting)
    report(
        "slow changes: add a pane, measure",
        lambda: (slow.add(0, layout.runs.count(drifting.cells)), slow.measured(window)),
    )
    print(f"tests that open: {tick(quiet)} and {tick(drifting)}")


def report(what: str, run: Callable[[], object], times: int = 9) -> None:
    run()
    spent_ms = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        spent_ms.append(1e3 * (time.perf_counter() - began))
    print(f"{what:40s} best {min(spent_ms):7.1f} ms   median {median(spent_ms):7.1f} ms")


def effects(measured: tuple[Measured, ...]) -> list[float]:
    """Return the largest effect of each check, none of them left out."""
    return [float(one.effect.max(initial=0.0)) for one in measured]


def decided(measured: tuple[Measured, ...], policy: Policy) -> int:
    """Decide by Bonferroni: the bound first, the p-value where the bound does not settle it."""
    level = LEVEL / sum(len(one) for one in measured)
    found = 0
    for one in measured:
        floors = np.array([policy.floor(feature, one.check) for feature in one.features])
        for row in one.reaching(floors).tolist():
            found += one.p_upper(row) <= level or one.p_decision(row) <= level
    return found


def baseline(features: int, kept: int) -> Baseline:
    values = np.arange(kept, dtype=np.float64)
    cells = np.zeros(2 * kept + 1, dtype=np.int64)
    cells[1::2] = 10
    counted = reference_counts(cells, {}, NUMERIC_SPECIALS)
    std = float(np.sqrt((kept**2 - 1) / 12))
    made = [
        NumericReference(f"f{i}", values, counted, float(values.mean()), std, 0.0, float(values[-1]), {})
        for i in range(features)
    ]
    return Baseline(10 * kept, tuple(made), "benchmark")


def counts(layout: Layout, rows: int, shifted: Collection[int]) -> Counts:
    """Count rows drawn from the reference, the features at ``shifted`` moved up by 0.4 standard deviations."""
    rng = np.random.default_rng(0)
    made = Counts.zero(layout)
    made.rows = rows
    for place, feature in enumerate(layout.baseline.numeric):
        drawn = rng.integers(0, len(feature.values), rows)
        if place in shifted:
            drawn = np.minimum(drawn + int(0.4 * feature.std), len(feature.values) - 1)
        numbers = feature.values[drawn]
        made.cells[layout.numeric_cells(place)][1::2] = np.bincount(drawn, minlength=len(feature.values))
        made.moments[place] = feature.quantiser.sums(numbers)
    return made


if __name__ == "__main__":
    main()
