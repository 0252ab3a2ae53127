"""Exact tail probabilities of counts, and cheap bounds on tail probabilities; scalars in, scalars out."""

import math

import numpy as np
from scipy import stats

# Below this natural logarithm a probability is 0.0 as a float.
_LOG_SMALLEST = -746.0
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


def exceedance_upper(outside: int, n: int, n_reference: int) -> float:
    """Return P(at least ``outside`` of the window's n values lie beyond the reference's extremes), both sides together.

    Under exchangeability the values beyond are a above all reference values and b below; with
    f(j) = prod_{i<j} (n - i) / (N - i), N = n + n_reference, the union of "top a and bottom j - a are the window's"
    over a = 0..j has probability (j + 1) f(j) - j f(j + 1): inclusion and exclusion along a path. Distribution-free
    (exceedance test, see Gibbons and Chakraborti 2011, ch. 6); ties only make it conservative.

    >>> exceedance_upper(1, 1, 3)
    0.5
    """
    log_p = log_exceedance(outside, n, n_reference)
    return math.exp(log_p) if log_p >= _LOG_SMALLEST else 0.0


def log_exceedance(outside: int, n: int, n_reference: int) -> float:
    """Return the natural logarithm of ``exceedance_upper``."""
    if outside <= 0:
        return 0.0
    if outside > n:
        return -math.inf
    total = n + n_reference
    factors = np.arange(min(outside, _MOST_FACTORS))
    log_f = float(np.log((n - factors) / (total - factors)).sum())
    # (j + 1) f(j) - j f(j + 1) without the cancellation, because 1 - (n - j) / (N - j) = m / (N - j).
    return min(0.0, log_f + math.log1p(outside * n_reference / (total - outside)))


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
