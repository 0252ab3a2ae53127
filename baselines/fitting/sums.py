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

    Mantissas are added per exponent in two halves of at most 27 bits, so that an int64 holds the sums.
    The idea is Kulisch's long accumulator (Kulisch and Miranker 1986).

    >>> total = ExactSum()
    >>> total.add(np.array([1e300, 0.1])); total.add(np.array([-1e300]))
    >>> float(total.value)
    0.1
    """

    def __init__(self) -> None:
        self._units = 0

    def add(self, numbers: FloatArray, counts: IntArray | int = 1) -> None:
        """Add finite ``numbers`` of shape (n,), each as often as ``counts`` (n,) says; at most 2**36 in all."""
        if len(numbers) == 0:
            return
        fractions, exponents = np.frexp(numbers)
        mantissas = np.ldexp(fractions, _MANTISSA_BITS).astype(np.int64)
        lowest = int(exponents.min())
        halves = np.zeros((int(exponents.max()) - lowest + 1, 2), dtype=np.int64)
        np.add.at(halves[:, 0], exponents - lowest, (mantissas >> _LOW_BITS) * counts)
        np.add.at(halves[:, 1], exponents - lowest, (mantissas & (2**_LOW_BITS - 1)) * counts)
        for place in np.flatnonzero(halves.any(axis=1)).tolist():
            both = (int(halves[place, 0]) << _LOW_BITS) + int(halves[place, 1])
            self._units += both << (lowest + place + _POINT - _MANTISSA_BITS)

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

    def add(self, numbers: FloatArray, counts: IntArray | int = 1) -> None:
        """Add finite ``numbers`` of shape (n,), each as often as ``counts`` (n,) says."""
        deviations = numbers / self._scale - self._centre
        self._first.add(deviations, counts)
        self._second.add(deviations * deviations, counts)

    def std(self, n: int) -> float:
        """Return the standard deviation of the ``n`` numbers added, n - 1 below the line; 0 for a single number."""
        if n < 2:
            return 0.0
        first, second = self._first.value, self._second.value
        variance = (second - first * first / n) / (n - 1)
        return min(self._scale * math.sqrt(max(float(variance), 0.0)), sys.float_info.max)
