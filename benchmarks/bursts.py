"""One burst: how often a change that lasts a single window opens drift at default settings, because chance agrees.

    python benchmarks/bursts.py [--runs 100] [--windows 100,200,500,2000] [--seed 1]

Every run draws a reference of 2,000 rows and seven windows, and changes all of the middle one. Of the bursts which that
window proves to be drift, those are shown after which drift opened: there, a test of the same feature agreed by chance
in one of the windows beside it, of which ``persist = "2 of 3"`` looks at two before and two after. The traffic is that
of ``benchmarks/abrupt.py`` and a feature whose names follow Zipf's law, of which some are new in any window.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.effects import Column, traffic
from benchmarks.frames import Frame, fitted, join
from benchmarks.monitored import ticks
from stream.policy import Policy

REFERENCE, BESIDE = 2_000, 3
OUT = 0.15


@dataclass(frozen=True)
class Burst:
    """What happens to these features in one window; ``change(column, reference, rng)`` returns the column changed."""

    name: str
    features: tuple[str, ...]
    change: Callable[[Column, Column, np.random.Generator], Column]


def _up(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    return column + 0.5 * float(reference.std())


def _out(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    return np.where(rng.random(len(column)) < OUT, reference.max() + 1.0, column)


def _new(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    return np.where(rng.random(len(column)) < OUT, "new", column)


BURSTS = (
    Burst("two features up by 0.5 sd", ("normal", "gamma"), _up),
    Burst("15 % out of range", ("normal",), _out),
    Burst("15 % new category, none by chance", ("few",), _new),
    Burst("15 % new category, names by Zipf's law", ("names",), _new),
)


def rows(rng: np.random.Generator, n: int) -> Frame:
    """Draw traffic with one feature more, whose names never end."""
    return {**traffic(rng, n), "names": rng.zipf(1.5, n).astype(str)}


def outcome(burst: Burst, window: int, rng: np.random.Generator) -> tuple[bool, bool]:
    """Tell of one run whether the changed window proves drift, and whether any opened."""
    reference, calm = rows(rng, REFERENCE), rows(rng, window)
    changed = {**calm, **{name: burst.change(calm[name], reference[name], rng) for name in burst.features}}
    stream = join(rows(rng, BESIDE * window), changed, rows(rng, BESIDE * window))
    passed = list(ticks(fitted(reference), stream, window, Policy()))
    explanation = passed[BESIDE].explanation
    proved = explanation is not None and bool(explanation.decision.opening())
    return proved, any(event.type == "drift.opened" for tick in passed for event in tick.events)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--windows", default="100,200,500,2000")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| burst of one window | window | proved | opened |\n| --- | ---: | ---: | ---: |")
    for number, burst in enumerate(BURSTS):
        for window in map(int, options.windows.split(",")):
            rng = np.random.default_rng([options.seed, number, window])
            proved, opened = np.array([outcome(burst, window, rng) for _ in range(options.runs)]).T
            told = f"{proved.sum()} of {options.runs} | {(proved & opened).sum()}"
            print(f"| {burst.name} | {window:,} | {told} |", flush=True)


if __name__ == "__main__":
    main()
