"""Columns being filled: events by rows come in, arrays by features go out."""

import struct
from collections.abc import Sequence
from itertools import islice, starmap
from operator import itemgetter

import numpy as np

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from stream.rows import CategoricalColumn, NumericColumn


class Columns:
    """Room for ``capacity`` rows, and for more where there are more; filled in pieces.

    Pieces of a few hundred events stay in the processor's cache while they are turned from rows into columns.
    """

    def __init__(self, baseline: Baseline, codes: Sequence[CategoryCodes], capacity: int) -> None:
        self._numbers = np.empty((len(baseline.numeric), capacity), dtype=np.float64)
        self._cells = np.empty((len(codes), capacity), dtype=np.int64)
        self._codes = codes
        self._unseen: list[dict[int, str]] = [{} for _ in codes]
        self._filled = 0
        width = len(baseline.numeric)
        self._pack = struct.Struct(f"{width}d").pack
        self._row = itemgetter(slice(width))
        self._categories = itemgetter(slice(width, width + len(codes)))

    def append(self, events: Sequence[tuple[object, ...]]) -> None:
        """Add events: tuples that begin with the numbers (None or NaN: missing), then the categories."""
        if not events:
            return
        self._make_room(len(events))
        numeric = len(self._numbers)
        if not self._append_rows(events):
            for feature, values in enumerate(islice(zip(*events, strict=True), numeric)):
                self._append_column(feature, values)
        if self._codes:
            columns = zip(*map(self._categories, events), strict=True)
            for i, (codes, values) in enumerate(zip(self._codes, columns, strict=True)):
                self._place(i, codes, values)
        self._filled += len(events)

    def _make_room(self, rows: int) -> None:
        """Double the room until so many more rows fit."""
        needed, capacity = self._filled + rows, self._numbers.shape[1]
        if needed > capacity:
            more = ((0, 0), (0, max(needed - capacity, capacity)))
            self._numbers, self._cells = np.pad(self._numbers, more), np.pad(self._cells, more)

    def _append_rows(self, events: Sequence[tuple[object, ...]]) -> bool:
        """Write the numbers of events that have them all, row by row; False, with nothing written, if one does not.

        Packing takes a third of numpy's time for the same, but knows no None.
        """
        try:
            packed = b"".join(starmap(self._pack, map(self._row, events)))
        except struct.error:
            return False
        rows = np.frombuffer(packed).reshape(len(events), len(self._numbers))
        self._numbers[:, self._filled : self._filled + len(events)] = rows.T
        return True

    def _append_column(self, feature: int, values: Sequence[object]) -> None:
        """Write one feature's numbers, None as NaN."""
        room = self._numbers[feature, self._filled : self._filled + len(values)]
        try:
            room[:] = np.frombuffer(struct.pack(f"{len(values)}d", *values))
        except struct.error:
            room[:] = np.array(values, dtype=np.float64)

    def _place(self, feature: int, codes: CategoryCodes, values: Sequence[object]) -> None:
        start, column = self._filled, codes.column(values)
        self._cells[feature, start : start + len(values)] = column.codes
        self._unseen[feature].update((start + row, name) for row, name in column.unseen.items())

    def numeric(self) -> tuple[NumericColumn, ...]:
        """Return the numeric columns filled so far."""
        n = self._filled
        return tuple(NumericColumn(values[:n]) for values in self._numbers)

    def categorical(self) -> tuple[CategoricalColumn, ...]:
        """Return the categorical columns filled so far."""
        n = self._filled
        return tuple(CategoricalColumn(c[:n], names) for c, names in zip(self._cells, self._unseen, strict=True))
