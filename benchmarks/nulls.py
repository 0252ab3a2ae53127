"""Null streams at default settings: the drift events of real rows that are reshuffled, reference and stream drawn anew.

    python benchmarks/nulls.py [--reshuffles 200] [--windows 100,500,2000] [--seed 1]

Rows stand a second apart, so that a window of 100 seconds holds 100. Every drift event is false. Beside them stands
what the budget would allow: ticks tested times the level of a tick (without persistence and effect floors, which a
budget does not count on).
"""

import argparse

import numpy as np

from benchmarks.frames import REAL_SETS, fitted, join, length, real, take
from benchmarks.monitored import SECOND_MS, course
from stream.decision import tick_level
from stream.policy import Policy


def null_events(name: str, window: int, reshuffles: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return how many windows were tested, and how many incidents opened in them."""
    reference, stream, _ = real(f"{name}__null")
    pool, m = join(reference, stream), length(reference)
    tested = opened = 0
    for _ in range(reshuffles):
        order = rng.permutation(length(pool))
        seen = course(fitted(take(pool, order[:m])), take(pool, order[m:]), window, Policy())
        tested, opened = tested + seen.tested, opened + len(seen.opened)
    return tested, opened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reshuffles", type=int, default=200)
    parser.add_argument("--windows", default="100,500,2000")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| null pool | window | streams | windows tested | drift events | budgeted |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for number, name in enumerate(REAL_SETS):
        for window in map(int, options.windows.split(",")):
            rng = np.random.default_rng([options.seed, number, window])
            tested, opened = null_events(name, window, options.reshuffles, rng)
            due = tested * tick_level(Policy(), window * SECOND_MS)
            shown = f"{options.reshuffles} | {tested:,} | {opened} | {due:.2f}"
            print(f"| {name}, reshuffled | {window:,} s | {shown} |", flush=True)


if __name__ == "__main__":
    main()
