"""Two-sample Kolmogorov-Smirnov over cells: the distribution function moved anywhere.

Source: Kolmogorov 1933, Smirnov 1939; p-values are those of ``scipy.stats.ks_2samp(method="auto")``.
"""

import warnings

import numpy as np
from scipy import stats

from baselines.calibration import paired_rows
from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Measured, Pair
from stream.deviates import kolmogorov
from stream.tails import ks_bound

# Up to this size of the larger sample scipy's "auto" takes the exact distribution.
LARGEST_EXACT = 10_000
# So many that their cells stay in the processor's cache.
_FEATURES_AT_ONCE = 32


def ks(pair: Pair) -> Measured:
    """Measure D of every numeric feature; the effect is D itself, the bound the largest open cell of the reference."""
    places = pair.numeric
    statistic = _distances(pair)[places]
    numeric = pair.reference.layout.baseline.numeric
    parts = pair.numeric_measured("ks", places, statistic, statistic)
    n, n_reference = parts.sizes

    def tail(i: int) -> tuple[float, str]:
        place = int(places[i])
        return ks_p_value(pair.reference.numeric(place), pair.window.numeric(place), float(statistic[i]))

    def upper(i: int) -> float:
        # D is looked for at the end of every cell but the last, where both functions are 1.
        points = len(numeric[int(places[i])].values) * 2
        return ks_bound(float(statistic[i]), int(n[i]), int(n_reference[i]), points)

    def deviate(i: int) -> float:
        return kolmogorov(float(statistic[i]), paired_rows(int(n[i]), int(n_reference[i])))

    def below_exact(i: int) -> float:
        return pair.reference.bound(int(places[i]))

    return parts.measured(tail, upper=upper, deviate=deviate, below_exact=below_exact)


def _distances(pair: Pair) -> FloatArray:
    """D of every numeric feature, a few dozen features at a time.

    With n values in the window and m in the reference, the running sum of m times the window's counts less n times the
    reference's is n m times the difference of the distribution functions, in integers: it is exact, and it ends at 0,
    so that the next feature's begins anew by itself.
    """
    starts = pair.reference.layout.numeric_starts
    n, m = pair.window.numeric_n, pair.reference.numeric_n
    scale = _scale(n, m)
    largest = np.zeros(len(n))
    for first in range(0, len(n), _FEATURES_AT_ONCE):
        last = min(first + _FEATURES_AT_ONCE, len(n))
        cells, sizes = slice(starts[first], starts[last]), np.diff(starts[first : last + 1])
        gaps = pair.window.numeric_cells[cells].astype(scale) * np.repeat(m[first:last].astype(scale), sizes)
        gaps -= pair.reference.numeric_cells[cells].astype(scale) * np.repeat(n[first:last].astype(scale), sizes)
        np.cumsum(gaps, out=gaps)
        np.abs(gaps, out=gaps)
        largest[first:last] = np.maximum.reduceat(gaps, starts[first:last] - starts[first])
    distances: FloatArray = largest / (np.maximum(n, 1) * np.maximum(m, 1).astype(np.float64))
    return distances


def _scale(n: IntArray, m: IntArray) -> type[np.generic]:
    """Return the narrowest integers that hold products of the two sizes, or floats where these outgrow 64 bits."""
    product = int(n.max(initial=0)) * int(m.max(initial=0))
    if product < 2**30:
        return np.int32
    return np.int64 if product < 2**62 else np.float64


def ks_p_value(reference: IntArray, window: IntArray, statistic: float) -> tuple[float, str]:
    """Return the p-value of D between two vectors of counts on the same cells, shape (k,), and how it was taken.

    "exact" up to ``LARGEST_EXACT`` values on the larger side, where scipy manages it; "asymp" above.
    """
    n, n_reference = int(window.sum()), int(reference.sum())
    if max(n, n_reference) <= LARGEST_EXACT:
        exact = _exact(reference, window)
        if exact is not None:
            return exact, "exact"
    size = n * n_reference / (n + n_reference)
    return float(stats.kstwo.sf(statistic, np.round(size))), "asymp"


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
