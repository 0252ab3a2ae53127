"""One numeric feature on one side of a comparison, and what a change of its values would make of its cells."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from baselines.cells import FloatArray, IntArray, cell_count
from stream.sample import Sample

# The two-sample Kolmogorov-Smirnov distance that chance passes once in a hundred times, in 1 / sqrt(n), and what two
# healthy stretches of real traffic may differ beside chance.
_KS_ONE_PERCENT = 1.63
_SLACK = 0.02
# How many standard errors a moment may lie off.
_ERRORS = 3.0
# Arithmetic on a value (x 60) may miss the kept value by rounding.
_ROUNDING = 1e-9
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A numeric feature's counts on the cells of ``values``, with the moments that are known whatever its range.

    ``cells`` has shape (2k + 1,), ``specials`` that of ``NUMERIC_SPECIALS``. What lies beyond the kept values is in the
    two outer cells: where there it lies is known by ``mean`` and ``std`` alone.
    """

    name: str
    values: FloatArray
    cells: IntArray
    specials: IntArray
    mean: float
    std: float

    @classmethod
    def of(cls, sample: Sample, place: int) -> "Numbers":
        """Read one feature off a sample; ``place`` counts in ``Baseline.numeric``."""
        feature = sample.layout.baseline.numeric[place]
        specials = sample.cells[sample.layout.numeric_specials(place)]
        mean, std = float(sample.means[place]), float(sample.stds[place])
        return cls(feature.name, feature.values, sample.numeric(place), specials, mean, std)

    @cached_property
    def n(self) -> int:
        """Finite values."""
        return int(self.cells.sum())

    @cached_property
    def rows(self) -> int:
        """Rows, whatever was in them."""
        return self.n + int(self.specials.sum())

    @cached_property
    def shares(self) -> FloatArray:
        """The share of the values in each cell."""
        shares: FloatArray = self.cells / max(self.n, 1)
        return shares

    @cached_property
    def points(self) -> FloatArray:
        """A value for each cell, shape (2k + 1,): itself, the middle of an open cell, the extreme for an outer one."""
        points = np.empty(cell_count(self.values))
        points[1::2] = self.values
        points[2:-1:2] = (self.values[1:] + self.values[:-1]) / 2
        points[0], points[-1] = (self.values[0], self.values[-1]) if len(self.values) else (0.0, 0.0)
        return points

    @cached_property
    def beyond(self) -> float:
        """The share of the values outside the kept ones."""
        return float(self.shares[0] + self.shares[-1]) if len(self.values) else 1.0

    @cached_property
    def kurtosis(self) -> float:
        """The fourth standardised moment (3 for a normal distribution), off the cells."""
        if not self.std > 0:
            return math.inf
        # Beyond 1e60 standard deviations the fourth power may be anything; it must not overflow.
        away = np.clip((self.points - self.mean) / self.std, -1e60, 1e60)
        return max(float(self.shares @ away**4), 1.0)

    def mapped(self, values: FloatArray, factor: float = 1.0, offset: float = 0.0) -> FloatArray:
        """Return the shares that ``factor * x + offset`` of these values would have in the cells of ``values``."""
        with np.errstate(over="ignore"):
            points = np.clip(self.points * factor + offset, -_LARGEST, _LARGEST)
        cells = _place(values, points)
        shares: FloatArray = np.bincount(cells, weights=self.shares, minlength=cell_count(values)).astype(np.float64)
        return shares


def distance(one: FloatArray, other: FloatArray) -> float:
    """Return the largest gap between two distribution functions, given as shares of the same cells."""
    return float(np.abs(np.cumsum(one - other)).max())


def tolerated(one: Numbers, other: Numbers) -> float:
    """Return the distance that two samples of one distribution pass once in a hundred times, and some slack."""
    return _KS_ONE_PERCENT * root(one, other) + _SLACK


def root(one: Numbers, other: Numbers) -> float:
    """Return ``sqrt(1 / n + 1 / m)``, the scale of every sampling error between two samples."""
    return math.sqrt(1 / max(one.n, 1) + 1 / max(other.n, 1))


def log_std_error(one: Numbers, other: Numbers) -> float:
    """Return the standard error of ``log(std / std)`` of two samples of the shape of ``other``."""
    return math.sqrt((other.kurtosis - 1) / 4) * root(one, other)


def log_ratio(one: float, other: float) -> float:
    """Return ``log(one / other)`` of two numbers above 0, whatever their size."""
    return math.log(one) - math.log(other)


def same_moments(window: Numbers, mean: float, std: float, source: Numbers) -> bool:
    """Tell whether the window's moments are these, up to the sampling errors of ``source``'s shape."""
    if not (std > 0 and window.std > 0):
        return False
    error = root(window, source)
    near = abs(window.mean - mean) <= std * (_ERRORS * error + _SLACK)
    # Of very heavy tails the spread says nothing: a sample may have any.
    wide = _ERRORS * log_std_error(window, source) + _SLACK
    return near and abs(log_ratio(window.std, std)) <= min(wide, 0.5)


def _place(values: FloatArray, points: FloatArray) -> IntArray:
    if len(values) == 0:
        return np.zeros(len(points), dtype=np.int64)
    position = np.searchsorted(values, points, side="left")
    after, before = np.take(values, position, mode="clip"), np.take(values, position - 1, mode="clip")
    slack = _ROUNDING * np.abs(points)
    at = np.abs(after - points) <= slack
    just_above = ~at & (np.abs(before - points) <= slack)
    cells: IntArray = 2 * position + at - just_above
    return cells
