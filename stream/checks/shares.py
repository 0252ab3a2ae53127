"""Shares of rows, tested by exact tails: one category's share, and the share of rows without a usable value."""

import math

import numpy as np
from scipy import special

from baselines.cells import IntArray
from stream.checks.measured import Measured, Pair, Parts, known
from stream.deviates import hypergeometric, of_log_p
from stream.tails import hypergeometric_bound, hypergeometric_two_sided

_METHOD = "hypergeometric"


def frequency(pair: Pair) -> Measured:
    """Measure the category of the reference whose share moved most: its difference, window less reference.

    The p-value is the exact two-sided one of that category times the number of categories (Bonferroni), at most 1.
    """
    found = [_most_moved(pair, place) for place in pair.categorical.tolist()]
    difference = np.array([w / n - r / m for w, n, r, m, _ in found], dtype=np.float64)

    def tail(i: int) -> tuple[float, str]:
        seen, n, seen_reference, n_reference, categories = found[i]
        p = hypergeometric_two_sided(seen, n + n_reference, seen + seen_reference, n)
        return min(1.0, categories * p), _METHOD

    def upper(i: int) -> float:
        seen, n, seen_reference, n_reference, categories = found[i]
        return min(1.0, categories * hypergeometric_bound(seen, n + n_reference, seen + seen_reference, n))

    def deviate(i: int) -> float:
        seen, n, seen_reference, n_reference, categories = found[i]
        z = abs(hypergeometric(seen, n + n_reference, seen + seen_reference, n))
        return of_log_p(math.log(2.0 * categories) + float(special.log_ndtr(-z)))

    parts = pair.categorical_measured("frequency", difference, np.abs(difference))
    return parts.measured(tail, upper=upper, deviate=deviate)


def _most_moved(pair: Pair, place: int) -> tuple[int, int, int, int, int]:
    """(in the window, of values), (in the reference, of values) of the category that moved most; how many there are."""
    reference, window = pair.reference.categories(place), pair.window.categories(place)
    n, n_reference = int(pair.window.categorical_n[place]), int(pair.reference.categorical_n[place])
    categories = len(reference) - 1
    if categories == 0:
        return 0, n, 0, n_reference, 1
    moved = np.abs(window[:-1] / n - reference[:-1] / n_reference)
    most = int(np.argmax(moved))
    return int(window[most]), n, int(reference[most]), n_reference, categories


def missing(pair: Pair) -> Measured:
    """Measure the share of rows without a usable value, window less reference, over features of both kinds.

    Unusable are missing values, NaN, infinities and values of the wrong type. The p-value is exact, two-sided.
    """
    rows, unusable = _by_feature(pair)
    enough = (rows[0] >= max(pair.min_samples, 1)) & (rows[1] >= pair.min_reference)
    (n, n_reference), (seen, seen_reference) = rows[:, enough], unusable[:, enough]
    difference = seen / n - seen_reference / n_reference
    numbers = known(difference, np.abs(difference))
    parts = Parts(pair.reference, "missing", np.flatnonzero(enough), numbers, (n, n_reference))

    def table(i: int) -> tuple[int, int, int, int]:
        return int(seen[i]), int(n[i] + n_reference[i]), int(seen[i] + seen_reference[i]), int(n[i])

    return parts.measured(
        lambda i: (hypergeometric_two_sided(*table(i)), _METHOD),
        upper=lambda i: hypergeometric_bound(*table(i)),
        deviate=lambda i: abs(hypergeometric(*table(i))),
    )


def _by_feature(pair: Pair) -> tuple[IntArray, IntArray]:
    """Rows and unusable rows, each (2, features): window, then reference, in the order of ``Baseline.features``."""
    order = np.argsort(np.concatenate([pair.numeric_index, pair.categorical_index]))
    sides = (pair.window, pair.reference)
    rows = np.array([np.concatenate([side.numeric_rows, side.categorical_rows])[order] for side in sides])
    unusable = np.array([np.concatenate([side.numeric_unusable, side.categorical_unusable])[order] for side in sides])
    return rows, unusable
