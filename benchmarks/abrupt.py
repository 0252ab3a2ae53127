"""Abrupt changes at default settings: how soon they open after scipy could know, who is blamed, and when it is over.

    python benchmarks/abrupt.py [--runs 200] [--windows 100,500,2000] [--checks range,new_category] [--seed 1]

Every run draws a reference of 2,000 rows and a stream: quiet, then changed from a random row on by two floors of one
check, then quiet again. The oracle looks at the changed features of each window with scipy's own test on the raw
values; it knows a change from the first window in which p is at or below the level that driftline's first step asks for
(the tick's level over the size of its family) and the effect is over its floor.

Shown are the runs in which the oracle knew, and how often it does in a single changed window (what it finds once in a
while by luck, nobody finds twice in three); the share of runs in which drift opened no more than two windows later,
among those in which the oracle knew; F1 of the features named when it opened against those changed (the oracle's own
beside it, in the window in which drift opened); of the runs in which an incident was open when the change ended, the
share that resolved no more than three windows later, as ``persist = "2 of 3"`` allows; of the runs that opened, the
share in which an incident ended before the change did; and incidents that opened outside the change.
"""

import argparse
from dataclasses import dataclass, field

import numpy as np

from baselines import Baseline, Layout
from benchmarks.effects import EFFECTS, Effect, traffic
from benchmarks.frames import Frame, fitted, join, rows, take
from benchmarks.monitored import SECOND_MS, Course, course
from stream.checks import measure
from stream.counts import Counts
from stream.decision import tick_level
from stream.policy import Policy
from stream.sample import Sample

REFERENCE = 2_000
# Windows: quiet, changed (the first of them in part), quiet again.
QUIET, CHANGED, AFTER = 3, 10, 6
PATIENCE = 2
COLUMNS = (
    "change",
    "window",
    "oracle knows",
    "in a window",
    "opened in time",
    "F1",
    "oracle's F1",
    "resolved in time",
    "ended early",
    "stray",
)


@dataclass
class Score:
    """What became of the runs of one effect."""

    runs: int = 0
    known: int = 0
    powerful: int = 0
    soon: int = 0
    opened: int = 0
    lasted: int = 0
    resolved: int = 0
    early: int = 0
    stray: int = 0
    ours: list[tuple[int, int, int]] = field(default_factory=list)
    oracles: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def soon_share(self) -> float:
        """Of the runs that the oracle knew, those that opened in time."""
        return self.soon / self.known if self.known else float("nan")

    @property
    def resolved_share(self) -> float:
        """Of the runs with an incident that was open when the change ended, those in which it resolved in time."""
        return self.resolved / self.lasted if self.lasted else float("nan")

    @property
    def early_share(self) -> float:
        """Of the runs that opened during the change, those in which an incident ended before the change did."""
        return self.early / self.opened if self.opened else float("nan")


def f1(matches: list[tuple[int, int, int]]) -> float:
    """Return F1 over all runs of (named and changed, named, changed)."""
    both, named, changed = (sum(column) for column in zip(*matches, strict=True)) if matches else (0, 0, 0)
    return 2 * both / (named + changed) if named + changed else float("nan")


@dataclass(frozen=True)
class Run:
    """One stream with its change: the first changed row lies in window ``QUIET``."""

    effect: Effect
    window: int
    reference: Frame
    baseline: Baseline
    stream: Frame
    level: float

    @classmethod
    def draw(cls, effect: Effect, window: int, rng: np.random.Generator) -> "Run":
        """Draw a run; the level is that of the first step of Holm's correction."""
        reference = traffic(rng, REFERENCE)
        begin = QUIET * window + int(rng.integers(0, window))
        before, changed = traffic(rng, begin), traffic(rng, (QUIET + CHANGED) * window - begin)
        stream = join(before, effect.on(changed, reference, rng), traffic(rng, AFTER * window))
        baseline = fitted(reference)
        level = tick_level(Policy(), window * SECOND_MS) / family_size(baseline, take(before, slice(window)))
        return cls(effect, window, reference, baseline, stream, level)

    def rejected(self, number: int) -> frozenset[str]:
        """Return the features that the oracle finds changed in a window."""
        part = take(self.stream, slice(number * self.window, (number + 1) * self.window))
        verdicts = {f: self.effect.oracle(self.reference[f], part[f]) for f in self.effect.features}
        return frozenset(f for f, (p, size) in verdicts.items() if p <= self.level and size >= self.effect.floor)

    def known_at(self) -> int | None:
        """Return the first window in which the oracle knows; None when it never does."""
        return next((number for number in range(QUIET, QUIET + CHANGED) if self.rejected(number)), None)


def family_size(baseline: Baseline, window: Frame) -> int:
    """Return how many tests a tick makes."""
    layout = Layout(baseline)
    sample = Sample.of_counts(layout, Counts.of(layout, rows(baseline, window)))
    return sum(len(one) for one in measure(Sample.of_baseline(layout), sample, Policy(min_samples=1)))


def score(effect: Effect, window: int, runs: int, rng: np.random.Generator) -> Score:
    """Run the effect so many times."""
    total = Score()
    for _ in range(runs):
        run = Run.draw(effect, window, rng)
        judge(total, run, course(run.baseline, run.stream, window, Policy()))
    return total


def judge(total: Score, run: Run, seen: Course) -> None:
    """Enter one run into the score."""
    end = QUIET + CHANGED
    total.runs += 1
    total.stray += sum(not QUIET <= number < end + PATIENCE for number in seen.opened)
    opened = next((number for number in seen.opened if QUIET <= number < end), None)
    known = run.known_at()
    total.known += known is not None
    total.powerful += bool(run.rejected(QUIET + 1))
    total.soon += known is not None and opened is not None and opened <= known + PATIENCE
    if opened is None:
        return
    total.opened += 1
    lasted = bool(seen.alarmed(end)[-1])
    total.lasted += lasted
    total.resolved += lasted and any(end <= number < end + Policy().persist[1] for number in seen.resolved)
    total.early += any(opened < number < end for number in seen.resolved)
    changed = frozenset(run.effect.features)
    for matches, named in ((total.ours, seen.blamed[seen.opened.index(opened)]), (total.oracles, run.rejected(opened))):
        matches.append((len(named & changed), len(named), len(changed)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--windows", default="100,500,2000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checks", default=",".join(effect.check for effect in EFFECTS))
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"| --- |{' ---: |' * (len(COLUMNS) - 1)}")
    for number, effect in enumerate(EFFECTS):
        if effect.check not in options.checks.split(","):
            continue
        for window in map(int, options.windows.split(",")):
            one = score(effect, window, options.runs, np.random.default_rng([options.seed, number, window]))
            power = f"{one.known} of {one.runs} | {one.powerful / one.runs:.0%}"
            shares = f"{one.soon_share:.1%} | {f1(one.ours):.3f} | {f1(one.oracles):.3f} | {one.resolved_share:.1%}"
            ends = f"{one.early_share:.1%} | {one.stray}"
            print(f"| {effect.name} | {window:,} | {power} | {shares} | {ends} |", flush=True)


if __name__ == "__main__":
    main()
