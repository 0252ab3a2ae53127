"""Null pools: what references and windows are drawn from when nothing changes, and shifts of a stated size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.frames import Frame, is_numeric, join, length, real, take

FEATURES = 6
_MIDDLE = 0.5


@dataclass(frozen=True)
class Pool:
    """``draw(rng, m, n)`` returns a reference of m rows and a window of n from the same distribution.

    ``m`` is the size of the reference that goes with the pool.
    """

    name: str
    m: int
    draw: Callable[[np.random.Generator, int, int], tuple[Frame, Frame]]


def _fresh(name: str, column: Callable[[np.random.Generator, int], NDArray[Any]], m: int) -> Pool:
    def draw(rng: np.random.Generator, m: int, n: int) -> tuple[Frame, Frame]:
        frame = {f"f{i}": column(rng, m + n) for i in range(FEATURES)}
        return take(frame, slice(m)), take(frame, slice(m, None))

    return Pool(name, m, draw)


def _reshuffled(name: str) -> Pool:
    def draw(rng: np.random.Generator, m: int, n: int) -> tuple[Frame, Frame]:
        reference, stream, _ = real(f"{name}__null")
        pool = join(reference, stream)
        order = rng.permutation(length(pool))
        return take(pool, order[:m]), take(pool, order[m : m + n])

    return Pool(f"{name}, reshuffled", length(real(f"{name}__null")[0]), draw)


def _zero_inflated(rng: np.random.Generator, n: int) -> NDArray[Any]:
    return np.where(rng.random(n) < 0.95, 0.0, rng.lognormal(size=n))


def _partly_missing(rng: np.random.Generator, n: int) -> NDArray[Any]:
    return np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n))


def _named(shares: NDArray[np.float64]) -> Callable[[np.random.Generator, int], NDArray[Any]]:
    names = np.array([f"c{i}" for i in range(len(shares))])
    return lambda rng, n: rng.choice(names, n, p=shares / shares.sum())


def simulated(m: int = 1_000) -> list[Pool]:
    return [
        _fresh("normal", lambda rng, n: rng.normal(size=n), m),
        _fresh("heavy-tailed (t, 2 df)", lambda rng, n: rng.standard_t(2, n), m),
        _fresh("tied (integers 0-4)", lambda rng, n: rng.poisson(0.7, n).clip(0, 4).astype(float), m),
        _fresh("zero-inflated (95 %)", _zero_inflated, m),
        _fresh("5 % missing", _partly_missing, m),
        _fresh("5 categories", _named(np.array([0.6, 0.25, 0.1, 0.04, 0.01])), m),
        _fresh("30 categories, rare ones", _named(0.75 ** np.arange(30)), m),
        _fresh("20,000 names by Zipf's law", _named(np.arange(1.0, 20_001.0) ** -1.3), m),
    ]


def reshuffled() -> list[Pool]:
    return [_reshuffled(name) for name in ("abrupt_insects", "bike_sharing", "nyc_weather")]


def moved(window: Frame, source: Frame, feature: str, share: float, rng: np.random.Generator) -> Frame:
    """Return the window with ``share`` of one feature's rows moved from one part of its distribution to the other.

    The distribution function (or the shares of the categories) moves by ``share`` in expectation: that many rows of the
    one part take values drawn from the other. The one part is up to the median, the other above it; where nothing is
    above, at the median and below it; for categories, the most frequent one and the rest. No value comes up that
    ``source`` does not have, so that ties stay ties.
    """
    known, column = source[feature], window[feature].copy()
    one = _one_part(known)
    movable, other = np.flatnonzero(one(column)), known[~one(known) & _present(known)]
    wanted = min(round(share * int(_present(column).sum())), len(movable))
    column[rng.choice(movable, wanted, replace=False)] = rng.choice(other, wanted)
    return {**window, feature: column}


def _present(column: NDArray[Any]) -> NDArray[np.bool_]:
    return ~np.isnan(column) if is_numeric(column) else column != ""


def _one_part(known: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[np.bool_]]:
    if not is_numeric(known):
        names, counts = np.unique(known[_present(known)], return_counts=True)
        return lambda column: column == names[np.argmax(counts)]
    median = float(np.quantile(known[_present(known)], _MIDDLE, method="inverted_cdf"))
    if median == np.nanmax(known):
        return lambda column: column >= median
    return lambda column: column <= median
