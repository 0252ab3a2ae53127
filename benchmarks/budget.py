"""The budget confirmed: how often a tick's family alarms where nothing has changed, and how often where something has.

    python benchmarks/budget.py [--draws 2000] [--power-draws 200] [--pools normal,nyc] [--sizes 100,500,2000]

Every draw takes a fresh reference and a fresh window from one pool, fits the reference and tests the window with all
default checks, effect floors of 0, ``persist = "1 of 1"`` and a tick's level of 0.05: with floors of 0 nothing but the
p-values keeps a null window quiet. The share of draws in which any test opens has exact (Clopper-Pearson) 95 % limits.

Beside it is the power at the same settings: one feature of the family, drawn anew each time, has 0.5, 1 and 2 floors of
its traffic moved (the floor of ``ks`` and ``chi2``, 0.1), and this feature opens.

The second table counts single p-values of the same null draws, far into the tail: observed over nominal, in brackets
how many were due. Tests of one draw are not independent, so it has no limits; the first table has.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import stats

from baselines import Layout
from benchmarks.frames import Frame, fitted, rows
from benchmarks.pools import Pool, moved, reshuffled, simulated
from stream.checks import Measured, measure
from stream.counts import Counts
from stream.decision import Decision, decide
from stream.policy import DEFAULT_THRESHOLDS, Policy
from stream.sample import Sample

LEVEL = 0.05
LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)
FLOORS = (0.5, 1.0, 2.0)
# With the default of 100, a window of 100 rows in which one value is missing would not be tested.
FLOORLESS = Policy(thresholds=dict.fromkeys(DEFAULT_THRESHOLDS, 0.0), persist=(1, 1), min_samples=20)
# D times the root of mn / (m + n) below this has p > 0.01, which opens nothing; the exact p-value costs much.
UNPROMISING_D = 1.5


def tick(reference: Frame, window: Frame) -> tuple[tuple[Measured, ...], Decision]:
    """Test one window with floors that do not bear on what opens."""
    layout = Layout(fitted(reference))
    counts = Counts.of(layout, rows(layout.baseline, window))
    measured = measure(Sample.of_baseline(layout), Sample.of_counts(layout, counts), FLOORLESS)
    return measured, decide(measured, screened(measured), LEVEL)


def screened(measured: tuple[Measured, ...]) -> Policy:
    """Raise the floor of ks from 0 to where no p-value is low enough for anything that is counted here."""
    sizes = [one.n * one.n_reference / (one.n + one.n_reference) for one in measured if one.check == "ks" and len(one)]
    largest = max((float(size.max()) for size in sizes), default=1.0)
    return replace(FLOORLESS, thresholds={**FLOORLESS.thresholds, "ks": UNPROMISING_D / largest**0.5})


@dataclass
class Tails:
    """How many p-values each check gave, and how many at or below each level."""

    tests: Counter[str] = field(default_factory=Counter)
    low: Counter[tuple[str, float]] = field(default_factory=Counter)

    def add(self, measured: tuple[Measured, ...], decision: Decision) -> None:
        """Count the p-values of one tick."""
        self.tests.update({one.check: len(one) for one in measured})
        for trial in decision.trials:
            self.low.update((trial.measured.check, level) for level in LEVELS if trial.p <= level)

    def join(self, other: "Tails") -> None:
        """Add what was counted elsewhere."""
        self.tests.update(other.tests)
        self.low.update(other.low)

    def lines(self) -> Iterator[str]:
        """Return a line per check: observed over nominal at each level, and how many were due."""
        for check in sorted(check for check, tests in self.tests.items() if tests):
            due = [self.tests[check] * level for level in LEVELS]
            ratios = [self.low[check, level] / due for level, due in zip(LEVELS, due, strict=True)]
            cells = [f"{ratio:5.2f} ({one:8.1f})" for ratio, one in zip(ratios, due, strict=True)]
            yield f"{check:14s}{self.tests[check]:10,}  " + "  ".join(cells)


def false_alarms(pool: Pool, n: int, draws: int, rng: np.random.Generator) -> tuple[int, Tails]:
    """Count the null draws whose family alarms, and their p-values."""
    alarms, tails = 0, Tails()
    for _ in range(draws):
        measured, decision = tick(*pool.draw(rng, pool.m, n))
        alarms += bool(decision.opening())
        tails.add(measured, decision)
    return alarms, tails


def power(pool: Pool, n: int, draws: int, floors: float, rng: np.random.Generator) -> float:
    """Return the share of draws in which the one feature that moved opens."""
    found = 0
    for _ in range(draws):
        reference, window = pool.draw(rng, pool.m, n)
        feature = str(rng.choice(list(reference)))
        changed = moved(window, reference, feature, floors * DEFAULT_THRESHOLDS["ks"], rng)
        found += feature in tick(reference, changed)[1].opening()
    return found / draws


def limits(hits: int, draws: int) -> tuple[float, float]:
    """Return the exact two-sided 95 % limits of a share (Clopper and Pearson 1934)."""
    interval = stats.binomtest(hits, draws).proportion_ci(0.95, "exact")
    return float(interval.low), float(interval.high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--power-draws", type=int, default=200)
    parser.add_argument("--pools", default="", help="only pools whose names contain one of these, by comma")
    parser.add_argument("--sizes", default="100,500,2000")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wanted = options.pools.split(",")
    pools = [*enumerate((*simulated(), *reshuffled()))]
    together = Tails()
    print(
        "| null pool | reference | window | alarms | 95 % limits | power at "
        + " | at ".join(map(str, FLOORS))
        + " floors |"
    )
    print("| --- | ---: | ---: | ---: | --- |" + " ---: |" * len(FLOORS))
    for number, pool in [one for one in pools if any(word in one[1].name for word in wanted)]:
        for n in map(int, options.sizes.split(",")):
            rng = np.random.default_rng([options.seed, number, n])
            alarms, tails = false_alarms(pool, n, options.draws, rng)
            together.join(tails)
            low, high = limits(alarms, options.draws)
            seen = [power(pool, n, options.power_draws, floors, rng) for floors in FLOORS]
            shown = " | ".join(f"{share:.2f}" for share in seen)
            share = alarms / options.draws
            print(f"| {pool.name} | {pool.m:,} | {n:,} | {share:.4f} | {low:.4f} to {high:.4f} | {shown} |", flush=True)
    print(f"\n{'check':14s}{'p-values':>10s}  " + "  ".join(f"{level:>16g}" for level in LEVELS))
    print("\n".join(together.lines()))


if __name__ == "__main__":
    main()
