"""Changes of a stated size, and scipy's verdict on each: what a window must show before anything may be asked of us."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.frames import Frame
from stream.policy import DEFAULT_THRESHOLDS

Column: TypeAlias = NDArray[Any]
Apply: TypeAlias = Callable[[Column, Column, np.random.Generator], Column]
Verdict: TypeAlias = Callable[[Column, Column], tuple[float, float]]
FLOORS = 2.0


@dataclass(frozen=True)
class Effect:
    """A change of the features ``features`` by two floors of ``check``.

    ``apply(column, reference, rng)`` returns the column changed; ``oracle(reference, window)`` scipy's p-value and the
    size of the effect in the check's unit.
    """

    name: str
    check: str
    features: tuple[str, ...]
    apply: Apply
    oracle: Verdict

    @property
    def floor(self) -> float:
        """The size that the effect must reach to be drift."""
        return DEFAULT_THRESHOLDS[self.check]

    def on(self, frame: Frame, reference: Frame, rng: np.random.Generator) -> Frame:
        """Return the frame with the change applied to its features."""
        return {**frame, **{name: self.apply(frame[name], reference[name], rng) for name in self.features}}


def traffic(rng: np.random.Generator, n: int) -> Frame:
    """Draw rows of six numeric and two categorical features of everyday shapes."""
    return {
        "normal": rng.normal(size=n),
        "lognormal": rng.lognormal(0.0, 0.5, n),
        "gamma": rng.gamma(2.0, size=n),
        "counts": rng.poisson(4.0, n).astype(float),
        "uniform": rng.random(n),
        "t5": rng.standard_t(5, n),
        "few": rng.choice(["a", "b", "c", "d", "e"], n, p=[0.4, 0.25, 0.2, 0.1, 0.05]),
        "many": rng.choice([f"m{i}" for i in range(12)], n),
    }


def _shifted(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    return column + FLOORS * DEFAULT_THRESHOLDS["mean"] * np.nanstd(reference)


def _widened(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    mean = np.nanmean(reference)
    return mean + (column - mean) * (1.0 + FLOORS * DEFAULT_THRESHOLDS["std"])


def _beyond(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    out = rng.random(len(column)) < FLOORS * DEFAULT_THRESHOLDS["range"]
    return np.where(out, reference.max() + rng.random(len(column)), column)


def _lost(column: Column, reference: Column, rng: np.random.Generator) -> Column:
    gone = rng.random(len(column)) < FLOORS * DEFAULT_THRESHOLDS["missing"]
    return np.where(gone, np.nan, column)


def _renamed(share: float, name: str) -> Apply:
    def apply(column: Column, reference: Column, rng: np.random.Generator) -> Column:
        most = _most_frequent(reference)
        chance = share / np.mean(reference == most)
        return np.where((column == most) & (rng.random(len(column)) < chance), name, column)

    return apply


def _most_frequent(reference: Column) -> str:
    names, counts = np.unique(reference, return_counts=True)
    return str(names[np.argmax(counts)])


def _ks(reference: Column, window: Column) -> tuple[float, float]:
    result = stats.ks_2samp(window, reference, method="exact")
    return float(result.pvalue), float(result.statistic)


def _mean(reference: Column, window: Column) -> tuple[float, float]:
    p = stats.mannwhitneyu(window, reference).pvalue
    return float(p), abs(float(window.mean() - reference.mean())) / float(reference.std(ddof=1))


def _mood(reference: Column, window: Column) -> tuple[float, float]:
    ratio = float(window.std(ddof=1) / reference.std(ddof=1))
    return float(stats.mood(window, reference).pvalue), abs(ratio - 1.0)


def _outside(reference: Column, window: Column) -> tuple[float, float]:
    """Compare by the exceedance test, with scipy's distribution of how many values come before two of the reference's.

    Fisher's test does not hold its level here: it takes the reference's extremes, which were drawn, too, for given.
    """
    beyond = (window > reference.max()) | (window < reference.min())
    n, m = len(window), len(reference)
    return float(stats.nhypergeom.sf(beyond.sum() - 1, n + m, n, 2)), float(beyond.mean())


def _missing(reference: Column, window: Column) -> tuple[float, float]:
    return _fisher(np.isnan(reference), np.isnan(window))


def _most_moved(reference: Column, window: Column) -> tuple[float, float]:
    return _fisher(reference == _most_frequent(reference), window == _most_frequent(reference))


def _unseen(reference: Column, window: Column) -> tuple[float, float]:
    return _fisher(np.zeros(len(reference), dtype=bool), ~np.isin(window, reference))


def _fisher(reference: Column, window: Column) -> tuple[float, float]:
    """Compare the shares of two vectors of yes and no by Fisher's exact test."""
    table = [[int(side.sum()), int((~side).sum())] for side in (reference, window)]
    return float(stats.fisher_exact(table).pvalue), abs(float(window.mean() - reference.mean()))


def _chi2(reference: Column, window: Column) -> tuple[float, float]:
    names = np.union1d(reference, window)
    table = np.array([[np.sum(side == name) for name in names] for side in (reference, window)])
    shares = table / table.sum(axis=1, keepdims=True)
    return float(stats.chi2_contingency(table, correction=False).pvalue), 0.5 * float(
        np.abs(np.diff(shares, axis=0)).sum()
    )


EFFECTS = (
    Effect("mean + 0.5 sd (ks)", "ks", ("normal", "lognormal"), _shifted, _ks),
    Effect("mean + 0.5 sd (mean)", "mean", ("normal", "gamma"), _shifted, _mean),
    Effect("spread x 1.2", "std", ("normal", "uniform"), _widened, _mood),
    Effect("2 % out of range", "range", ("normal", "uniform"), _beyond, _outside),
    Effect("10 % missing", "missing", ("normal", "counts"), _lost, _missing),
    Effect("20 % change category", "chi2", ("few",), _renamed(FLOORS * DEFAULT_THRESHOLDS["chi2"], "e"), _chi2),
    Effect(
        "one category - 10 %",
        "frequency",
        ("few",),
        _renamed(FLOORS * DEFAULT_THRESHOLDS["frequency"], "d"),
        _most_moved,
    ),
    Effect(
        "1 % new category",
        "new_category",
        ("few",),
        _renamed(FLOORS * DEFAULT_THRESHOLDS["new_category"], "new"),
        _unseen,
    ),
)
