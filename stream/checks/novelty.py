"""What training never saw: numbers beyond its extremes and categories without a name in it."""

import numpy as np

from baselines.cells import IntArray
from stream.checks.measured import Measured, Pair, known
from stream.deviates import hypergeometric, of_log_p
from stream.sample import Sample
from stream.tails import exceedance_upper, hypergeometric_bound, hypergeometric_upper, log_exceedance


def outside_range(pair: Pair) -> Measured:
    """Measure the share of the window's finite values below the training minimum or above its maximum.

    The p-value is that of the exceedance test: how likely so many values of the window beyond all of the reference's
    would be if both came from the same distribution, whichever that is.
    """
    places = pair.numeric
    # What lies in the outer cells on the reference's own side is no exceedance: only another window can have it there.
    outside, beyond = _outer(pair.window)[places], _outer(pair.reference)[places]
    n, n_reference = pair.window.numeric_n[places], pair.reference.numeric_n[places]
    share = outside / n

    def tail(i: int) -> tuple[float, str]:
        if beyond[i]:
            p = hypergeometric_upper(
                int(outside[i]), int(n[i] + n_reference[i]), int(outside[i] + beyond[i]), int(n[i])
            )
            return p, "hypergeometric"
        return exceedance_upper(int(outside[i]), int(n[i]), int(n_reference[i])), "exceedance"

    def deviate(i: int) -> float:
        return of_log_p(log_exceedance(int(outside[i]), int(n[i]), int(n_reference[i])))

    return pair.numeric_measured("range", places, known(share, share)).measured(tail, deviate=deviate)


def _outer(sample: Sample) -> IntArray:
    """Values in the two outermost open cells, per numeric feature."""
    starts = sample.layout.numeric_starts
    first, last = starts[:-1], starts[1:] - 1
    return sample.cells[first] + np.where(last > first, sample.cells[last], 0)


def new_category(pair: Pair) -> Measured:
    """Measure the share of the window's values whose category training did not have.

    Training itself says how much novelty to expect (Good 1953): by leaving one out, its singletons, and what it could
    not keep, were new. The p-value compares the window with that many plus one, by the hypergeometric upper tail.
    """
    places = pair.categorical
    categorical = pair.reference.layout.baseline.categorical
    singletons = np.array([categorical[place].singletons for place in places.tolist()], dtype=np.int64)
    n, n_reference = pair.window.categorical_n[places], pair.reference.categorical_n[places]
    expected = np.minimum(pair.reference.unseen[places] + singletons + 1, n_reference)
    seen = pair.window.unseen[places]
    share = seen / n

    def table(i: int) -> tuple[int, int, int, int]:
        return int(seen[i]), int(n[i] + n_reference[i]), int(seen[i] + expected[i]), int(n[i])

    return pair.categorical_measured("new_category", share, share).measured(
        lambda i: (hypergeometric_upper(*table(i)) if seen[i] else 1.0, "hypergeometric"),
        # A bound on an upper tail only speaks above the mean.
        upper=lambda i: hypergeometric_bound(*table(i)) if seen[i] * n_reference[i] > expected[i] * n[i] else 1.0,
        deviate=lambda i: max(hypergeometric(*table(i)), 0.0),
    )
