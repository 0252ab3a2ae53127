"""Two-sided normal deviates of the checks' statistics for independent rows: closed forms that never underflow.

A p-value of 1e-400 is 0.0 as a float, and nothing can be learned from it; its deviate is 42.8. A deviate z stands for
p = 2 * (1 - Phi(z)), and is 0 or more. Scalars in, scalars out.
"""

import math

import numpy as np
from scipy import special

from baselines.cells import FloatArray

_LOG_TWO = math.log(2.0)
# Beyond this, Kolmogorov's series is its first term to the last digit.
_FIRST_TERM_FROM = 4.0
# This near to its mean, the correction of the signed root is 0/0, and its limit is used.
_CENTRE = 1e-4


def of_log_p(log_p: float) -> float:
    """Return the deviate of a two-sided p-value, given by its natural logarithm.

    >>> round(of_log_p(math.log(0.05)), 6)
    1.959964
    """
    if log_p >= 0.0:
        return 0.0
    return max(-float(special.ndtri_exp(log_p - _LOG_TWO)), 0.0)


def of_p(p: float) -> float:
    """Return the deviate of a two-sided p-value; that of the smallest float for 0."""
    return of_log_p(math.log(max(p, 5e-324)))


def of_upper(one_sided: float) -> float:
    """Return the two-sided deviate with the p-value of the upper tail beyond a one-sided one."""
    return of_log_p(float(special.log_ndtr(-one_sided)))


def kolmogorov(distance: float, rows: float) -> float:
    """Return the deviate of a two-sample D over samples of which ``rows`` is nm / (n + m), by Kolmogorov's limit."""
    scaled = distance * math.sqrt(rows)
    if scaled < _FIRST_TERM_FROM:
        return of_log_p(math.log(float(special.kolmogorov(scaled))))
    return of_log_p(_LOG_TWO - 2.0 * scaled * scaled)


def chi_squared(statistic: float, freedom: int) -> float:
    """Return the deviate of the upper tail of chi-squared: the modified signed root r* (Barndorff-Nielsen 1986)."""
    if freedom <= 0 or statistic <= 0.0:
        return 0.0
    mean, x = freedom / 2.0, statistic / 2.0
    # Between x and its mean nothing may cancel: x - a - a log(x / a) with x = a (1 + e).
    e = x / mean - 1.0
    root = math.copysign(math.sqrt(2.0 * mean * max(e - math.log1p(e), 0.0)), e)
    if abs(root) < _CENTRE:
        return of_upper(root + 1.0 / (3.0 * math.sqrt(mean)))
    return of_upper(root + math.log(e * math.sqrt(mean) / root) / root)


def student(t: FloatArray, freedom: FloatArray) -> FloatArray:
    """Return the two-sided deviates of Student's t, elementwise, in Wallace's approximation (1959).

    With 25 degrees of freedom or more it is right to half a percent, with fewer a little too small.
    """
    z: FloatArray = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0) * np.sqrt(freedom * np.log1p(t * t / freedom))
    return z


def hypergeometric(seen: int, population: int, marked: int, drawn: int) -> float:
    """Return how far ``seen`` is above (or, below 0, under) its mean, in its exact standard deviations.

    The names are those of ``stream.tails``.
    """
    share = marked / population
    variance = drawn * share * (1.0 - share) * (population - drawn) / max(population - 1, 1)
    return (seen - drawn * share) / math.sqrt(variance) if variance > 0.0 else 0.0
