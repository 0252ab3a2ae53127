"""How often a pattern is recognised where there is one, and where there is only plain drift.

Prints, for windows of several sizes, the share of plain drifts (shift, spread, growth, mixture, selection,
categories that come, go and change their shares) that are taken for a pattern, by kind, and the share of real faults
that are recognised.
Run: ``python -m benchmarks.patterns [--events 400]``.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np

from baselines import Baseline, CategoricalReference, Layout, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, reference_counts
from baselines.cells import count_cells
from stream.counts import Counts
from stream.patterns import Pattern, recognise
from stream.rows import CategoricalColumn, NumericColumn, Rows
from stream.sample import Sample

Values = np.ndarray
Draw = Callable[[np.random.Generator, int], Values]
TRAINING_ROWS, FEATURES = 5_000, 10


def shape(rng: np.random.Generator) -> Draw:
    """Return a random distribution, somewhere and of some width."""
    kinds: list[Draw] = [
        lambda r, n: r.normal(0, 1, n),
        lambda r, n: r.standard_t(3, n),
        lambda r, n: r.uniform(-1, 1, n),
        lambda r, n: np.where(r.random(n) < 0.4, r.normal(-2, 0.6, n), r.normal(1, 0.5, n)),
    ]
    positive: list[Draw] = [
        lambda r, n: r.lognormal(0, 0.6, n),
        lambda r, n: r.gamma(2, 1, n),
        lambda r, n: r.poisson(6, n).astype(float),
        lambda r, n: np.where(r.random(n) < 0.3, 0.0, r.lognormal(0, 0.5, n)),
        lambda r, n: np.round(r.normal(40, 12, n)),
        lambda r, n: r.exponential(1, n),
    ]
    scale = float(10 ** rng.uniform(-2, 3))
    if rng.random() < 0.4:
        chosen, centre = kinds[rng.integers(len(kinds))], float(rng.uniform(-1, 6))
        return lambda r, n: scale * (centre + chosen(r, n))
    one = positive[rng.integers(len(positive))]
    return lambda r, n: scale * one(r, n)


def plain_drift(rng: np.random.Generator, draw: Draw, n: int, growth: float) -> Values:
    """Return a window that moved as populations do; they grow or shrink by up to ``growth``."""
    values = draw(rng, n)
    centre, std = float(values.mean()), float(values.std())
    kind = rng.integers(5)
    if kind == 0:
        return values + std * rng.uniform(0.5, 4) * rng.choice([-1, 1])
    if kind == 1:
        return centre + (values - centre) * (rng.uniform(0.3, 0.7) if rng.random() < 0.5 else rng.uniform(1.5, 4))
    if kind == 2:
        return values * rng.uniform(1.2, growth) ** rng.choice([-1, 1])
    if kind == 3:
        other = values.std() * rng.uniform(1, 5) * rng.choice([-1, 1]) + draw(rng, n) * rng.uniform(0.3, 2)
        return np.where(rng.random(n) < rng.uniform(0.1, 0.9), other, values)
    pool = draw(rng, 4 * n)
    weights = np.exp(np.clip(rng.uniform(0.5, 2) * rng.choice([-1, 1]) * (pool - centre) / std, -6, 6))
    return rng.choice(pool, n, p=weights / weights.sum())


def layout_of(columns: dict[str, Values]) -> Layout:
    """Return a baseline that keeps 1,000 values of each number."""
    return Layout(Baseline(TRAINING_ROWS, tuple(_reference(name, values) for name, values in columns.items()), "bench"))


def _reference(name: str, values: Values) -> NumericReference | CategoricalReference:
    if values.dtype == object:
        names, counts = np.unique(values, return_counts=True)
        counted = reference_counts(counts, {}, CATEGORICAL_SPECIALS)
        return CategoricalReference(name, tuple(names.tolist()), counted, int((counts == 1).sum()))
    known = np.sort(values[np.isfinite(values)])
    kept = np.unique(known)
    if len(kept) > 1000:
        kept = np.unique(known[np.linspace(0, len(known) - 1, 1000).astype(int)])
    counts = reference_counts(count_cells(kept, known), {"missing": len(values) - len(known)}, NUMERIC_SPECIALS)
    extremes = float(known[0]), float(known[-1])
    return NumericReference(name, kept, counts, float(known.mean()), float(known.std(ddof=1)), *extremes, {})


def patterns(layout: Layout, columns: dict[str, Values]) -> dict[str, Pattern]:
    """Return what is recognised in a window, against the baseline."""
    baseline, n = layout.baseline, len(next(iter(columns.values())))
    numeric = tuple(NumericColumn(columns[f.name].astype(float)) for f in baseline.numeric)
    categorical = tuple(_codes(f, columns[f.name]) for f in baseline.categorical)
    counts = Counts.of(layout, Rows(np.arange(n), np.arange(n), numeric, categorical))
    references = dict.fromkeys(columns, Sample.of_baseline(layout))
    return recognise(references, Sample.of_counts(layout, counts), counts.names)


def _codes(reference: CategoricalReference, column: Values) -> CategoricalColumn:
    places = {name: code for code, name in enumerate(reference.categories)}
    codes = np.array([places.get(name, len(places)) for name in column], dtype=np.int64)
    return CategoricalColumn(codes, {row: column[row] for row in np.flatnonzero(codes == len(places)).tolist()})


def categories(rng: np.random.Generator, n: int, names: list[str], shares: Values) -> Values:
    """Return drawn names."""
    return rng.choice(names, n, p=shares).astype(object)


def plain_mix(rng: np.random.Generator, names: list[str], shares: Values) -> tuple[list[str], Values]:
    """Return names and shares that changed as populations do: weights, some lost, some new."""
    moved = shares * rng.lognormal(0, rng.uniform(0.3, 1.5), len(names))
    if rng.random() < 0.3:
        moved[rng.integers(len(names))] = 0.0
    new = [f"new {i}" for i in range(rng.integers(0, 3))]
    moved = np.concatenate([moved, rng.uniform(0.02, 0.3, len(new))])
    return names + new, moved / moved.sum()


def family(rng: np.random.Generator) -> tuple[dict[str, Draw], Draw]:
    """Return features alike but for their place, as sensors of one make, and a drift that some of them share."""
    spread = float(rng.uniform(1, 8))
    centres = rng.uniform(-spread, spread, FEATURES)
    tail = shape(rng)
    together, own = float(rng.uniform(0, 3)) * rng.integers(2), float(rng.uniform(0.3, 3))
    probe = tail(rng, 1000)
    scale = float(probe.std())
    return (
        {f"x{i}": (lambda r, n, c=c: tail(r, n) + c * scale) for i, c in enumerate(centres)},
        lambda r, n: np.full(n, scale * (together + own * r.normal())),
    )


def false_in_families(rng: np.random.Generator, events: int, rows: int) -> tuple[int, Counter[str]]:
    """Return the shifts tried of features that look alike, and what they were taken for."""
    found: Counter[str] = Counter()
    for _ in range(events):
        draws, shift = family(rng)
        training = {f: draw(rng, TRAINING_ROWS) for f, draw in draws.items()}
        window = {f: draw(rng, rows) + shift(rng, rows) for f, draw in draws.items()}
        for pattern in patterns(layout_of(training), window).values():
            found[f"x {pattern.kind}"] += 1
    return events * FEATURES, found


def false_patterns(rng: np.random.Generator, events: int, rows: int, growth: float) -> tuple[int, Counter[str]]:
    """Return the plain drifts tried and what they were taken for."""
    found: Counter[str] = Counter()
    for _ in range(events):
        draws = {f"x{i}": shape(rng) for i in range(FEATURES)}
        names = {f"c{i}": [f"name {j}" for j in range(rng.integers(2, 9))] for i in range(FEATURES)}
        shares = {feature: rng.dirichlet(np.ones(len(names[feature])) * 2) for feature in names}
        training = {f: draw(rng, TRAINING_ROWS) for f, draw in draws.items()}
        training |= {f: categories(rng, TRAINING_ROWS, names[f], shares[f]) for f in names}
        window = {f: plain_drift(rng, draw, rows, growth) for f, draw in draws.items()}
        window |= {f: categories(rng, rows, *plain_mix(rng, names[f], shares[f])) for f in names}
        for name, pattern in patterns(layout_of(training), window).items():
            found[f"{name[0]} {pattern.kind}"] += 1
    return events * FEATURES, found


FAULTS: dict[str, Callable[[np.random.Generator, Values], Values]] = {
    "unit_change x60": lambda _, x: x * 60,
    "unit_change x1000": lambda _, x: x * 1000,
    "unit_change /1000": lambda _, x: x / 1000,
    "unit_change x7.3": lambda _, x: x * 7.3,
    "unit_change x2.54": lambda _, x: x * 2.54,
    "unit_change C to F": lambda _, x: 1.8 * x + 32,
    "sign_flip": lambda _, x: -x,
    "stuck": lambda r, x: np.full(len(x), r.choice(x)),
    "clipped": lambda r, x: np.minimum(x, np.quantile(x, r.uniform(0.6, 0.95))),
    "quantised": lambda _, x: np.round(x / x.std() * 2) * x.std() / 2,
    "default_fill -999": lambda r, x: np.where(r.random(len(x)) < 0.2, -999.0, x),
    "default_fill 0": lambda r, x: np.where(r.random(len(x)) < 0.2, 0.0, x),
    "missing": lambda r, x: np.where(r.random(len(x)) < 0.3, np.nan, x),
    "gone": lambda _, x: np.full(len(x), np.nan),
}


def recognised(rng: np.random.Generator, features: int, rows: int) -> dict[str, float]:
    """Return the share of features of random shape in which each fault is recognised as what it is."""
    hits: Counter[str] = Counter()
    for _ in range(features):
        one, other = shape(rng), shape(rng)
        layout = layout_of({"a": one(rng, TRAINING_ROWS), "b": other(rng, TRAINING_ROWS)})
        for fault, make in FAULTS.items():
            found = patterns(layout, {"a": make(rng, one(rng, rows)), "b": other(rng, rows)})
            hits[fault] += "a" in found and found["a"].kind == fault.split()[0]
        found = patterns(layout, {"a": other(rng, rows), "b": one(rng, rows)})
        hits["swapped"] += all(name in found and found[name].kind == "swapped" for name in "ab")
    return {fault: hits[fault] / features for fault in [*FAULTS, "swapped"]}


def report(rows: int, tried: int, found: Counter[str], word: str, kind: str) -> None:
    """Print one line on false patterns."""
    wrong = {name[2:]: count for name, count in sorted(found.items()) if name[0] == kind}
    print(f"{rows} rows, {tried} plain {word} drifts: {sum(wrong.values()) / tried:.2%} taken for a pattern {wrong}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 1000, 5000])
    parser.add_argument("--growth", type=float, nargs="+", default=[2.0, 2.5])
    # The criteria were chosen with other seeds.
    parser.add_argument("--seed", type=int, default=777)
    options = parser.parse_args()
    for rows in options.rows:
        for growth in options.growth:
            rng = np.random.default_rng([options.seed, rows])
            tried, found = false_patterns(rng, options.events, rows, growth)
            report(rows, tried, found, f"numeric (growth to {growth:g})", "x")
        report(rows, tried, found, "categorical", "c")
        rng = np.random.default_rng([options.seed + 1, rows])
        report(rows, *false_in_families(rng, options.events, rows), "alike numeric", "x")
        rng = np.random.default_rng([options.seed + 2, rows])
        for fault, share in recognised(rng, options.events // 2, rows).items():
            print(f"{rows} rows, {fault}: {share:.0%} recognised")


if __name__ == "__main__":
    main()
