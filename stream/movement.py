"""How much more than independent rows a feature moves between windows: estimated, and used to stretch a p-value.

The model: a window's deviate z (of the check's test for independent rows) has mean 0 and variance 1 + excess * rows,
with rows = nm / (n + m). What rows of one window have in common (a trend, a cycle, neighbours that resemble each other)
is the excess, the correlation of rows of one window (Kish 1965). Tails beyond what was seen are those of Student's t
with as many degrees of freedom as the excess is known with: that is all that is extrapolated.
"""

import math

import numpy as np
from scipy import special

from baselines.calibration import Movement
from baselines.cells import FloatArray

# One window in so many of the training data may exceed the floor; of fewer windows none does.
FLOOR_EXCEEDED_ONCE_IN = 100
_HALVINGS = 80


def p_stretched(z: float, design_effect: float, freedom: float) -> float:
    """Return the two-sided p-value of a deviate whose variance is ``design_effect``, known with ``freedom``.

    >>> round(p_stretched(1.96, 1.0, 1e9), 3), round(p_stretched(1.96 * 3, 9.0, 1e9), 3)
    (0.05, 0.05)
    """
    return 2.0 * float(special.stdtr(freedom, -z / math.sqrt(design_effect)))


def movement(z: FloatArray, rows: FloatArray, effects: FloatArray) -> Movement:
    """Learn from windows in the order of time: deviates, sizes nm / (n + m) and effects, each of shape (windows,).

    An effect is scatter of few rows, too, for which the p-value stands; the floor is taken of the part that is not, by
    its share of the variance: excess * rows of 1 + excess * rows. It is 0 where windows move as independent rows do.
    """
    excess = excess_variance(z, rows)
    own = excess * rows
    return Movement(
        windows=len(z),
        freedom=degrees_of_freedom(z * z / (1.0 + own)),
        excess=excess,
        rows=float(np.median(rows)),
        floor=rarely_exceeded(effects * np.sqrt(own / (1.0 + own))),
    )


def movement_of_worst(z: FloatArray, rows: FloatArray, effects: FloatArray, fewest: int) -> Movement | None:
    """Learn from windows that make several tests of a feature: the movement of the test that moves most.

    ``z`` and ``rows`` have shape (windows, tests), NaN where a test was not made; ``effects`` (windows,) are of the
    largest. What holds for the test that moves most holds for each, so that a union bound over them stands. None where
    none was made in ``fewest`` windows.
    """
    made = np.isfinite(z)
    tests = np.flatnonzero(made.sum(axis=0) >= fewest).tolist()
    if not tests:
        return None
    worst = max(tests, key=lambda test: excess_variance(z[made[:, test], test], rows[made[:, test], test]))
    seen = made[:, worst]
    return movement(z[seen, worst], rows[seen, worst], effects[seen])


def excess_variance(z: FloatArray, rows: FloatArray) -> float:
    """Return the excess >= 0 at which z^2 / (1 + excess * rows) has mean 1 (Paule and Mandel 1982, the mean known).

    0 where the windows move no more than independent rows.
    """
    squares = z * z
    if float(squares.mean()) <= 1.0:
        return 0.0
    # The mean of ratios falls from above 1 to below it over this range.
    low, high = 0.0, float((squares / rows).max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if float((squares / (1.0 + middle * rows)).mean()) > 1.0 else (low, middle)
    return high


def degrees_of_freedom(squares: FloatArray) -> float:
    """Return how well the mean of ``squares`` is known, as degrees of freedom (Satterthwaite 1946), 1 to windows.

    2 over the variance of their mean: the number of windows for independent normal deviates, fewer where single windows
    stand out, and where neighbouring ones resemble each other (see ``_dependence``). The mean itself is 1, or less for
    tests that are conservative for independent rows.
    """
    windows, variance = len(squares), float(squares.var(ddof=1))
    if variance == 0.0:
        return float(windows)
    of_the_mean = variance / windows * _dependence(squares)
    return min(max(2.0 / of_the_mean, 1.0), float(windows))


def rarely_exceeded(effects: FloatArray) -> float:
    """Return an effect that the next window exceeds with probability 1 in 100 at most, if it is one like these.

    That is an order statistic (Wilks 1941): of m exchangeable windows the next one exceeds the k-th smallest with
    probability 1 - k / (m + 1). With fewer than 99 windows it is the largest: nothing beyond is invented.
    """
    windows = len(effects)
    place = min(math.ceil((windows + 1) * (1.0 - 1.0 / FLOOR_EXCEEDED_ONCE_IN)), windows)
    return float(np.partition(effects, place - 1)[place - 1])


def _dependence(values: FloatArray) -> float:
    """Return by how much neighbours' likeness raises the variance of a mean: 1 + 2 * sum of autocorrelations.

    They are summed as long as pairs of them are positive (Geyer 1992). Taking the mean of the very series away lowers
    each of them by what the mean itself varies, which is undone; at least 1.
    """
    centred = values - values.mean()
    size = len(values)
    spectrum = np.fft.rfft(centred, 2 * size)
    covariances = np.fft.irfft(spectrum * spectrum.conj())[:size]
    pairs = covariances[: size - size % 2].reshape(-1, 2).sum(axis=1) / covariances[0]
    summed = int(np.argmax(np.append(pairs, -1.0) <= 0.0))
    raised = max(2.0 * float(pairs[:summed].sum()) - 1.0, 1.0)
    return raised / max(1.0 - (4.0 * summed - 1.0) / size, 1.0 / size)
