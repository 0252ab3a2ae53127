"""The check cusum: how often it is wrong over random baselines, and how soon it finds slow changes.

    python benchmarks/gradual.py [--baselines 200] [--panes 2000] [--runs 20] [--seed 1]

Every baseline is a new sample, and so is every pane, at 24 ticks a day, with the default budget (1 per 30 d) and the
default share of it. The first table counts baselines for which this check raises a false alarm, without persistence, in
panes of 200 rows, and says what the budget allows. The second lets one of ten features change, in panes of 100 rows,
and says how many panes after its floor was passed an incident opens: with all checks, and with the windowed ones alone.
"""

import argparse
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from baselines import Baseline, Layout, NumericReference
from baselines.baseline import NUMERIC_SPECIALS, reference_counts
from baselines.cells import count_cells
from stream.counts import Counts
from stream.decision import cusum_level, tick_level
from stream.drift_event import Identity
from stream.gradual import Accumulator
from stream.monitor import Monitor
from stream.panes import Pane
from stream.policy import CHECKS, CUSUM, Policy
from stream.sample import Sample
from stream.schedule import Schedule

ROWS = 200
FEW_ROWS = 100
EVERY_MS = 3_600_000
FEATURES = 10
Numbers = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Numbers]
POOLS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n).round(2),
    "t2": lambda rng, n: rng.standard_t(2, n).round(2),
    "integers 0-4": lambda rng, n: rng.poisson(0.7, n).clip(0, 4).astype(float),
    "95 % zero": lambda rng, n: np.where(rng.random(n) < 0.95, 0.0, rng.lognormal(size=n).round(2)),
}
# What a pane's values become after it has slid so far; where the change passes its floor.
SLIDES: dict[str, tuple[Callable[[Numbers, int], Numbers], float]] = {
    "mean up 0.02 sd a pane": (lambda x, pane: x + 0.02 * pane, 12.5),
    "mean up by 0.4 sd, and stays": (lambda x, pane: x + 0.4, 0.0),
    "spread down 0.2 % a pane": (lambda x, pane: x * max(1.0 - 0.002 * pane, 0.2), 50.0),
    "spread down 17 %, and stays": (lambda x, pane: x * 0.83, 0.0),
}


def layout_of(columns: list[Numbers]) -> Layout:
    features = []
    for number, column in enumerate(columns):
        values = np.unique(column)
        counts = reference_counts(count_cells(values, column), {}, NUMERIC_SPECIALS)
        moments = float(column.mean()), float(column.std(ddof=1)), float(values[0]), float(values[-1])
        features.append(NumericReference(f"f{number}", values, counts, *moments, {}))
    return Layout(Baseline(len(columns[0]), tuple(features), "simulated"))


def pane_of(layout: Layout, start_ms: int, columns: list[Numbers]) -> Pane:
    counts = Counts.zero(layout)
    counts.rows = len(columns[0])
    for place, (feature, column) in enumerate(zip(layout.baseline.numeric, columns, strict=True)):
        counts.cells[layout.numeric_cells(place)] = count_cells(feature.values, column)
        counts.moments[place] = feature.quantiser.sums(column)
    return Pane(start_ms, counts, first_ms=start_ms)


def alarms(draw: Draw, m: int, panes: int, rng: np.random.Generator) -> bool:
    """Tell whether a new baseline of one feature has a false alarm within so many panes."""
    layout, policy = layout_of([draw(rng, m)]), Policy()
    level = cusum_level(policy, tick_level(policy, EVERY_MS))
    accumulator, values = Accumulator(layout, policy, level), layout.baseline.numeric[0].values
    cells = np.zeros(layout.size, dtype=np.int64)
    window = Sample.of_cells(layout, cells, np.empty(0), np.empty(0))
    for place in range(panes):
        cells[: 2 * len(values) + 1] = count_cells(values, draw(rng, ROWS))
        accumulator.add(place, layout.runs.count(cells))
        if accumulator.ongoing().bets and accumulator.measured(window).statistic[0] >= -math.log(level):
            return True
        window = Sample.of_cells(layout, cells, np.empty(0), np.empty(0))
    return False


def opened(slide: Callable[[Numbers, int], Numbers], m: int, checks: tuple[str, ...], seed: int) -> int | None:
    """Return the pane at whose end the sliding feature's incident opens; None within 400."""
    rng = np.random.default_rng(seed)
    layout = layout_of([rng.normal(size=m).round(2) for _ in range(FEATURES)])
    schedule = Schedule(EVERY_MS, EVERY_MS)
    monitor = Monitor(Identity("simulated", "simulated", m), layout, schedule, Policy(checks=checks))
    for place in range(400):
        columns = [rng.normal(size=FEW_ROWS) for _ in range(FEATURES)]
        columns[0] = slide(columns[0], place)
        monitor.add(pane_of(layout, place * EVERY_MS, [column.round(2) for column in columns]))
        for tick in monitor.advance((place + 1) * EVERY_MS):
            if any(event.type == "drift.opened" for event in tick.events):
                return place
    return None


def delays(found: list[int | None], passed: float) -> str:
    late = sorted(math.inf if place is None else place - passed for place in found)
    return f"{late[len(late) // 2]:6.0f} ({late[len(late) // 10]:4.0f} to {late[-1 - len(late) // 10]:4.0f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--baselines", type=int, default=200)
    parser.add_argument("--panes", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", choices=("wrong", "soon", "both"), default="both")
    options = parser.parse_args()
    if options.table != "soon":
        print_wrong(options.baselines, options.panes, options.seed)
    if options.table != "wrong":
        print_soon(options.runs, options.seed)


def print_wrong(baselines: int, panes: int, seed: int) -> None:
    policy = Policy()
    allowed = panes * cusum_level(policy, tick_level(policy, EVERY_MS))
    print(f"baselines with a false alarm in {panes} panes; the budget allows {allowed:.2f} alarms each")
    for m in (1_000, 10_000):
        for name, draw in POOLS.items():
            rng = np.random.default_rng([seed, m])
            wrong = sum(alarms(draw, m, panes, rng) for _ in range(baselines))
            limit = stats.beta.ppf(0.95, wrong + 1, baselines - wrong)
            print(f"{name:14s} {m:6d} rows  {wrong:3d} of {baselines}, at most {limit:.3f}", flush=True)


def print_soon(runs: int, first: int) -> None:
    windowed = tuple(check for check in CHECKS if check != CUSUM)
    print("\npanes from passing the floor to opened: median (tenth to ninth tenth); all checks, and without cusum")
    for m in (1_000, 10_000):
        for name, (slide, passed) in SLIDES.items():
            seeds = range(first, first + runs)
            both, alone = ([opened(slide, m, checks, seed) for seed in seeds] for checks in (CHECKS, windowed))
            print(f"{name:30s} {m:6d} rows  {delays(both, passed)}   {delays(alone, passed)}", flush=True)


if __name__ == "__main__":
    main()
