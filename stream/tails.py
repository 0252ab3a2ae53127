"""Exact tail probabilities of counts, and cheap bounds on tail probabilities; scalars in, scalars out."""

import math
from collections.abc import Iterator

import numpy as np
from scipy import special, stats

from baselines.cells import FloatArray, IntArray

# Below this natural logarithm a probability is 0.0 as a float.
_LOG_SMALLEST = -746.0
# Less likely than e to this is not followed up.
_LOG_NEGLIGIBLE = -100.0
# Factors of the exceedance product that are multiplied out; all are below 1, so leaving the rest out only raises p.
_MOST_FACTORS = 10_000


def hypergeometric_upper(seen: int, population: int, marked: int, drawn: int) -> float:
    """Return P(X >= ``seen``) for X marked ones among ``drawn`` from ``population`` without replacement (exact).

    >>> round(hypergeometric_upper(2, 4, 2, 2), 6)
    0.166667
    """
    return min(1.0, float(stats.hypergeom.sf(seen - 1, population, marked, drawn)))


def hypergeometric_two_sided(seen: int, population: int, marked: int, drawn: int) -> float:
    """Return twice the smaller exact tail, at most 1: the two-sided conditional test of two shares.

    ``marked`` of ``population`` rows carry the mark, ``seen`` of them among the ``drawn`` rows of the window. This is
    Fisher's exact test with the tail doubled, which is never below the level it states.
    """
    if not 0 < marked < population:
        return 1.0
    above = hypergeometric_upper(seen, population, marked, drawn)
    below = float(stats.hypergeom.cdf(seen, population, marked, drawn))
    return min(1.0, 2.0 * min(above, below))


def hypergeometric_bound(seen: int, population: int, marked: int, drawn: int) -> float:
    """Return an upper bound on ``hypergeometric_two_sided`` without its cost.

    Hoeffding (1963), theorems 1 and 4: P(X >= x) <= exp(-drawn * KL(x / drawn || marked / population)), also without
    replacement, and likewise with the roles of drawn and marked exchanged; the smaller of the two bounds counts.
    """
    if not 0 < marked < population or not 0 < drawn < population:
        return 1.0
    exponent = max(
        drawn * _relative_entropy(seen / drawn, marked / population),
        marked * _relative_entropy(seen / marked, drawn / population),
    )
    return min(1.0, 2.0 * math.exp(-exponent))


def exceedance_upper(outside: int, n: int, n_reference: int, *, one_end: bool = False) -> float:
    """Return how likely so many of the window's n values lie beyond the reference's extremes, if by chance.

    Under exchangeability at least a values lie above all reference values and at least b below with probability
    f(a + b), f(j) = prod_{i<j} (n - i) / (N - i), N = n + n_reference. So j or more lie beyond, both ends together,
    with probability (j + 1) f(j) - j f(j + 1): inclusion and exclusion along the ways to split j. More beyond is
    further out, and of as many, all of them at ``one_end``: their p-value leaves the mixed ways to split j away.
    Distribution-free (exceedance test, see Gibbons and Chakraborti 2011, ch. 6); ties only make it conservative.

    >>> exceedance_upper(1, 1, 3), exceedance_upper(2, 2, 2) > exceedance_upper(2, 2, 2, one_end=True)
    (0.5, True)
    """
    log_p = log_exceedance(outside, n, n_reference, one_end=one_end)
    return math.exp(log_p) if log_p >= _LOG_SMALLEST else 0.0


def log_exceedance(outside: int, n: int, n_reference: int, *, one_end: bool = False) -> float:
    """Return the natural logarithm of ``exceedance_upper``."""
    if outside <= 0:
        return 0.0
    if outside > n:
        return -math.inf
    total = n + n_reference
    factors = np.arange(min(outside, _MOST_FACTORS))
    log_f = float(np.log((n - factors) / (total - factors)).sum())
    # Without the cancellation, because 1 - (n - j) / (N - j) = m / (N - j).
    if not one_end:
        return min(0.0, log_f + math.log1p(outside * n_reference / (total - outside)))
    # P(j + 1 or more) and twice P(exactly j above, none below), over f(j).
    one_more = (n - outside) / (total - outside)
    left = n_reference / max(total - outside - 1, 1)
    return min(0.0, log_f + math.log(2.0 - one_more + (outside - 1) * one_more * left))


def clusters_upper(seen: int, population: int, singles: int, clusters: IntArray, drawn: int) -> float:
    """Return P(the values of names that are wholly in the window number at least ``seen``), if by chance.

    The window is ``drawn`` of ``population`` values without replacement; ``singles`` of them have a name of their own,
    and names of several values have sizes ``clusters``, 2 or more each. A name of c values is wholly in the window with
    probability prod_{i<c} (drawn - i) / (population - i). Names are taken as independent; without replacement they are
    negatively associated (Joag-Dev and Proschan 1983), which only makes many at once rarer. As many as are expected, or
    fewer, have 1.

    >>> round(clusters_upper(2, 4, 2, np.array([2]), 2), 4), round(clusters_upper(2, 4, 0, np.array([2]), 2), 4)
    (0.3056, 0.1667)
    """
    expected = singles * drawn / population + float(clusters @ np.exp(_log_wholly(clusters, population, drawn)))
    if seen <= expected:
        return 1.0
    clustered = _clustered(seen, population, clusters, drawn)
    if not clustered[1:].any():
        return hypergeometric_upper(seen, population, singles, drawn)
    alone = stats.hypergeom.pmf(np.arange(seen + 1), population, singles, drawn)
    alone[seen] = hypergeometric_upper(seen, population, singles, drawn)
    # What names of several values leave to be found, or more.
    return min(1.0, float(clustered @ np.cumsum(alone[::-1])))


def clusters_bound(population: int, clusters: IntArray, drawn: int) -> float:
    """Return an upper bound on the probability that any name of several values is wholly in the window."""
    return min(1.0, float(np.exp(_log_wholly(clusters, population, drawn)).sum()))


def _clustered(most: int, population: int, clusters: IntArray, drawn: int) -> FloatArray:
    """Return the distribution of how many values such names have in the window, shape (most + 1,); last: or more."""
    found = np.zeros(most + 1)
    found[0] = 1.0
    sizes, names = np.unique(clusters, return_counts=True)
    for size, count, log_p in zip(sizes.tolist(), names.tolist(), _log_wholly(sizes, population, drawn), strict=True):
        if log_p < _LOG_NEGLIGIBLE:
            continue
        grown = np.zeros(most + 1)
        for wholly, chance in _binomial(count, log_p, most // size + 1):
            step = min(wholly * size, most)
            grown[step:] += chance * found[: most + 1 - step]
            grown[most] += chance * found[most + 1 - step :].sum()
        found = grown
    return found


def _binomial(count: int, log_p: float, most: int) -> Iterator[tuple[int, float]]:
    """Yield how many of ``count`` there are with which probability, as far as that is not negligible; at most ``most``.

    The last one stands for all that are more.
    """
    few = np.arange(min(count, most) + 1)
    ways = special.gammaln(count + 1) - special.gammaln(few + 1) - special.gammaln(count - few + 1)
    chances = np.exp(ways + few * log_p + special.xlog1py(count - few, -math.exp(log_p)))
    if count > most:
        chances[-1] = special.bdtrc(most - 1, count, math.exp(log_p))
    kept = np.flatnonzero(chances > math.exp(_LOG_NEGLIGIBLE))
    return zip(kept.tolist(), chances[kept].tolist(), strict=True)


def _log_wholly(clusters: IntArray, population: int, drawn: int) -> FloatArray:
    inside = np.minimum(clusters, drawn)
    logs: FloatArray = (
        special.gammaln(drawn + 1)
        - special.gammaln(drawn - inside + 1)
        - special.gammaln(population + 1)
        + special.gammaln(population - inside + 1)
    )
    return np.where(clusters <= drawn, logs, -np.inf)


def ks_bound(statistic: float, n: int, n_reference: int, points: int) -> float:
    """Return an upper bound on the p-value of the two-sample Kolmogorov-Smirnov statistic, at any sizes.

    The smaller of two bounds. Both samples lie within the Dvoretzky-Kiefer-Wolfowitz band with Massart's constant
    (1990); by the triangle inequality one of them leaves its share of D, the shares chosen so that the exponents agree:
    4 exp(-2 D^2 m n / (sqrt(m) + sqrt(n))^2). And at each of the ``points`` at which D is looked for, the window's
    share is that of a sample without replacement (Serfling 1974), which their number times 2 exp(-2 D^2 m n / (m + n)
    * h / (h + 1)) bounds, h the larger size.
    """
    if not n or not n_reference:
        return 1.0
    product, larger = n * n_reference, max(n, n_reference)
    band = product / (math.sqrt(n) + math.sqrt(n_reference)) ** 2
    point = product / (n + n_reference) * larger / (larger + 1)
    squared = 2.0 * statistic * statistic
    return min(1.0, 4.0 * math.exp(-squared * band), 2.0 * points * math.exp(-squared * point))


def _relative_entropy(share: float, expected: float) -> float:
    """Kullback-Leibler divergence of two yes/no shares, ``expected`` strictly between 0 and 1."""
    entropy = 0.0
    if share > 0.0:
        entropy += share * math.log(share / expected)
    if share < 1.0:
        entropy += (1.0 - share) * math.log((1.0 - share) / (1.0 - expected))
    return entropy
