"""Counts as few bytes: sparse or dense, in the narrowest integers that hold them.

The form is versioned and holds no module names. Cells are cut at fixed places into chunks, so that each fits into a
message and a later writing of the same pane replaces chunk by chunk. A chunk's cells are written one of two ways,
whichever is smaller: the gaps between non-zero cells with their counts, or every cell; as little-endian unsigned
integers of 1, 2, 4 or 8 bytes. Chunks add, each by itself. The first one also carries rows, moments, names and the
counters of pairs, which are written like cells; moments are decimal text, for they outgrow 64 bits.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec
import numpy as np

from baselines import Layout
from baselines.cells import IntArray
from stream.counts import Counts, merge_tables

PACKING_VERSION = 1
# 8 bytes a cell at the most: half of a broker's default limit of 1 MB for a message.
CELLS_PER_CHUNK = 60_000
Width = Literal["<u1", "<u2", "<u4", "<u8"]
# Whether counts are added or taken away.
Sign = Literal[1, -1]
_WIDTHS: tuple[Width, ...] = ("<u1", "<u2", "<u4", "<u8")


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Cells ``first`` to ``first + size`` of a layout of ``cells``; ``gap_width`` is empty when they are dense.

    ``pairs`` are the counters of pairs, all of them, in the same form; None where all are zero.
    """

    version: int
    cells: int
    first: int
    size: int
    gap_width: Width | Literal[""]
    gaps: bytes
    count_width: Width
    counts: bytes
    rows: int = 0
    moments: tuple[str, ...] = ()
    names: dict[int, dict[str, int]] = {}
    pairs: "Chunk | None" = None


def chunk_count(layout: Layout) -> int:
    """Return how many chunks counts on this layout make."""
    return -(-layout.size // CELLS_PER_CHUNK)


def pack(counts: Counts) -> tuple[bytes, ...]:
    """Return counts as chunks; every count must be zero or more."""
    size = len(counts.cells)
    return tuple(msgspec.msgpack.encode(_chunk(counts, first)) for first in range(0, size, CELLS_PER_CHUNK))


def unpack(chunks: Iterable[bytes], layout: Layout) -> Counts:
    """Return the sum of chunks; see ``add_chunk`` for what it refuses."""
    counts = Counts.zero(layout)
    for chunk in chunks:
        add_chunk(counts, chunk)
    return counts


def add_chunk(counts: Counts, data: bytes) -> None:
    """Add one chunk to counts.

    Raises ValueError, and adds nothing, for another version, another layout's size, or bytes that are no packed counts.
    """
    move_chunk(counts, data, 1)


def move_chunk(counts: Counts, data: bytes, sign: Sign) -> None:
    """Add one chunk, or take one away that was added before, all but its names; raises as ``add_chunk``."""
    chunk = msgspec.msgpack.decode(data, type=Chunk)
    places, values = _numbers(chunk, len(counts.cells))
    pairs = None if chunk.pairs is None else _numbers(chunk.pairs, len(counts.pairs))
    moments = np.array([sign * int(text) for text in chunk.moments], dtype=object)
    if chunk.moments and len(moments) != counts.moments.size:
        raise ValueError(f"packed counts with {len(moments)} moments instead of {counts.moments.size}")
    _move(counts.cells, places, values, sign)
    counts.rows += sign * chunk.rows
    if chunk.moments:
        counts.moments += moments.reshape(-1, 2)
    if chunk.names and sign > 0:
        counts.names = merge_tables([counts.names, chunk.names])
    if pairs:
        _move(counts.pairs, *pairs, sign)


def move_cells(cells: IntArray, data: bytes, sign: Sign) -> None:
    """Add one chunk's cells to a vector of just these cells, or take them away."""
    chunk = msgspec.msgpack.decode(data, type=Chunk)
    places, values = _numbers(chunk, chunk.cells)
    _move(cells, slice(None) if isinstance(places, slice) else places - chunk.first, values, sign)


def _move(cells: IntArray, places: slice | IntArray, values: IntArray, sign: Sign) -> None:
    if sign > 0:
        cells[places] += values
    else:
        cells[places] -= values


def _numbers(chunk: Chunk, cells: int) -> tuple[slice | IntArray, IntArray]:
    """Return a chunk's places and what to add there, to a vector of ``cells``."""
    if chunk.version != PACKING_VERSION or chunk.cells != cells:
        raise ValueError(
            f"packed counts of version {chunk.version} over {chunk.cells} cells do not fit version "
            f"{PACKING_VERSION} over {cells} cells: they were counted against another baseline"
        )
    values = np.frombuffer(chunk.counts, dtype=chunk.count_width).astype(np.int64)
    return _places(chunk, len(values)), values


def _places(chunk: Chunk, count: int) -> slice | IntArray:
    """Return the cells that a chunk's ``count`` counts belong to, each of them once."""
    inside = 0 <= chunk.first <= chunk.cells - chunk.size
    if not chunk.gap_width:
        if inside and chunk.size == count:
            return slice(chunk.first, chunk.first + chunk.size)
    else:
        gaps = np.frombuffer(chunk.gaps, dtype=chunk.gap_width).astype(np.int64)
        places: IntArray = np.cumsum(gaps)
        if inside and len(gaps) == count and (gaps[1:] > 0).all() and places[-1:].max(initial=0) < chunk.size:
            return chunk.first + places
    raise ValueError(f"packed counts that contradict themselves: {count} counts for {chunk.size} cells")


def chunk_rows(data: bytes) -> int:
    """Return how many rows a chunk stands for, whatever layout it was counted on."""
    return msgspec.msgpack.decode(data, type=Chunk).rows


def _chunk(counts: Counts, first: int) -> Chunk:
    cells = _packed(counts.cells, first, CELLS_PER_CHUNK)
    if first:
        return cells
    return msgspec.structs.replace(
        cells,
        rows=counts.rows,
        moments=tuple(str(value) for value in counts.moments.ravel().tolist()),
        names=counts.names,
        pairs=_packed(counts.pairs, 0, len(counts.pairs)) if counts.pairs.any() else None,
    )


def _packed(cells: IntArray, first: int, size: int) -> Chunk:
    """Return the numbers from ``first`` on, at most ``size``, written the shorter way."""
    part = cells[first : first + size]
    # A mask is searched quicker than numbers.
    index = np.flatnonzero(part != 0)
    gaps = np.diff(index, prepend=0)
    gap_width, count_width = _narrowest(gaps), _narrowest(part)
    sparse_bytes = len(index) * (np.dtype(gap_width).itemsize + np.dtype(count_width).itemsize)
    sparse = sparse_bytes < len(part) * np.dtype(count_width).itemsize
    return Chunk(
        version=PACKING_VERSION,
        cells=len(cells),
        first=first,
        size=len(part),
        gap_width=gap_width if sparse else "",
        gaps=gaps.astype(gap_width).tobytes() if sparse else b"",
        count_width=count_width,
        counts=(part.take(index) if sparse else part).astype(count_width).tobytes(),
    )


def _narrowest(numbers: IntArray) -> Width:
    largest = int(numbers.max()) if len(numbers) else 0
    return next(width for width in _WIDTHS if largest <= np.iinfo(width).max)
