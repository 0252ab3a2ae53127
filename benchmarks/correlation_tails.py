"""How often the check correlation says p <= level where nothing has changed: observed over nominal, far into the tail.

    python benchmarks/correlation_tails.py [--draws 200000] [--seed 1] [--pools "t2, rho 0;2 values, rho 0"]

A reference of two columns is drawn anew for every 50 windows; bins, inflation and p are those of the code. The table is
read as that of ``benchmarks/tails.py``. Behind it stands the power: the share of windows in which p <= 1e-6 when the
window's second column is shuffled, so that nothing moves but the two together.
"""

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import special

from baselines.cells import count_cells
from baselines.fitting.dependence import MOST_IN_ONE_BIN, spread_of_correlations
from baselines.scores import ScoreTable, largest_bin, rank_scores
from benchmarks.tails import LEVELS, SIZES, line
from stream.checks.correlation import p_of_difference

Columns = NDArray[np.float64]  # (2, n)
Draw = Callable[[np.random.Generator, int], Columns]
WINDOWS_PER_REFERENCE = 50


def normal(rho: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> Columns:
        x, y = rng.normal(size=(2, n))
        return np.stack([x, rho * x + np.sqrt(1.0 - rho * rho) * y])

    return draw


def heavy(rho: float) -> Draw:
    def draw(rng: np.random.Generator, n: int) -> Columns:
        return normal(rho)(rng, n) / np.sqrt(rng.chisquare(2, n) / 2)

    return draw


def tied(rho: float, values: int) -> Draw:
    return lambda rng, n: np.floor(special.ndtr(normal(rho)(rng, n)) * values)


def zero_inflated(rho: float, zeros: float) -> Draw:
    return lambda rng, n: np.maximum(normal(rho)(rng, n), special.ndtri(zeros))


def curved(rng: np.random.Generator, n: int) -> Columns:
    x = rng.normal(size=n)
    return np.stack([x, np.abs(x) + 0.1 * rng.normal(size=n)])


def spreading(rng: np.random.Generator, n: int) -> Columns:
    x = rng.normal(size=n)
    return np.stack([x, x * rng.normal(size=n)])


POOLS: dict[str, Draw] = {
    "normal, rho 0": normal(0.0),
    "normal, rho 0.5": normal(0.5),
    "normal, rho 0.9": normal(0.9),
    "normal, rho 0.98": normal(0.98),
    "t2, rho 0": heavy(0.0),
    "t2, rho 0.9": heavy(0.9),
    "2 values, rho 0": tied(0.0, 2),
    "3 values, rho 0.9": tied(0.9, 3),
    "65 % zero, rho 0": zero_inflated(0.0, 0.65),
    "65 % zero, rho 0.9": zero_inflated(0.9, 0.65),
    "y is about |x|": curved,
    "spread of y follows x": spreading,
}


def correlations(table: ScoreTable, columns: Columns) -> NDArray[np.float64]:
    """Return the correlation of each window of ``columns`` (2, windows, n)."""
    levels = table.levels(columns.reshape(2, -1)).astype(np.float64).reshape(columns.shape)
    levels -= levels.mean(axis=2, keepdims=True)
    x, y = levels
    with np.errstate(invalid="ignore"):
        return (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))


def scored(reference: Columns) -> ScoreTable:
    """Make bins as a fit does."""
    scores = []
    for column in reference:
        values = np.unique(column)
        cells = count_cells(values, column)
        scores.append(rank_scores("", values, cells))
        assert largest_bin(scores[-1], values, cells) <= MOST_IN_ONE_BIN + 0.05
    return ScoreTable(tuple(scores))


def p_values(rng: np.random.Generator, draw: Draw, sizes: tuple[int, int], *, shuffled: bool) -> NDArray[np.float64]:
    """Draw a reference and its windows."""
    m, n = sizes
    reference = draw(rng, m)
    table = scored(reference)
    inflation, known = spread_of_correlations(table.levels(reference).astype(np.uint8))
    windows = draw(rng, WINDOWS_PER_REFERENCE * n)
    if shuffled:
        windows[1] = rng.permutation(windows[1])
    after = correlations(table, windows.reshape(2, WINDOWS_PER_REFERENCE, n))
    after = after[np.isfinite(after)]
    before = np.full(len(after), correlations(table, reference.reshape(2, 1, m))[0])
    shape = np.full(len(after), m), np.full(len(after), n)
    return p_of_difference(
        (before, after), shape, np.full(len(after), inflation[0, 1]), np.full(len(after), known[0, 1])
    )


def drawn(name: str, sizes: tuple[int, int], draws: int, seed: int, *, shuffled: bool = False) -> NDArray[np.float64]:
    rng = np.random.default_rng([seed, *sizes, list(POOLS).index(name)])
    rounds = max(draws // WINDOWS_PER_REFERENCE, 1)
    return np.concatenate([p_values(rng, POOLS[name], sizes, shuffled=shuffled) for _ in range(rounds)])


def tables(pools: list[str], draws: int, seed: int) -> Iterator[str]:
    totals: dict[str, tuple[NDArray[np.int64], int]] = {}
    for name in pools:
        for sizes in SIZES:
            p = drawn(name, sizes, max(int(draws * (100 / sizes[1]) ** 0.7), 1_000), seed)
            hits = np.array([(p <= level).sum() for level in LEVELS])
            yield line(f"{name}, {sizes[0]} x {sizes[1]}", hits, len(p))
            known, so_far = totals.get(name, (np.zeros(len(LEVELS), dtype=np.int64), 0))
            totals[name] = known + hits, so_far + len(p)
    yield "\nall sizes together"
    for name, (hits, count) in totals.items():
        yield line(name, hits, count)
    yield "\npower: share of windows with p <= 1e-6 when one column is shuffled"
    for name in pools:
        powers = [(drawn(name, sizes, 1_000, seed, shuffled=True) <= 1e-6).mean() for sizes in SIZES]
        shares = "  ".join(f"{m} x {n}: {power:.2f}" for (m, n), power in zip(SIZES, powers, strict=True))
        yield f"{name:24s}{shares}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=200_000, help="windows of 100 rows; fewer of the larger ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pools", help="names, separated by semicolons; all unless told")
    options = parser.parse_args()
    pools = options.pools.split(";") if options.pools else list(POOLS)
    print(f"{'pool, reference x window':48s}" + "  ".join(f"{level:>13g}" for level in LEVELS), flush=True)
    for text in tables(pools, options.draws, options.seed):
        print(text, flush=True)


if __name__ == "__main__":
    main()
