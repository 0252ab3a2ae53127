"""A uniform sample of the rows of any number of chunks, the same one however the rows are cut."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from baselines.cells import IntArray
from baselines.fitting.numbers import row_keys

MOST_ROWS = 20_000


class RowSample:
    """Keeps what is read of the rows with the smallest keys, ``values`` (columns, rows), 20,000 rows at the most."""

    def __init__(self, columns: int, dtype: DTypeLike) -> None:
        self.values: NDArray[Any] = np.empty((columns, 0), dtype=dtype)
        self._keys = np.empty(0, dtype=np.uint64)
        self._rows = 0

    def add(self, rows: int, read: Callable[[IntArray], NDArray[Any]]) -> None:
        """Add a chunk of so many rows; ``read`` is asked for those that may belong to the sample, (columns, k)."""
        keys = row_keys(self._rows, rows)
        self._rows += rows
        low = np.flatnonzero(keys < self._keys[-1]) if len(self._keys) == MOST_ROWS else np.arange(rows)
        if not len(low):
            return
        keys = np.concatenate([self._keys, keys[low]])
        order = np.argsort(keys, kind="stable")[:MOST_ROWS]
        self._keys, self.values = keys[order], np.concatenate([self.values, read(low)], axis=1)[:, order]
