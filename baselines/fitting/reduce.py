"""From many counted values to the few that a baseline keeps, and quantiles from counts."""

import math
from bisect import bisect_left, bisect_right

import numpy as np

from baselines.cells import FloatArray, IntArray

QUANTILES = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")


def thin(values: FloatArray, cells: IntArray, keep: int) -> tuple[FloatArray, IntArray]:
    """Keep about ``keep`` of ``values`` (c,) at equally spaced ranks; merge the ``cells`` (2c + 1,) between them.

    The first and the last value stay. Open cells are as small as ``keep`` values can make them, and hold at most
    1/``keep`` of the rows, as far as the values given allow it (and then somewhat more than ``keep`` may stay): so a
    value that carries more than that itself always stays. Up to ``keep`` values are returned as they are. Counts are
    only added, so that every number still says how many rows there are.
    """
    if len(values) <= keep:
        return values, cells
    upto = np.cumsum(cells)
    below, through = upto[0:-1:2], upto[1::2]
    kept = np.array(_closest(below.tolist(), through.tolist(), int(upto[-1]) // keep, keep), dtype=np.int64)
    thinned = np.empty(2 * len(kept) + 1, dtype=np.int64)
    thinned[1::2] = cells[2 * kept + 1]
    thinned[0] = below[kept[0]]
    thinned[2:-1:2] = below[kept[1:]] - through[kept[:-1]]
    thinned[-1] = upto[-1] - through[kept[-1]]
    return values[kept], thinned


def _closest(below: list[int], through: list[int], most: int, keep: int) -> list[int]:
    """Return the ``keep`` values or fewer that leave the smallest open cells, or else those that leave ``most``."""

    def enough(rows: int) -> bool:
        return len(_spaced(below, through, rows)) <= keep

    return _spaced(below, through, bisect_left(range(most), True, key=enough))


def _spaced(below: list[int], through: list[int], most: int) -> list[int]:
    """Walk from value to value, each time as far as no more than ``most`` rows lie between the two."""
    kept = [0]
    while kept[-1] < len(below) - 1:
        farthest = bisect_right(below, through[kept[-1]] + most) - 1
        kept.append(max(farthest, kept[-1] + 1))
    return kept


def quantiles(values: FloatArray, cells: IntArray) -> dict[str, float]:
    """Return the ``QUANTILES`` by numpy's "linear" definition; no row may lie outside the first and last value.

    Exact when the open cells are empty. A rank inside an open cell is placed in proportion between the two ends.
    """
    upto = np.cumsum(cells)
    last = int(upto[-1]) - 1
    return {text: _quantile(values, cells, upto, float(text) * last) for text in QUANTILES}


def _quantile(values: FloatArray, cells: IntArray, upto: IntArray, rank: float) -> float:
    whole = math.floor(rank)
    part = rank - whole
    low = _at_rank(values, cells, upto, whole)
    if part == 0.0:
        return low
    return _between(low, _at_rank(values, cells, upto, whole + 1), part)


def _at_rank(values: FloatArray, cells: IntArray, upto: IntArray, rank: int) -> float:
    """Return the number at 0-based ``rank`` among the sorted rows."""
    cell = int(np.searchsorted(upto, rank, side="right"))
    if cell % 2:
        return float(values[cell // 2])
    inside = rank - int(upto[cell - 1]) + 1
    return _between(float(values[cell // 2 - 1]), float(values[cell // 2]), inside / (int(cells[cell]) + 1))


def _between(low: float, high: float, part: float) -> float:
    # Not low + (high - low) * part: the difference may overflow.
    return low if low == high else low * (1.0 - part) + high * part
