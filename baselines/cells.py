"""Placing numbers on the 2k+1 cells of a reference: what makes KS by counting exact.

Let ``v_1 < ... < v_k`` be the kept reference values. Cell ``2i`` is the open interval below ``v_{i+1}`` (and above
``v_i``), cell ``2i+1`` the single point ``v_{i+1}``; the first and the last cell are unbounded. Between neighbours
the reference's distribution function is constant and the window's is monotone, so the two-sample
Kolmogorov-Smirnov statistic is reached at the end of a cell, and counts per cell are enough to compute it exactly.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]

# From this many numbers per kept value on, searching the few values in the many numbers is cheaper than the reverse.
_SEARCH_REFERENCE_IN_BATCH = 1.3


def cell_count(values: FloatArray) -> int:
    """Return the number of cells that ``k`` kept values make: ``2k + 1``."""
    return 2 * len(values) + 1


def count_cells(values: FloatArray, numbers: FloatArray) -> IntArray:
    """Count finite ``numbers`` into the ``2k + 1`` cells of ``values``.

    ``values`` has shape (k,), strictly increasing and finite; ``numbers`` has shape (n,) in any order. The result has
    shape (2k + 1,) and adds up to n. The cost is one sort and one search.

    >>> count_cells(np.array([1.0, 2.0]), np.array([0.5, 1.0, 1.0, 1.5, 9.0]))
    array([1, 2, 1, 0, 1])
    """
    return count_ordered(values, np.sort(numbers))


def count_ordered(values: FloatArray, ordered: FloatArray) -> IntArray:
    """Count numbers in ascending order, as ``count_cells`` does; for callers that need the order for more than this."""
    if len(values) == 0:
        return np.array([len(ordered)], dtype=np.int64)
    if len(ordered) >= _SEARCH_REFERENCE_IN_BATCH * len(values):
        return _count_by_searching_values(values, ordered)
    return np.bincount(_place_ordered(values, ordered), minlength=cell_count(values))


def _count_by_searching_values(values: FloatArray, ordered: FloatArray) -> IntArray:
    """Count by finding each kept value's place in the sorted batch, and the end of its run only where it occurs."""
    below = np.searchsorted(ordered, values, side="left")
    # Where all numbers are below a value, clipping finds the last of them, which is not equal either.
    found = np.flatnonzero(np.take(ordered, below, mode="clip") == values)
    through = below.copy()
    through[found] = np.searchsorted(ordered, values[found], side="right")
    counts = np.empty(cell_count(values), dtype=np.int64)
    np.subtract(through, below, out=counts[1::2])
    counts[0], counts[-1] = below[0], len(ordered) - through[-1]
    np.subtract(below[1:], through[:-1], out=counts[2:-1:2])
    return counts


def _place_ordered(values: FloatArray, ordered: FloatArray) -> IntArray:
    """Return the cell number of each number of a sorted batch; sorting first keeps the search in the cache."""
    position: IntArray = np.searchsorted(values, ordered, side="left")
    # Above the last value, clipping compares with it, and the number is larger.
    cells: IntArray = 2 * position + (np.take(values, position, mode="clip") == ordered)
    return cells
