"""Chi-squared over categories: the shares moved in any way."""

import numpy as np
from scipy import special

from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Measured, Pair
from stream.deviates import chi_squared
from stream.tails import hypergeometric_two_sided

# Categories with a smaller expected count in the smaller sample are pooled (Cochran 1954).
SMALLEST_EXPECTED = 5.0


def chi2(pair: Pair) -> Measured:
    """Measure Pearson's chi-squared of every categorical feature, rare categories pooled (see ``pool``).

    The effect is the total variation distance over all categories: the share of traffic that changed category. The
    reported p-value is Pearson's, equal to ``scipy.stats.chi2_contingency(correction=False)`` on the pooled table.
    """
    tables = [(pair.reference.categories(place), pair.window.categories(place)) for place in pair.categorical.tolist()]
    pooled = [pool(reference, window) for reference, window in tables]
    statistic = np.array([pearson(table) for table in pooled], dtype=np.float64)
    effect = np.array([total_variation(reference, window) for reference, window in tables], dtype=np.float64)

    def tail(i: int) -> tuple[float, str]:
        return _upper_tail(pooled[i].shape[1] - 1, float(statistic[i])), "pearson"

    def decisive(i: int) -> float:
        return p_calibrated(pooled[i])

    def deviate(i: int) -> float:
        return chi_squared(float(statistic[i]), pooled[i].shape[1] - 1)

    return pair.categorical_measured("chi2", statistic, effect).measured(tail, decisive=decisive, deviate=deviate)


def pool(reference: IntArray, window: IntArray) -> IntArray:
    """Return the table (2, k) of reference and window, both (c + 1,) with the unseen cell last, rare ones pooled.

    Rare is a category whose expected count on the smaller side is below ``SMALLEST_EXPECTED``, and what training did
    not have: by chance alone, a long-tailed vocabulary goes on bringing names that one side has not seen, so these
    belong with the rare names of the other side. All rare ones become one cell, the last. If that cell is itself rare,
    the smallest of the other categories (the first of equals) joins it; if it is empty, it is dropped.
    """
    table = np.stack([reference, window])
    totals = table.sum(axis=0)
    smaller_share = table.sum(axis=1).min() / totals.sum()
    rare = totals * smaller_share < SMALLEST_EXPECTED
    rare[-1] = True
    rest = int(totals[rare].sum())
    if 0 < rest * smaller_share < SMALLEST_EXPECTED and not rare.all():
        rare[np.flatnonzero(~rare)[np.argmin(totals[~rare])]] = True
    kept = table[:, ~rare]
    if rest == 0:
        return kept
    return np.concatenate([kept, table[:, rare].sum(axis=1, keepdims=True)], axis=1)


def pearson(table: IntArray) -> float:
    """Return Pearson's statistic of a table (2, k) with positive totals.

    Over the columns with counts a and w, t together, of m and n in all: the sum of (w m - a n)^2 / (t n m).
    """
    m, n = (int(side) for side in table.sum(axis=1))
    gaps = (table[1] * m - table[0] * n).astype(np.float64)
    return float((gaps * gaps / (table.sum(axis=0) * (float(n) * float(m)))).sum())


def likelihood_ratio(table: IntArray) -> float:
    """Return the likelihood ratio statistic G of a table (2, k), with Williams' correction (1976)."""
    sides, totals = table.sum(axis=1), table.sum(axis=0)
    size = float(totals.sum())
    expected = np.outer(sides, totals) / size
    g = 2.0 * float((special.xlogy(table, table) - special.xlogy(table, expected)).sum())
    spread = (size * (1.0 / sides).sum() - 1.0) * (size * (1.0 / totals).sum() - 1.0)
    return g / (1.0 + float(spread) / (6.0 * size * (len(totals) - 1)))


def p_calibrated(table: IntArray) -> float:
    """Return a p-value for a table (2, k) that holds in the far tail, where Pearson's does not."""
    if table.shape[1] < 2:
        return 1.0
    if table.shape[1] == 2:
        (_, n), totals = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
        return hypergeometric_two_sided(int(table[1, 0]), sum(totals), totals[0], n)
    return _upper_tail(table.shape[1] - 1, likelihood_ratio(table))


def total_variation(reference: IntArray, window: IntArray) -> float:
    """Return half the sum of the differences of shares: the share of rows that would have to change category."""
    shares: FloatArray = window / window.sum() - reference / reference.sum()
    return 0.5 * float(np.abs(shares).sum())


def _upper_tail(freedom: int, statistic: float) -> float:
    """Return the upper tail of the chi-squared distribution; 1 for a table of a single cell."""
    return float(special.chdtrc(freedom, statistic)) if freedom > 0 else 1.0
