"""Sums that come out the same however the stream is cut: numbers become integers before they are added.

Float sums depend on the order of addition and do not subtract cleanly, so a window that slides for a year would
drift by itself. Here a number becomes a whole multiple of ``unit``, a power of two about 1/65,536 of the
reference's standard deviation, and sums of integers and of their squares are exact, add, subtract and merge.
A mean read back from them is within ``unit / 2`` of the mean of the numbers themselves.
"""

import math
from dataclasses import dataclass

import numpy as np

from baselines.cells import FloatArray

_UNITS_PER_STD_LOG2 = 16
# Below this, a square is an exact float64 integer; most numbers are, and a dot product then adds them without error.
_FAR_UNITS = float(2**26)
_EXACT_FLOAT = float(2**53)
# Numbers further from the centre than this many units are counted at this distance: sums stay bounded.
_FARTHEST_UNITS = 2**62


@dataclass(frozen=True, slots=True)
class Quantiser:
    """Turns numbers into integers around ``centre`` (the feature's unit) in steps of ``unit``, a power of two."""

    centre: float
    unit: float

    @classmethod
    def for_reference(cls, mean: float, std: float) -> "Quantiser":
        """Choose the step from the reference; a constant feature takes its scale from its own size."""
        scale = std if std > 0 else abs(mean) or 1.0
        exponent = max(math.frexp(scale)[1] - 1 - _UNITS_PER_STD_LOG2, -1022)
        return cls(centre=mean, unit=math.ldexp(1.0, exponent))

    def sums(self, numbers: FloatArray) -> tuple[int, int]:
        """Return the exact integer sums of the steps and of their squares, of finite ``numbers`` of shape (n,).

        Any split of the numbers gives the same totals:

        >>> q = Quantiser.for_reference(0.0, 1.0)
        >>> a, b = np.array([0.1, 1e300]), np.array([-3.0])
        >>> tuple(map(sum, zip(q.sums(a), q.sums(b)))) == q.sums(np.concatenate([a, b]))
        True
        """
        if len(numbers) == 0:
            return 0, 0
        return self._sums(numbers, float(numbers.min()), float(numbers.max()))

    def sums_of_ordered(self, ordered: FloatArray) -> tuple[int, int]:
        """Return ``sums`` of numbers in ascending order, whose range need not be searched for."""
        if len(ordered) == 0:
            return 0, 0
        return self._sums(ordered, float(ordered[0]), float(ordered[-1]))

    def _sums(self, numbers: FloatArray, lowest: float, highest: float) -> tuple[int, int]:
        # Exact, since the unit is a power of two between 2 ** -1022 and 2 ** 1007.
        units = 1.0 / self.unit
        widest = max((highest - self.centre) * units, (self.centre - lowest) * units) + 1.0
        if widest <= _FAR_UNITS and widest * widest * len(numbers) < _EXACT_FLOAT:
            steps = self._steps(numbers, units)
            return int(steps.sum()), int(np.einsum("i,i->", steps, steps))
        with np.errstate(over="ignore"):
            return _sums_of_far(self._steps(numbers, units))

    def _steps(self, numbers: FloatArray, units: float) -> FloatArray:
        steps = numbers - self.centre
        steps *= units
        return np.rint(steps, out=steps)

    def mean(self, n: int, first: int) -> float:
        """Return the mean of ``n`` numbers with step sum ``first``, in the feature's unit."""
        return self.centre + self.unit * (first / n)

    def std(self, n: int, first: int, second: int) -> float:
        """Return the sample standard deviation (n - 1 below the line); NaN for fewer than two numbers."""
        if n < 2:
            return math.nan
        # The numerator is an exact integer: no cancellation, whatever the distance from the centre.
        return self.unit * math.sqrt((n * second - first * first) / (n * (n - 1)))


def _sums_of_far(steps: FloatArray) -> tuple[int, int]:
    """Add numbers of any size: near ones in exact pieces, far ones as Python integers."""
    far = np.abs(steps) > _FAR_UNITS
    first = second = 0
    near = steps[~far]
    piece = 2  # 2 * (2 ** 26) ** 2 = 2 ** 53
    if len(near):
        widest = max(float(np.abs(near).max()), 1.0)
        piece = max(int(_EXACT_FLOAT / (widest * widest)) - 1, 1)
    for start in range(0, len(near), piece):
        part = near[start : start + piece]
        first += int(part.sum())
        second += int(np.einsum("i,i->", part, part))
    for step in steps[far].tolist():
        whole = int(min(max(step, -_FARTHEST_UNITS), _FARTHEST_UNITS))
        first += whole
        second += whole * whole
    return first, second
