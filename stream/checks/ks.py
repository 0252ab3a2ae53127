"""Two-sample Kolmogorov-Smirnov over cells: the distribution function moved anywhere.

Source: Kolmogorov 1933, Smirnov 1939; p-values are those of ``scipy.stats.ks_2samp``, by the method that is named.
"""

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from baselines.calibration import paired_rows
from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Measured, Pair
from stream.deviates import kolmogorov
from stream.kolmogorov import equal_sizes, two_sided
from stream.tails import ks_bound

# Up to this size of the larger sample scipy's "auto" takes the exact distribution.
LARGEST_EXACT = 10_000
# Where p is below this for sure, no decision can tell the exact distribution from the asymptotic one, and it is dear.
_FAR_OUT = 1e-20
# So many that their cells stay in the processor's cache.
_FEATURES_AT_ONCE = 16
# More than what rounding may take from a bound.
_ROUNDED = 1e-9


def ks(pair: Pair) -> Measured:
    """Measure D of every numeric feature; the effect is D itself, the bound the largest open cell of the reference.

    D is computed of those features of which somebody asks for it; runs of cells tell how large it is at most.
    """
    places, distances = pair.numeric, _Distances(pair)
    numeric = pair.reference.layout.baseline.numeric
    parts = pair.numeric_measured("ks", places, lambda rows: (distances.of(places[rows]),) * 2)
    n, n_reference = parts.sizes

    def statistic(i: int) -> float:
        return distances.at(int(places[i]))

    def tail(i: int) -> tuple[float, str]:
        place = int(places[i])
        return ks_p_value(pair.reference.numeric(place), pair.window.numeric(place), statistic(i))

    def upper(i: int) -> float:
        # D is looked for at the end of every cell but the last, where both functions are 1.
        points = len(numeric[int(places[i])].values) * 2
        return ks_bound(statistic(i), int(n[i]), int(n_reference[i]), points)

    def deviate(i: int) -> float:
        return kolmogorov(statistic(i), paired_rows(int(n[i]), int(n_reference[i])))

    def below_exact(i: int) -> float:
        return pair.reference.bound(int(places[i]))

    most = largest_distances(pair)[places]
    return parts.measured(tail, upper=upper, deviate=deviate, below_exact=below_exact, most=most)


class _Distances:
    """D of the numeric features of a pair, computed where it is asked for and then remembered.

    With n values in the window and m in the reference, the running sum of m times the window's counts less n times the
    reference's is n m times the difference of the distribution functions, in integers: it is exact, and it ends at 0,
    so that the next feature's begins anew by itself.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._known = np.full(len(pair.window.numeric_n), np.nan)

    def of(self, places: IntArray) -> FloatArray:
        """Return D of the features at these places in ``Baseline.numeric``."""
        unknown = places[np.isnan(self._known[places])]
        for block in np.unique(unknown // _FEATURES_AT_ONCE).tolist():
            self._compute(block * _FEATURES_AT_ONCE)
        return self._known[places]

    def at(self, place: int) -> float:
        """Return D of one feature."""
        if math.isnan(self._known[place]):
            self._compute(place - place % _FEATURES_AT_ONCE)
        return float(self._known[place])

    def _compute(self, first: int) -> None:
        pair = self._pair
        n, m = pair.window.numeric_n, pair.reference.numeric_n
        features = slice(first, min(first + _FEATURES_AT_ONCE, len(n)))
        starts = pair.reference.layout.numeric_starts[first : features.stop + 1]
        where, sizes, scale = slice(int(starts[0]), int(starts[-1])), np.diff(starts), _scale(n, m)
        gaps = _scaled(pair.window.cells_at(where), m[features], sizes, scale)
        gaps -= _scaled(pair.reference.cells_at(where), n[features], sizes, scale)
        np.cumsum(gaps, out=gaps)
        np.abs(gaps, out=gaps)
        largest = np.maximum.reduceat(gaps, starts[:-1] - starts[0])
        self._known[features] = _shares(largest, n[features], m[features])


def largest_distances(pair: Pair) -> FloatArray:
    """Return what D of every numeric feature does not exceed, from the runs of cells alone.

    Within a run each distribution function lies between its two ends, and D is no more than where the one has reached
    the end of the run before the other has left its beginning. A run of one cell has no inside.
    """
    runs, n, m = pair.reference.layout.runs, pair.window.numeric_n, pair.reference.numeric_n
    if not len(n):
        return np.zeros(0)
    sizes, scale = np.diff(runs.numeric_starts), _scale(n, m)
    up = _scaled(pair.window.runs[: runs.numeric_size], m, sizes, scale)
    down = _scaled(pair.reference.runs[: runs.numeric_size], n, sizes, scale)
    ends = np.cumsum(up - down)
    inside = np.maximum(ends + down, up - ends)
    largest = np.maximum.reduceat(np.where(runs.single, np.abs(ends), inside), runs.numeric_starts[:-1])
    # Beyond 64 bits the sums are rounded.
    return _shares(largest, n, m) + _ROUNDED


def _scaled(counts: IntArray, by: IntArray, sizes: IntArray, scale: type[np.generic]) -> NDArray[Any]:
    """Return each feature's counts, ``sizes`` of them, times its number in ``by``."""
    product: NDArray[Any] = counts.astype(scale) * np.repeat(by.astype(scale), sizes)
    return product


def _shares(largest: NDArray[Any], n: IntArray, m: IntArray) -> FloatArray:
    """Return gaps of n m times the distribution functions as distances; 0 where a side is empty."""
    shares: FloatArray = largest / (np.maximum(n, 1) * np.maximum(m, 1).astype(np.float64))
    return shares


def _scale(n: IntArray, m: IntArray) -> type[np.generic]:
    """Return the narrowest integers that hold products of the two sizes, or floats where these outgrow 64 bits."""
    product = int(n.max(initial=0)) * int(m.max(initial=0))
    if product < 2**30:
        return np.int32
    return np.int64 if product < 2**62 else np.float64


def ks_p_value(reference: IntArray, window: IntArray, statistic: float) -> tuple[float, str]:
    """Return the p-value of D between two vectors of counts on the same cells, shape (k,), and how it was taken.

    "exact" up to ``LARGEST_EXACT`` values on the larger side, where scipy manages it; "asymp" above, and where sizes
    differ and p is below 1e-20 for sure.
    """
    n, n_reference = int(window.sum()), int(reference.sum())
    if max(n, n_reference) <= LARGEST_EXACT:
        if n == n_reference:
            return equal_sizes(round(statistic * n), n), "exact"
        if ks_bound(statistic, n, n_reference, len(reference) - 1) > _FAR_OUT:
            exact = _exact(reference, window)
            if exact is not None:
                return exact, "exact"
    return two_sided(statistic, round(n * n_reference / (n + n_reference))), "asymp"


def _exact(reference: IntArray, window: IntArray) -> float | None:
    """Ask scipy, with cell numbers for values: D and its distribution depend on ranks alone. None where it gives up."""
    cells = np.arange(len(reference))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", RuntimeWarning)
        try:
            result = stats.ks_2samp(np.repeat(cells, window), np.repeat(cells, reference), method="exact")
        except RuntimeWarning:
            return None
    return float(result.pvalue)
