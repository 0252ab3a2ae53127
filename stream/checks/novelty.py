"""What training never saw: numbers beyond its extremes and categories without a name in it."""

from functools import cache

import numpy as np

from baselines.cells import IntArray
from stream.checks.measured import Measured, Pair, known
from stream.deviates import hypergeometric, of_log_p
from stream.sample import Sample
from stream.tails import (
    clusters_bound,
    clusters_upper,
    exceedance_upper,
    hypergeometric_bound,
    hypergeometric_upper,
    log_exceedance,
)


def outside_range(pair: Pair) -> Measured:
    """Measure the share of the window's finite values below the training minimum or above its maximum.

    The p-value is that of the exceedance test: how likely so many values of the window beyond all of the reference's
    would be if both came from the same distribution, whichever that is.
    """
    places = pair.numeric
    # What lies in the outer cells on the reference's own side is no exceedance: only another window can have it there.
    below, above = (end[places] for end in _outer(pair.window))
    outside, beyond = below + above, np.add(*_outer(pair.reference))[places]
    n, n_reference = pair.window.numeric_n[places], pair.reference.numeric_n[places]
    share = outside / n

    def tail(i: int) -> tuple[float, str]:
        if beyond[i]:
            p = hypergeometric_upper(
                int(outside[i]), int(n[i] + n_reference[i]), int(outside[i] + beyond[i]), int(n[i])
            )
            return p, "hypergeometric"
        return exceedance_upper(int(outside[i]), int(n[i]), int(n_reference[i]), one_end=one_end(i)), "exceedance"

    def one_end(i: int) -> bool:
        return not (below[i] and above[i])

    def deviate(i: int) -> float:
        return of_log_p(log_exceedance(int(outside[i]), int(n[i]), int(n_reference[i]), one_end=one_end(i)))

    return pair.numeric_measured("range", places, known(share, share)).measured(tail, deviate=deviate)


def _outer(sample: Sample) -> tuple[IntArray, IntArray]:
    """Values in the lowest and in the highest open cell, per numeric feature."""
    starts = sample.layout.numeric_starts
    first, last = starts[:-1], starts[1:] - 1
    return sample.cells[first], np.where(last > first, sample.cells[last], 0)


def new_category(pair: Pair) -> Measured:
    """Measure the share of the window's values whose category training did not have.

    The p-value is that of the permutation test: put training and window together and draw the window anew from them; a
    category is new where all its values are in the window. What the window found new counts as so many categories of
    one value, as does what training could not keep: values of a category that has more are never new one by one.
    """
    places = pair.categorical
    n, n_reference = pair.window.categorical_n[places], pair.reference.categorical_n[places]
    seen, unkept = pair.window.unseen[places], pair.reference.unseen[places]
    share = seen / n

    @cache
    def pooled(i: int) -> tuple[int, int, int, IntArray]:
        reference, window = (side.categories(int(places[i]))[:-1] for side in (pair.reference, pair.window))
        together: IntArray = reference + window
        alone = int(seen[i] + unkept[i]) + int((together == 1).sum())
        return int(seen[i]), int(n[i] + n_reference[i]), alone, together[together > 1]

    def tail(i: int) -> tuple[float, str]:
        return clusters_upper(*pooled(i), int(n[i])) if seen[i] else 1.0, "permutation"

    def upper(i: int) -> float:
        found, size, alone, clusters = pooled(i)
        # A bound on an upper tail only speaks above the mean.
        if found * size <= alone * int(n[i]):
            return 1.0
        return min(1.0, hypergeometric_bound(found, size, alone, int(n[i])) + clusters_bound(size, clusters, int(n[i])))

    categorical = pair.reference.layout.baseline.categorical
    # By leaving one out, training itself says how much novelty to expect (Good 1953): that much and one more.
    expected = unkept + np.array([categorical[place].singletons for place in places.tolist()], dtype=np.int64) + 1

    def deviate(i: int) -> float:
        found, m = int(seen[i]), int(n_reference[i])
        return max(hypergeometric(found, int(n[i]) + m, found + min(int(expected[i]), m), int(n[i])), 0.0)

    return pair.categorical_measured("new_category", share, share).measured(tail, upper=upper, deviate=deviate)
