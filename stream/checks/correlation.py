"""Correlation breaks: two features that no longer move together, or only now do, whatever each does by itself.

Window and reference each have a correlation of rank scores per pair (``baselines.scores``); Fisher's transforms of the
two are compared. Source: Fisher 1921; their variance by the delta method, learned in training
(``baselines.dependence``).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from baselines.cells import FloatArray, IntArray
from baselines.dependence import Dependence
from stream.checks.measured import Measured, Pair, Partner, Parts, known
from stream.deviates import student
from stream.policy import Policy
from stream.sample import Sample

# A feature whose own distribution moved by this much (D) is not compared: crowded or stuck values change correlations
# by themselves, and the checks of single features speak of them.
MOVED_BY_ITSELF = 0.15
# Correlations nearer to 1 than this are taken for this: Fisher's transform has no end.
_HIGHEST = 0.999
# Fewer rows in common make no correlation worth a test.
_FEWEST = 10
# The smaller sample has so many degrees of freedom per row: calibrated by simulation (benchmarks/correlation_tails.py).
_FREEDOM_PER_ROW = 0.25
# A pair is broken for certain where its own p-value, corrected for all pairs, is no larger.
_BROKEN = 0.01
_METHOD = "fisher-z"


def correlation(pair: Pair, policy: Policy) -> Measured:
    """Measure, per scored feature, the partner with which its correlation changed most: window less reference.

    The effect is the size of that difference. The p-value is that of the pair times the number of partners
    (Bonferroni), at most 1. Where one feature broke with several others, the pairs are its own, not theirs.
    """
    layout = pair.reference.layout
    dependence = layout.baseline.dependence
    if dependence is None or pair.reference.pair_counters is None or pair.window.pair_counters is None:
        return _measured(pair, np.zeros(0, dtype=np.int64), None)
    breaks = _Breaks(
        pair, dependence, np.array([policy.floor(one.feature, "correlation") for one in layout.scored.scores])
    )
    rows = np.flatnonzero(breaks.own.any(axis=1))
    order = np.argsort([layout.scored_places[row] for row in rows])
    return _measured(pair, rows[order], breaks)


def _measured(pair: Pair, rows: IntArray, breaks: "_Breaks | None") -> Measured:
    """Gather the rows, numbers of scored features, in the order of the baseline."""
    places = np.array([pair.reference.layout.scored_places[row] for row in rows], dtype=np.int64)
    index = pair.numeric_index[places]
    if breaks is None or not len(rows):
        nothing, nobody = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Parts(pair.reference, "correlation", index, known(nothing, nothing), (nobody, nobody)).measured(_nothing)
    partners = breaks.partners[rows]
    difference = breaks.difference[rows, partners]
    sizes = breaks.n[rows, partners], breaks.n_reference[rows, partners]
    tests = breaks.comparable[rows].sum(axis=1)
    p_values = np.minimum(1.0, breaks.p_values[rows, partners] * tests).tolist()
    names = [one.feature for one in pair.reference.layout.scored.scores]
    before, after = breaks.before[rows, partners].tolist(), breaks.after[rows, partners].tolist()
    found = Parts(pair.reference, "correlation", index, known(difference, np.abs(difference)), sizes).measured(
        lambda i: (p_values[i], _METHOD),
        upper=lambda i: p_values[i],
        deviate=lambda i: float(breaks.deviates[rows[i], partners[i]]),
        partners=tuple(Partner(names[j], r, s) for j, r, s in zip(partners.tolist(), before, after, strict=True)),
    )
    return replace(found, tests=tests, apart=lambda i: (breaks.deviates[rows[i]], breaks.paired_rows[rows[i]]))


def _nothing(i: int) -> tuple[float, str]:
    raise IndexError(i)


@dataclass(frozen=True, eq=False)
class _Breaks:
    """All pairs of the d scored features at once; every matrix is (d, d) and symmetric, but ``own``."""

    pair: Pair
    dependence: Dependence
    floors: FloatArray

    @cached_property
    def after(self) -> FloatArray:
        return self.pair.window.pairs.correlation

    @cached_property
    def before(self) -> FloatArray:
        return self.pair.reference.pairs.correlation

    @cached_property
    def n(self) -> IntArray:
        return self.pair.window.pairs.n

    @cached_property
    def n_reference(self) -> IntArray:
        return self.pair.reference.pairs.n

    @cached_property
    def comparable(self) -> NDArray[np.bool_]:
        """Pairs with enough rows, of two features that vary and that did not move by themselves."""
        still = _distances(self.pair.reference, self.pair.window) < MOVED_BY_ITSELF
        enough = (self.n >= max(self.pair.min_samples, _FEWEST)) & (
            self.n_reference >= max(self.pair.min_reference, _FEWEST)
        )
        both: NDArray[np.bool_] = enough & still & still[:, None] & np.isfinite(self.after) & np.isfinite(self.before)
        return both

    @cached_property
    def difference(self) -> FloatArray:
        return np.where(self.comparable, self.after - self.before, 0.0)

    @cached_property
    def p_values(self) -> FloatArray:
        """The two-sided p-value of each comparable pair by itself; 1 elsewhere."""
        p = two_sided(*self._t)
        return np.where(self.comparable, p, 1.0)

    @cached_property
    def _t(self) -> tuple[FloatArray, FloatArray]:
        return t_of_difference(
            (np.nan_to_num(self.before), np.nan_to_num(self.after)),
            (np.maximum(self.n_reference, _FEWEST), np.maximum(self.n, _FEWEST)),
            self.dependence.inflation,
            self.dependence.freedom,
        )

    @cached_property
    def deviates(self) -> FloatArray:
        """The two-sided deviate of each comparable pair by itself; NaN elsewhere."""
        return np.where(self.comparable, student(*self._t), np.nan)

    @cached_property
    def paired_rows(self) -> FloatArray:
        """The size of one sample whose correlation varies as the difference does."""
        rows: FloatArray = self.n * (self.n_reference / np.maximum(self.n + self.n_reference, 1))
        return rows

    @cached_property
    def own(self) -> NDArray[np.bool_]:
        """Whether row i answers for its pair with j: not where j broke with several features and i did not."""
        pairs = max(int(self.comparable.sum()) // 2, 1)
        broken = (np.abs(self.difference) >= self.floors) & (self.p_values * pairs <= _BROKEN) & self.comparable
        broken &= broken.T
        blamed = np.zeros(len(broken), dtype=np.bool_)
        while broken.sum(axis=1).max(initial=0) > 1:
            worst = int(np.argmax(broken.sum(axis=1)))
            blamed[worst] = True
            broken[worst] = broken[:, worst] = False
        return self.comparable & (blamed[:, None] | ~blamed)

    @cached_property
    def partners(self) -> IntArray:
        """The partner with which each feature's correlation changed most, among those it answers for, shape (d,)."""
        most: IntArray = np.argmax(np.where(self.own, np.abs(self.difference), -1.0), axis=1)
        return most


def t_of_difference(
    correlations: tuple[FloatArray, FloatArray],
    sizes: tuple[IntArray, IntArray],
    inflation: FloatArray,
    known: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return Student's t of two correlations, and its degrees of freedom, elementwise; tuples: reference, window.

    The difference of their Fisher transforms has the variance inflation * (1 / (m - 3) + 1 / (n - 3)) and is held
    against Student's t: ``known`` are the degrees of freedom of the inflation, and a small sample has few of its own.
    """
    before, after = (np.arctanh(np.clip(r, -_HIGHEST, _HIGHEST)) for r in correlations)
    variance = inflation * (1.0 / (sizes[0] - 3) + 1.0 / (sizes[1] - 3))
    freedom = 1.0 / (1.0 / (_FREEDOM_PER_ROW * np.minimum(*sizes)) + 1.0 / known)
    return (after - before) / np.sqrt(variance), freedom


def p_of_difference(
    correlations: tuple[FloatArray, FloatArray],
    sizes: tuple[IntArray, IntArray],
    inflation: FloatArray,
    known: FloatArray,
) -> FloatArray:
    """Return the two-sided p-value that two correlations are one, elementwise; as ``t_of_difference``."""
    return two_sided(*t_of_difference(correlations, sizes, inflation, known))


def two_sided(t: FloatArray, freedom: FloatArray) -> FloatArray:
    """Return the two-sided p-value of Student's t, elementwise."""
    p: FloatArray = 2.0 * special.stdtr(freedom, -np.abs(t))
    return p


def _distances(reference: Sample, window: Sample) -> FloatArray:
    """D between the two sides over the levels of each scored feature, shape (d,); 1 where one side is empty."""
    distances: FloatArray = np.abs(reference.level_shares - window.level_shares).max(axis=1)
    return distances
