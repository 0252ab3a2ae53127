"""Counts as few bytes: sparse or dense, in the narrowest integers that hold them.

The form is versioned and holds no module names. Cells are one of two ways, whichever is smaller: the gaps between
non-zero cells with their counts, or every cell; each as little-endian unsigned integers of 1, 2, 4 or 8 bytes. Moments
are decimal text, for they outgrow 64 bits.
"""

from typing import Any

import msgspec
import numpy as np

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts, NameTables

PACKING_VERSION = 1
_WIDTHS = ("<u1", "<u2", "<u4", "<u8")


class PackedCounts(msgspec.Struct, frozen=True, array_like=True):
    """The packed form; ``gaps`` is empty when the cells are dense."""

    version: int
    size: int
    rows: int
    gap_width: str
    gaps: bytes
    count_width: str
    counts: bytes
    moments: list[str]
    names: dict[int, dict[str, int]]


def pack(counts: Counts) -> bytes:
    """Return counts as bytes; every count must be zero or more."""
    index = np.flatnonzero(counts.cells)
    gaps = np.diff(index, prepend=0)
    gap_width, count_width = _narrowest(gaps), _narrowest(counts.cells)
    sparse = len(index) * (np.dtype(gap_width).itemsize + np.dtype(count_width).itemsize)
    dense = len(counts.cells) * np.dtype(count_width).itemsize
    use_sparse = sparse < dense
    packed = PackedCounts(
        version=PACKING_VERSION,
        size=len(counts.cells),
        rows=counts.rows,
        gap_width=gap_width if use_sparse else "",
        gaps=gaps.astype(gap_width).tobytes() if use_sparse else b"",
        count_width=count_width,
        counts=(counts.cells[index] if use_sparse else counts.cells).astype(count_width).tobytes(),
        moments=[str(value) for value in counts.moments.ravel().tolist()],
        names=counts.names,
    )
    return msgspec.msgpack.encode(packed)


def unpack(data: bytes, layout: Layout) -> Counts:
    """Read what ``pack`` wrote.

    Raises ValueError for another version, another layout's size, or bytes that are no packed counts.
    """
    packed = msgspec.msgpack.decode(data, type=PackedCounts)
    if packed.version != PACKING_VERSION or packed.size != layout.size:
        raise ValueError(
            f"packed counts of version {packed.version} over {packed.size} cells do not fit version "
            f"{PACKING_VERSION} over {layout.size} cells: they were counted against another baseline"
        )
    values = np.frombuffer(packed.counts, dtype=packed.count_width).astype(np.int64)
    cells = values
    if packed.gap_width:
        cells = np.zeros(packed.size, dtype=np.int64)
        cells[np.cumsum(np.frombuffer(packed.gaps, dtype=packed.gap_width).astype(np.int64))] = values
    moments: np.ndarray[Any, Any] = np.array([int(text) for text in packed.moments], dtype=object)
    names: NameTables = {feature: dict(table) for feature, table in packed.names.items()}
    return Counts(packed.rows, cells, moments.reshape(-1, 2), names)


def _narrowest(numbers: IntArray) -> str:
    largest = int(numbers.max()) if len(numbers) else 0
    return next(width for width in _WIDTHS if largest <= np.iinfo(width).max)
