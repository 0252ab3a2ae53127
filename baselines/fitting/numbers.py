"""Numbers of one column in bounded memory: every distinct value while they are few, a row sample when they are many."""

import math

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from baselines.fitting.sums import ExactSum, Spread

# Up to this many distinct values are counted one by one in the first pass.
MOST_DISTINCT = 65_536
# Rows drawn when there are more. The largest gap between neighbours of the sample holds about ln(n)/n of the rows,
# 0.02 %, and a value that carries 0.1 % of the rows is missed with a probability of about e**-65.
SAMPLE_ROWS = 65_536
_SETTLE_ROWS = 4_096


class NumberSketch:
    """What one pass learns of a column's finite numbers: sum, ends, distinct values or a sample, and whether they run.

    The sample is uniform over rows (the rows with the smallest keys, a key being a hash of the row's number), so that
    the same rows give the same sample however they were cut into chunks.
    """

    def __init__(self) -> None:
        self.n = 0
        self.minimum, self.maximum = math.inf, -math.inf
        self.sequence = Sequence()
        self._total = ExactSum()
        self._distinct: tuple[FloatArray, IntArray] | None = (np.empty(0), np.empty(0, dtype=np.int64))
        self._keys: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._sampled: FloatArray = np.empty(0)
        self._waiting: list[FloatArray] = []
        self._waiting_rows = 0

    def add(self, numbers: FloatArray) -> None:
        """Add finite numbers in the order of their rows; what they teach is known once ``settle`` was called."""
        self.n += len(numbers)
        self._waiting.append(numbers)
        self._waiting_rows += len(numbers)
        if self._waiting_rows >= max(_SETTLE_ROWS, len(self._sampled)):
            self.settle()

    def settle(self) -> None:
        """Take in the numbers that are waiting: many at a time, as each time costs a look at all that is known."""
        if not self._waiting_rows:
            return
        numbers = np.concatenate(self._waiting)
        self._sample(self.n - len(numbers), numbers)
        self._waiting, self._waiting_rows = [], 0
        self.minimum = min(self.minimum, float(numbers.min()))
        self.maximum = max(self.maximum, float(numbers.max()))
        self.sequence.add(numbers)
        self._total.add(numbers)
        if self._distinct is not None:
            self._distinct = _merge_distinct(self._distinct, numbers)

    @property
    def mean(self) -> float:
        """The mean, correctly rounded."""
        return float(self._total.value / self.n)

    @property
    def distinct(self) -> tuple[FloatArray, IntArray] | None:
        """All distinct values in ascending order and their rows; None when there are too many."""
        return self._distinct

    def candidates(self) -> FloatArray:
        """Return the values to count all rows into: those of the sample and both ends, in ascending order."""
        ends = np.array([self.minimum, self.maximum])
        return np.unique(np.concatenate([self._sampled, ends]) + 0.0)

    def spread(self) -> Spread:
        """Return an empty sum of deviations around this column's mean."""
        return Spread(self.mean, max(abs(self.minimum), abs(self.maximum)))

    def _sample(self, start: int, numbers: FloatArray) -> None:
        keys = row_keys(start, len(numbers))
        if len(self._keys) == SAMPLE_ROWS:
            low = keys < self._keys[-1]
            keys, numbers = keys[low], numbers[low]
        keys, numbers = np.concatenate([self._keys, keys]), np.concatenate([self._sampled, numbers])
        order = np.argsort(keys, kind="stable")[:SAMPLE_ROWS]
        self._keys, self._sampled = keys[order], numbers[order]


class Sequence:
    """Tells a counter (whole numbers, each larger or each smaller than the one before) from a measurement."""

    def __init__(self) -> None:
        self.whole = self.rising = self.falling = True
        self._last: float | None = None

    @property
    def runs(self) -> bool:
        """Whether all numbers so far are whole and strictly monotone."""
        return self.whole and (self.rising or self.falling)

    def add(self, numbers: FloatArray) -> None:
        """Go on with these numbers; what was refuted is not looked at again."""
        self.whole = self.whole and bool((np.floor(numbers) == numbers).all())
        if not self.runs:
            return
        row = numbers if self._last is None else np.concatenate([[self._last], numbers])
        self.rising = self.rising and bool((row[1:] > row[:-1]).all())
        self.falling = self.falling and bool((row[1:] < row[:-1]).all())
        self._last = float(numbers[-1])


def row_keys(start: int, n: int) -> NDArray[np.uint64]:
    """Return a well mixed 64-bit key for each of ``n`` rows from ``start`` on (SplitMix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = (np.arange(start + 1, start + n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _merge_distinct(known: tuple[FloatArray, IntArray], numbers: FloatArray) -> tuple[FloatArray, IntArray] | None:
    values, counts = np.unique(numbers + 0.0, return_counts=True)
    merged, places = np.unique(np.concatenate([known[0], values]), return_inverse=True)
    if len(merged) > MOST_DISTINCT:
        return None
    total = np.zeros(len(merged), dtype=np.int64)
    np.add.at(total, places, np.concatenate([known[1], counts]))
    return merged, total
