"""How often each check says p <= level where nothing has changed: observed over nominal, far into the tail.

    python benchmarks/tails.py [--draws 20000] [--checks ks,mean,missing] [--seed 1]

Every draw takes a reference and a window from one pool. Per check, pool and sizes the table shows the ratio of observed
to nominal rejections at each level, and in brackets the upper 95 % limit of that ratio (exact Poisson). Values near 1
are right, below 1 are conservative, above 1 promise more than they hold. Levels with fewer than 2 expected rejections
are marked "-"; the last tables add sizes and then pools of a check up, which reaches further out.
"""

import argparse
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from baselines.cells import IntArray
from stream.checks.chi2 import p_calibrated, pearson, pool
from stream.checks.ks import ks_p_value
from stream.permutation import location, scale
from stream.tails import clusters_upper, exceedance_upper, hypergeometric_two_sided

LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)
CHECKS = ("ks", "mean", "std", "range", "missing", "chi2", "chi2 (Pearson alone)", "frequency", "new_category")
SIZES = ((1_000, 100), (1_000, 500), (1_000, 2_000), (10_000, 100), (10_000, 500), (10_000, 2_000))
# A test with p above this cannot reach a level; the cheap statistic behind it is looked at first.
PROMISING_Z = 2.0
PROMISING_D = 1.5
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def zero_inflated(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.where(rng.random(n) < 0.95, 0.0, rng.lognormal(size=n))


def balanced(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return np.where(rng.random(n) < 0.95, 0.0, rng.normal(size=n))


NUMERIC: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "t2": lambda rng, n: rng.standard_t(2, n),
    "lognormal": lambda rng, n: rng.lognormal(0.0, 2.0, n),
    "integers 0-4": lambda rng, n: rng.poisson(0.7, n).clip(0, 4).astype(float),
    "95 % zero": zero_inflated,
    "95 % zero, +-": balanced,
}
CATEGORICAL: dict[str, NDArray[np.float64]] = {
    "2 categories": np.array([0.97, 0.03]),
    "5 categories": np.array([0.6, 0.25, 0.1, 0.04, 0.01]),
    "30 even": np.full(30, 1 / 30),
    "250 even": np.full(250, 1 / 250),
    "Zipf 1.3": np.arange(1.0, 20_001.0) ** -1.3 / (np.arange(1.0, 20_001.0) ** -1.3).sum(),
    "30 with rare": 0.75 ** np.arange(30) / (0.75 ** np.arange(30)).sum(),
}
MISSING = (0.002, 0.05, 0.5)


def on_cells(values: NDArray[np.float64], n_reference: int) -> tuple[IntArray, IntArray]:
    """Count both sides of one vector on its own distinct values."""
    distinct, place = np.unique(values, return_inverse=True)
    sides = place[:n_reference], place[n_reference:]
    reference, window = (np.bincount(side, minlength=len(distinct)) for side in sides)
    return reference, window


def numeric_p(check: str, reference: IntArray, window: IntArray) -> float:
    if check == "ks":
        m, n = int(reference.sum()), int(window.sum())
        statistic = float(np.abs(np.cumsum(window) / n - np.cumsum(reference) / m).max())
        promising = statistic * math.sqrt(m * n / (m + n)) >= PROMISING_D
        return ks_p_value(reference, window, statistic)[0] if promising else 1.0
    if check == "range":
        inside = np.flatnonzero(reference)
        below, above = int(window[: inside[0]].sum()), int(window[inside[-1] + 1 :].sum())
        one_end = not (below and above)
        return exceedance_upper(below + above, int(window.sum()), int(reference.sum()), one_end=one_end)
    rank = (location if check == "mean" else scale)(reference, window)
    return rank.p_two_sided() if abs(rank.z) >= PROMISING_Z else 1.0


def categorical_p(check: str, reference: IntArray, window: IntArray) -> float:
    n, m = int(window.sum()), int(reference.sum())
    known = reference > 0
    if check == "frequency":
        reference, window = reference[known], window[known]
        most = int(np.argmax(np.abs(window / n - reference / m)))
        p = hypergeometric_two_sided(int(window[most]), n + m, int(window[most] + reference[most]), n)
        return min(1.0, len(reference) * p)
    if check == "new_category":
        seen = int(window[~known].sum())
        together = (reference + window)[known]
        alone = seen + int((together == 1).sum())
        return clusters_upper(seen, n + m, alone, together[together > 1], n) if seen else 1.0
    table = pool(np.append(reference[known], 0), np.append(window[known], window[~known].sum()))
    p = float(stats.chi2.sf(pearson(table), table.shape[1] - 1)) if table.shape[1] > 1 else 1.0
    if check == "chi2 (Pearson alone)" or p > LEVELS[0]:
        return p
    return max(p, p_calibrated(table))


def missing_p(share: float, m: int, n: int, rng: np.random.Generator) -> float:
    seen, seen_reference = int(rng.binomial(n, share)), int(rng.binomial(m, share))
    return hypergeometric_two_sided(seen, n + m, seen + seen_reference, n)


def rejections(p_of: Callable[[], float], draws: int) -> NDArray[np.int64]:
    p = np.array([p_of() for _ in range(draws)])
    return np.array([(p <= level).sum() for level in LEVELS])


def trials(checks: list[str], seed: int) -> Iterator[tuple[str, str, int, int, Callable[[], float]]]:
    """Every (check, pool, reference size, window size) with a function that draws once and tests."""
    for m, n in SIZES:
        rng = np.random.default_rng([seed, m, n])
        for name, draw in NUMERIC.items():
            for check in set(checks) & {"ks", "mean", "std", "range"}:
                yield (
                    check,
                    name,
                    m,
                    n,
                    lambda c=check, d=draw, r=rng, m=m, n=n: numeric_p(c, *on_cells(d(r, m + n), m)),
                )
        for name, shares in CATEGORICAL.items():
            for check in set(checks) & {"chi2", "chi2 (Pearson alone)", "frequency", "new_category"}:
                yield (
                    check,
                    name,
                    m,
                    n,
                    lambda c=check, s=shares, r=rng, m=m, n=n: categorical_p(
                        c, r.multinomial(m, s), r.multinomial(n, s)
                    ),
                )
        for share in MISSING if "missing" in checks else ():
            yield "missing", f"{share:.1%}", m, n, lambda s=share, r=rng, m=m, n=n: missing_p(s, m, n, r)


def line(name: str, hits: NDArray[np.int64], draws: int) -> str:
    cells = []
    for hit, level in zip(hits.tolist(), LEVELS, strict=True):
        due = draws * level
        limit = stats.chi2.ppf(0.95, 2 * (hit + 1)) / 2 / due
        cells.append(f"{hit / due:5.2f} ({limit:5.2f})" if due >= 2 else f"{'-':>13s}")
    return f"{name:48s}" + "  ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--checks", default="ks,mean,std,range,missing,chi2,chi2 (Pearson alone),frequency,new_category"
    )
    options = parser.parse_args()
    print(f"{'check, pool, reference x window':48s}" + "  ".join(f"{level:>13g}" for level in LEVELS), flush=True)
    totals: dict[str, tuple[NDArray[np.int64], int]] = {}
    for check, name, m, n, p_of in trials(options.checks.split(","), options.seed):
        hits = rejections(p_of, options.draws)
        print(line(f"{check}, {name}, {m} x {n}", hits, options.draws), flush=True)
        for key in (f"{check}, {name}", f"{check}, all pools"):
            known, drawn = totals.get(key, (np.zeros(len(LEVELS), dtype=np.int64), 0))
            totals[key] = known + hits, drawn + options.draws
    print("\nall sizes together")
    for name, (hits, drawn) in sorted(totals.items()):
        print(line(name, hits, drawn))


if __name__ == "__main__":
    main()
