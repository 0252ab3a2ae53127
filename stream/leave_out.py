"""One window of the training data against the rest of it: as if the rest alone had been the training data."""

from copy import deepcopy
from dataclasses import replace

import numpy as np

from baselines import Layout
from baselines.baseline import CATEGORICAL_SPECIALS
from baselines.cells import IntArray
from stream.counts import Counts
from stream.sample import Sample


def left_out(layout: Layout, total: Counts, window: Counts) -> tuple[Sample, Sample]:
    """Return the rest as a reference, and the window as the rest would have counted it.

    A window is part of the training data, and would be compared with itself; counts subtract exactly. What the rest
    does not have is beyond its range, or a category that it has not seen: in a later window it would be, too.
    """
    rest = deepcopy(total)
    rest.subtract(window)
    cells = window.cells.copy()
    for place in range(len(layout.baseline.numeric)):
        where = layout.numeric_cells(place)
        _move_beyond(rest.cells[where], cells[where])
    for place in range(len(layout.baseline.categorical)):
        where = layout.categorical_cells(place)
        _move_unseen(rest.cells[where], cells[where])
    moved = Sample.of_counts(layout, replace(window, cells=cells))
    return Sample.of_counts(layout, rest), replace(moved, paired_runs=layout.runs.count(window.cells))


def _move_beyond(rest: IntArray, window: IntArray) -> None:
    """Move values outside the rest's extremes to the two outermost cells; both views have shape (2k + 1,)."""
    found = np.flatnonzero(rest)
    if len(found) == 0:
        return
    first, last = int(found[0]), int(found[-1])
    below, above = int(window[:first].sum()), int(window[last + 1 :].sum())
    window[:first], window[last + 1 :] = 0, 0
    if first:
        window[0] = below
    if last + 1 < len(window):
        window[-1] = above


def _move_unseen(rest: IntArray, window: IntArray) -> None:
    """Move categories that the rest does not have to the unseen cell; both views hold categories, then specials."""
    unseen = len(window) - len(CATEGORICAL_SPECIALS)
    gone = np.flatnonzero(rest[:unseen] == 0)
    window[unseen] += window[gone].sum()
    window[gone] = 0
