"""The panes behind the window: sealed, expired, and kept as long as a comparator looks back on them."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TypeAlias

import numpy as np

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts
from stream.packing import CELLS_PER_CHUNK, Sign, move_cells, move_chunk
from stream.panes import Pane
from stream.sums import Sums
from stream.window import SealedPane

# Sealed panes by where they begin.
SealedPanes: TypeAlias = Mapping[int, SealedPane]


class History:
    """Panes that have left the window, by their start, and sums over the windows that comparators look back on.

    Sums are of whole panes with their cells put together in runs, and of cells where somebody looks closer.
    """

    def __init__(self, layout: Layout, panes: SealedPanes | None = None) -> None:
        self.panes: dict[int, SealedPane] = dict(panes or {})
        self._layout = layout
        self._coarse = Sums(lambda: Counts.zero_runs(layout), _move_coarse)
        # By the number of the packed chunk.
        self._cells: dict[int, Sums[IntArray]] = {}

    def keep(self, expired: SealedPanes) -> None:
        """Take panes that have left the window."""
        self.panes.update(expired)

    def between(self, start_ms: int, end_ms: int) -> SealedPanes:
        """Return the panes that begin from ``start_ms`` to before ``end_ms``."""
        return {start: pane for start, pane in self.panes.items() if start_ms <= start < end_ms}

    def coarse(self, comparator: str, panes: SealedPanes) -> Counts:
        """Return the sum over these panes, its cells put together in runs; it belongs to the caller."""
        return self._coarse.over(comparator, panes)

    def cells_at(self, comparator: str, panes: SealedPanes) -> Callable[[slice], IntArray]:
        """Return what gives slices of the sum over these panes' cells; what it gave once it remembers."""
        chunk = cache(partial(self._chunk, comparator, panes))

        def at(where: slice) -> IntArray:
            first, last = where.start // CELLS_PER_CHUNK, -(-where.stop // CELLS_PER_CHUNK)
            cells = np.concatenate([chunk(number) for number in range(first, max(last, first + 1))])
            return cells[where.start - first * CELLS_PER_CHUNK : where.stop - first * CELLS_PER_CHUNK]

        return at

    def forget(self, before_ms: int) -> None:
        """Drop the panes that begin before a time on which no comparator looks back any more."""
        for start in [start for start in self.panes if start < before_ms]:
            del self.panes[start]
        self._coarse.forget(before_ms)
        for sums in self._cells.values():
            sums.forget(before_ms)

    def pane(self, start_ms: int) -> Pane | None:
        """Return a pane as it was sealed; None when it is not held."""
        sealed = self.panes.get(start_ms)
        return None if sealed is None else sealed.pane(start_ms, self._layout)

    def _chunk(self, comparator: str, panes: SealedPanes, number: int) -> IntArray:
        if number not in self._cells:
            size = min(CELLS_PER_CHUNK, self._layout.size - number * CELLS_PER_CHUNK)
            self._cells[number] = Sums(lambda: np.zeros(size, dtype=np.int64), partial(_move_cells, number))
        return self._cells[number].over(comparator, panes)


def _move_coarse(total: Counts, pane: SealedPane, sign: Sign) -> None:
    for chunk in pane.coarse:
        move_chunk(total, chunk, sign)


def _move_cells(number: int, total: IntArray, pane: SealedPane, sign: Sign) -> None:
    move_cells(total, pane.packed[number], sign)
