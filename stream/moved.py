"""Where a distribution moved: cells merged to a few ranges, or categories, that people can read."""

import itertools
from typing import Any

import numpy as np

from baselines import CategoricalReference, NumericReference
from baselines.cells import FloatArray, IntArray

# Ranges are cut at these quantiles of the reference, and shares that moved less than this are not worth a line.
_CUTS = np.arange(0.1, 1.0, 0.1)
_LEAST_MOVE = 0.01
_MOST_LINES = 3
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def moved_ranges(reference: NumericReference, window: IntArray) -> list[dict[str, Any]]:
    """Return the ranges ``from < x <= to`` whose share of the traffic moved most, largest first.

    ``window`` (2k + 1,) are the window's cells. None as an end means that the range is unbounded there. Edges are kept
    values of the reference: no value of the stream leaves.
    """
    if reference.n == 0 or window.sum() == 0:
        return []
    # Through each kept value: the share at or below it.
    ref_share = _shares_at_values(reference.cells)
    win_share = _shares_at_values(window)
    places = np.unique(np.searchsorted(ref_share, _CUTS).clip(0, len(reference.values) - 1))
    edges = [None, *reference.values[places].tolist(), None]
    ref_parts = np.diff(np.concatenate([[0.0], ref_share[places], [1.0]]))
    win_parts = np.diff(np.concatenate([[0.0], win_share[places], [1.0]]))
    runs = _runs_of_one_sign(win_parts - ref_parts)
    ranges = [
        {
            "from": edges[first],
            "to": edges[last],
            "reference_share": float(ref_parts[first:last].sum()),
            "share": float(win_parts[first:last].sum()),
        }
        for first, last in runs
    ]
    return _most_moved(ranges)


def moved_categories(reference: CategoricalReference, window: IntArray) -> list[dict[str, Any]]:
    """Return the categories whose share of the traffic moved most; ``window`` are their cells and the unseen one."""
    ref_n, win_n = reference.n, int(window.sum())
    if ref_n == 0 or win_n == 0:
        return []
    moved = [
        {"category": name, "reference_share": before / ref_n, "share": now / win_n}
        for name, before, now in zip(reference.categories, reference.counts.tolist(), window.tolist(), strict=False)
    ]
    return _most_moved(moved)


def quantiles(values: FloatArray, window: IntArray) -> dict[str, float]:
    """Return the window's quantiles as the kept value at or above each: exact where the reference was kept whole."""
    total = int(window.sum())
    if total == 0 or len(values) == 0:
        return {}
    shares = _shares_at_values(window)
    places = np.searchsorted(shares, np.array(_QUANTILES)).clip(0, len(values) - 1)
    return {str(q): float(values[place]) for q, place in zip(_QUANTILES, places.tolist(), strict=True)}


def _shares_at_values(cells: IntArray) -> FloatArray:
    shares: FloatArray = np.cumsum(cells)[1::2] / int(cells.sum())
    return shares


def _runs_of_one_sign(differences: FloatArray) -> list[tuple[int, int]]:
    """Return (first, past the last) of neighbours that moved the same way."""
    signs = np.sign(differences)
    starts = [0, *(np.flatnonzero(np.diff(signs)) + 1).tolist(), len(signs)]
    return list(itertools.pairwise(starts))


def _most_moved(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    far = [part for part in parts if abs(part["share"] - part["reference_share"]) >= _LEAST_MOVE]
    return sorted(far, key=lambda part: -abs(part["share"] - part["reference_share"]))[:_MOST_LINES]
