"""The distribution of Kolmogorov and Smirnov's statistic, where scipy takes milliseconds for the same number."""

import math

import numpy as np
from scipy import special, stats

# From here on the two ends are never exceeded together, and below it scipy is quick (Simard and L'Ecuyer 2011).
_ONE_END, _FEW = 2.2, 140
# From here on scipy says 0.
_NONE = 370.0
# As far as the logarithms of factorials are good to ten digits.
_MANY = 20_000


def equal_sizes(gap: int, n: int) -> float:
    """Return P(n D >= ``gap``) of two samples of n values each, exactly, whatever their common distribution.

    Gnedenko and Korolyuk (1951): 2 (b_1 - b_2 + b_3 - ...), b_k = binom(2n, n - k gap) / binom(2n, n). The same number
    as ``scipy.stats.ks_2samp(method="exact")``.

    >>> round(equal_sizes(3, 3), 6)
    0.1
    """
    if gap <= 0:
        return 1.0
    out = np.arange(gap, n + 1, gap)
    ratios = np.exp(2.0 * special.gammaln(n + 1) - special.gammaln(n - out + 1) - special.gammaln(n + out + 1))
    return min(1.0, max(0.0, 2.0 * float(ratios[::2].sum() - ratios[1::2].sum())))


def two_sided(distance: float, n: int) -> float:
    """Return P(D >= ``distance``) of n values against their distribution: ``scipy.stats.kstwo.sf``.

    Far out it is twice the probability of one end, a sum over n values (Smirnov 1944; Birnbaum and Tingey 1951).
    """
    tail = n * distance * distance
    if not _FEW < n <= _MANY or not _ONE_END <= tail < _NONE or distance >= 0.5:
        return float(stats.kstwo.sf(distance, n))
    below = np.arange(1, math.ceil(n * (1.0 - distance)), dtype=np.float64)
    # The last may be rounded to where its term is zero.
    below = below[distance + below / n < 1.0]
    ways = special.gammaln(n + 1.0) - special.gammaln(below + 1.0) - special.gammaln(n - below + 1.0)
    share = distance + below / n
    logs = ways + (below - 1.0) * np.log(share) + (n - below) * np.log1p(-share)
    # None of the values below it is the first term.
    return min(1.0, 2.0 * (distance * float(np.exp(logs).sum()) + (1.0 - distance) ** n))
