"""How often a tick without drift alarms, with a calibrated baseline and without, where rows are not independent.

    python benchmarks/calibration.py [--runs 60] [--windows 100] [--rows 200] [--seed 1]

Each run draws training data of so many windows, learns from them, and tests as many later windows of the same process
at a tick level of 0.05 (Holm, one tick at a time, no effect floors). The table shows the share of ticks that alarm,
with the upper 95 % limit of its mean over the runs (by Student's t: ticks of one run share a baseline); then, for a
shift of the mean by one and two standard deviations, the share of ticks that see it.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

from baselines import Baseline, Calibration, Layout, NumericReference
from baselines.baseline import NUMERIC_SPECIALS, reference_counts
from baselines.cells import count_cells
from consumers.training import TrainingWindows
from stream.calibrate import calibrate
from stream.checks import measure
from stream.counts import Counts
from stream.decision import decide
from stream.policy import CHECKS, Policy
from stream.rows import NumericColumn, Rows
from stream.sample import Sample
from stream.schedule import Schedule

LEVEL = 0.05
HOUR_MS = 3_600_000
POLICY = Policy(thresholds=dict.fromkeys(CHECKS, 0.0), min_samples=20)
SHIFTS = (0.0, 1.0, 2.0)
# Draws (windows, rows) values, in the order of time.
Draw = Callable[[np.random.Generator, int, int], NDArray[np.float64]]


def autoregressive(correlation: float) -> Draw:
    """Return a series in which each row resembles the one before; normal, variance 1."""

    def draw(rng: np.random.Generator, windows: int, rows: int) -> NDArray[np.float64]:
        noise = rng.normal(size=windows * rows + 500) * np.sqrt(1.0 - correlation**2)
        series: NDArray[np.float64] = signal.lfilter([1.0], [1.0, -correlation], noise)[500:]
        return series.reshape(windows, rows)

    return draw


def batches(rng: np.random.Generator, windows: int, rows: int) -> NDArray[np.float64]:
    """Draw windows whose rows have something in common: a mean of their own."""
    return rng.normal(size=(windows, rows)) + 0.5 * rng.normal(size=(windows, 1))


def heavy(rng: np.random.Generator, windows: int, rows: int) -> NDArray[np.float64]:
    """Draw a series with heavy tails, in which each row resembles the one before."""
    return np.sinh(2.0 * autoregressive(0.9)(rng, windows, rows))


def tied(rng: np.random.Generator, windows: int, rows: int) -> NDArray[np.float64]:
    """Draw a series of few whole numbers, most of them 0, in which each row resembles the one before."""
    return np.clip(np.floor(autoregressive(0.9)(rng, windows, rows)), 0.0, 3.0)


def daily(rng: np.random.Generator, windows: int, rows: int) -> NDArray[np.float64]:
    """Draw a daily cycle, hour by hour, in independent rows."""
    return rng.normal(size=(windows, rows)) + 2.0 * np.sin(2.0 * np.pi * np.arange(windows) / 24.0)[:, None]


PROCESSES: dict[str, Draw] = {
    "independent": autoregressive(0.0),
    "AR 0.5": autoregressive(0.5),
    "AR 0.9": autoregressive(0.9),
    "AR 0.9, heavy tails": heavy,
    "AR 0.9, few values": tied,
    "batches": batches,
    "daily cycle": daily,
}


@dataclass(frozen=True)
class Outcome:
    """Shares of ticks that alarmed, per run, by shift; without calibration (plain) and with."""

    plain: NDArray[np.float64]
    calibrated: NDArray[np.float64]


def run(draw: Draw, rng: np.random.Generator, windows: int, rows: int) -> tuple[list[float], list[float]]:
    """Return the shares of ticks that alarm by shift, plain and calibrated, of one training and as many ticks."""
    values = np.round(draw(rng, 2 * windows, rows), 2)
    training, later = values[:windows], values[windows:]
    layout = layout_of(training.ravel())
    calibration = without_floors(calibrate(training_windows(layout, training), POLICY))
    known = Layout(replace(layout.baseline, calibration=calibration))
    return tuple([share(one, later + shift * training.std()) for shift in SHIFTS] for one in (layout, known))  # type: ignore[return-value]


def share(layout: Layout, windows: NDArray[np.float64]) -> float:
    """Return the share of windows in which anything alarms."""
    reference = Sample.of_baseline(layout)
    alarms = 0
    for values in windows:
        window = Sample.of_counts(layout, Counts.of(layout, rows_of(np.zeros(len(values), dtype=np.int64), values)))
        alarms += bool(decide(measure(reference, window, POLICY), POLICY, LEVEL).opening())
    return alarms / len(windows)


def layout_of(values: NDArray[np.float64]) -> Layout:
    kept = np.unique(values) + 0.0
    counts = reference_counts(count_cells(kept, values), {}, NUMERIC_SPECIALS)
    extremes = float(values.min()), float(values.max())
    feature = NumericReference("x", kept, counts, float(values.mean()), float(values.std(ddof=1)), *extremes, {})
    return Layout(Baseline(len(values), (feature,), "benchmark"))


def training_windows(layout: Layout, values: NDArray[np.float64]) -> TrainingWindows:
    """Count values (windows, rows) into hours, one after the other."""
    windows = TrainingWindows(layout, Schedule(HOUR_MS, HOUR_MS))
    windows.add(rows_of(np.repeat(np.arange(len(values)), values.shape[1]) * HOUR_MS, values.ravel()))
    return windows


def rows_of(times_ms: NDArray[np.int64], values: NDArray[np.float64]) -> Rows:
    return Rows(times_ms, np.zeros(len(values), dtype=np.int64), (NumericColumn(values),), ())


def without_floors(calibration: Calibration | None) -> Calibration | None:
    """Leave the significance to stand for itself."""
    if calibration is None:
        return None
    bare = {
        comparator: {
            feature: {check: replace(one, floor=0.0) for check, one in checks.items()}
            for feature, checks in features.items()
        }
        for comparator, features in calibration.movements.items()
    }
    return replace(calibration, movements=bare)


def simulate(draw: Draw, seed: int, runs: int, sizes: tuple[int, int]) -> Outcome:
    """Repeat ``run`` with fresh training data; the arrays have shape (runs, shifts)."""
    plain, calibrated = zip(
        *(run(draw, np.random.default_rng([seed, one]), *sizes) for one in range(runs)), strict=True
    )
    return Outcome(np.array(plain), np.array(calibrated))


def upper(shares: NDArray[np.float64]) -> float:
    """Return the upper 95 % limit of the mean of independent shares."""
    return float(shares.mean() + stats.t.ppf(0.95, len(shares) - 1) * shares.std(ddof=1) / np.sqrt(len(shares)))


def table(args: argparse.Namespace) -> Iterator[str]:
    yield f"{'process':<22}{'plain':>8}{'calibrated':>12}{'limit':>8}" + "".join(
        f"{f'+{shift:g} sd':>8}" for shift in SHIFTS[1:]
    )
    for name, draw in PROCESSES.items():
        seen = simulate(draw, args.seed, args.runs, (args.windows, args.rows))
        null = seen.calibrated[:, 0]
        powers = "".join(f"{power:8.2f}" for power in seen.calibrated[:, 1:].mean(axis=0))
        yield f"{name:<22}{seen.plain[:, 0].mean():8.3f}{null.mean():12.4f}{upper(null):8.4f}{powers}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--windows", type=int, default=100)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{args.runs} runs of {args.windows} windows of {args.rows} rows, tick level {LEVEL}")
    for line in table(args):
        print(line, flush=True)


if __name__ == "__main__":
    main()
