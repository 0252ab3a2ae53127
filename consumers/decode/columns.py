"""Columns being filled: events by rows come in, arrays by features go out."""

import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from baselines.baseline import Baseline
from baselines.cells import FloatArray
from consumers.decode.category_codes import CategoryCodes
from stream.rows import MISSING, PRESENT, CategoricalColumn, NumericColumn


class Columns:
    """Room for ``capacity`` events, filled in pieces.

    Pieces of a few hundred events stay in the processor's cache while they are turned from rows into columns.
    """

    def __init__(self, baseline: Baseline, codes: Sequence[CategoryCodes], capacity: int) -> None:
        self._numbers = np.empty((len(baseline.numeric), capacity), dtype=np.float64)
        self._cells = np.empty((len(codes), capacity), dtype=np.int64)
        self._codes = codes
        self._states: list[dict[int, int]] = [{} for _ in baseline.numeric]
        self._unseen: list[dict[int, str]] = [{} for _ in codes]
        self._filled = 0

    def append(self, events: Sequence[tuple[object, ...]], states: Mapping[int, Mapping[int, int]]) -> None:
        """Add events: tuples that begin with the numbers (None: missing), then the categories.

        ``states`` has, by number of the event in the piece and of the feature, what a value is that is neither.
        """
        if not events:
            return
        n, start, numeric = len(events), self._filled, len(self._numbers)
        columns = list(zip(*events, strict=False))
        pack = struct.Struct(f"{n}d").pack_into
        for i in range(numeric):
            self._pack(pack, i, columns[i])
        for i, codes in enumerate(self._codes):
            self._place(i, codes, columns[numeric + i])
        for row, features in states.items():
            for feature, state in features.items():
                self._states[feature][start + row] = state
        self._filled += n

    def _pack(self, pack: Callable[..., None], feature: int, values: Sequence[object]) -> None:
        """Write numbers, None as NaN: packing takes a third of numpy's time for it, but knows no None."""
        start = self._filled
        try:
            pack(self._numbers, (feature * self._numbers.shape[1] + start) * self._numbers.itemsize, *values)
        except struct.error:
            self._numbers[feature, start : start + len(values)] = np.array(values, dtype=np.float64)

    def _place(self, feature: int, codes: CategoryCodes, values: Sequence[object]) -> None:
        start = self._filled
        misses = codes.misses
        cells = codes.place(values, len(values))
        self._cells[feature, start : start + len(values)] = cells
        if codes.misses > misses:
            for row in np.flatnonzero(cells == codes.unseen).tolist():
                self._unseen[feature][start + row] = codes.name(values[row])  # type: ignore[arg-type] # neither None nor WRONG has that code

    def numeric(self) -> tuple[NumericColumn, ...]:
        """Return the numeric columns filled so far."""
        n = self._filled
        return tuple(_numeric_column(v[:n], s) for v, s in zip(self._numbers, self._states, strict=True))

    def categorical(self) -> tuple[CategoricalColumn, ...]:
        """Return the categorical columns filled so far."""
        n = self._filled
        return tuple(CategoricalColumn(c[:n], names) for c, names in zip(self._cells, self._unseen, strict=True))


def _numeric_column(values: FloatArray, states: Mapping[int, int]) -> NumericColumn:
    if not states:
        return NumericColumn(values)
    full = np.where(np.isnan(values), np.uint8(MISSING), np.uint8(PRESENT))
    full[list(states)] = list(states.values())
    return NumericColumn(values, full)
