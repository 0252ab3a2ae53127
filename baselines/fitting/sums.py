"""Sums of floats without rounding: the mean and the spread come out the same in whatever order rows are read."""

import math
import sys
from fractions import Fraction

import numpy as np

from baselines.cells import FloatArray, IntArray

_MANTISSA_BITS = 53
_LOW_BITS = 26
# The smallest subnormal is 2**-1074; this many bits below the point hold every float's mantissa.
_POINT = 1074 + _MANTISSA_BITS


class ExactSum:
    """A sum of finite floats held as one integer in units of 2**-1127.

    Mantissas are added per exponent in two halves, whose sums a float64 holds exactly for 2**26 numbers at a time.
    The idea is Kulisch's long accumulator (Kulisch and Miranker 1986).

    >>> total = ExactSum()
    >>> total.add(np.array([1e300, 0.1])); total.add(np.array([-1e300]))
    >>> float(total.value)
    0.1
    """

    def __init__(self) -> None:
        self._units = 0

    def add(self, numbers: FloatArray) -> None:
        """Add finite ``numbers`` of shape (n,), n at most 2**26."""
        if len(numbers) == 0:
            return
        mantissas, exponents = _split(numbers)
        lowest = int(exponents.min())
        places = exponents - lowest
        high = np.bincount(places, weights=mantissas >> _LOW_BITS)
        low = np.bincount(places, weights=mantissas & (2**_LOW_BITS - 1))
        for place in np.flatnonzero(np.bincount(places)).tolist():
            both = (int(high[place]) << _LOW_BITS) + int(low[place])
            self._units += both << (lowest + place + _POINT - _MANTISSA_BITS)

    def add_weighted(self, numbers: FloatArray, counts: IntArray) -> None:
        """Add each of ``numbers`` as often as ``counts`` says; both have shape (n,)."""
        mantissas, exponents = _split(numbers)
        for mantissa, exponent, count in zip(mantissas.tolist(), exponents.tolist(), counts.tolist(), strict=True):
            self._units += (mantissa * count) << (exponent + _POINT - _MANTISSA_BITS)

    @property
    def value(self) -> Fraction:
        """The sum, exactly."""
        return Fraction(self._units, 1 << _POINT)


class Spread:
    """The sample standard deviation around a known mean, free of overflow and of the order of rows.

    Deviations are taken in units of ``scale``, a power of two near the largest number, and their sums are exact; the
    corrected two-pass formula (Chan, Golub and LeVeque 1983) removes what rounding the mean left over.
    """

    def __init__(self, mean: float, largest: float) -> None:
        self._scale = math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > 0 else 1.0
        self._centre = mean / self._scale
        self._first = ExactSum()
        self._second = ExactSum()

    def add(self, numbers: FloatArray) -> None:
        """Add finite ``numbers`` of shape (n,)."""
        deviations = numbers / self._scale - self._centre
        self._first.add(deviations)
        self._second.add(deviations * deviations)

    def add_weighted(self, numbers: FloatArray, counts: IntArray) -> None:
        """Add each of ``numbers`` as often as ``counts`` says."""
        deviations = numbers / self._scale - self._centre
        self._first.add_weighted(deviations, counts)
        self._second.add_weighted(deviations * deviations, counts)

    def std(self, n: int) -> float:
        """Return the standard deviation of the ``n`` numbers added, n - 1 below the line; 0 for a single number."""
        if n < 2:
            return 0.0
        first, second = self._first.value, self._second.value
        variance = (second - first * first / n) / (n - 1)
        return min(self._scale * math.sqrt(max(float(variance), 0.0)), sys.float_info.max)


def _split(numbers: FloatArray) -> tuple[IntArray, IntArray]:
    fractions, exponents = np.frexp(numbers)
    return np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64), exponents.astype(np.int64)
