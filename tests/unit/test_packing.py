"""Packed counts: small, versioned, the same when unpacked, and refused when they do not fit."""

import msgspec
import numpy as np
import pytest

from stream import packing
from stream.counts import Counts
from stream.packing import Chunk, add_chunk, chunk_count, pack, unpack
from tests.builders import layout_of, rows_of, with_dependence


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": np.arange(100.0), "c": ["a", "b"]})


def _counts(layout, **cells):
    counts = Counts.zero(layout)
    for place, count in cells.items():
        counts.cells[int(place[1:])] = count
    return counts


def _same(left, right):
    return (left.rows, left.cells.tolist(), left.moments.tolist(), left.names) == (
        right.rows,
        right.cells.tolist(),
        right.moments.tolist(),
        right.names,
    )


@pytest.mark.parametrize("count", [1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**62])
def test_counts_of_every_width_come_back(layout, count):
    """On both sides of each width's limit, alone and among others, sparse and dense."""
    lonely = _counts(layout, _150=count)
    dense = Counts.zero(layout)
    dense.cells[:] = count
    assert _same(unpack(pack(lonely), layout), lonely)
    assert _same(unpack(pack(dense), layout), dense)


def test_rows_moments_and_names_come_back(layout):
    """Moments beyond 64 bits too, of either sign."""
    counts = _counts(layout, _0=7)
    counts.rows, counts.names = 7, {0: {"new": 3}}
    counts.moments[0] = (-(2**90), 2**140)
    assert _same(unpack(pack(counts), layout), counts)


def test_few_counts_take_few_bytes(layout):
    """A pane that touched one cell does not write them all; one that touched all does not write their places."""
    sparse, dense = _counts(layout, _150=1), Counts.zero(layout)
    dense.cells[:] = 1
    (lonely,), (full,) = pack(sparse), pack(dense)
    assert len(lonely) < 60
    assert len(full) < layout.size + 60


def test_pieces_add(monkeypatch):
    """However small the chunks are, they make the whole, and only the first carries rows, moments and names."""
    layout = layout_of({"x": np.arange(30.0)})
    counts = Counts.zero(layout)
    counts.cells[:] = np.arange(layout.size)
    counts.rows, counts.names = 5, {0: {"n": 1}}
    counts.moments[0] = (3, 9)
    monkeypatch.setattr(packing, "CELLS_PER_CHUNK", 7)
    chunks = pack(counts)
    assert len(chunks) == chunk_count(layout) == -(-layout.size // 7)
    assert _same(unpack(reversed(chunks), layout), counts)
    twice = unpack([*chunks, *chunks], layout)
    assert twice.cells.tolist() == (2 * counts.cells).tolist()
    assert (twice.rows, twice.moments.tolist()) == (10, [[6, 18]])


def test_another_baselines_counts_are_refused(layout):
    """Counts over another number of cells are not added; the message says why."""
    (chunk,) = pack(Counts.zero(layout_of({"x": [1.0, 2.0]})))
    with pytest.raises(ValueError, match="another baseline"):
        unpack([chunk], layout)


def test_another_version_is_refused(layout):
    """A later form is not guessed at."""
    (data,) = pack(Counts.zero(layout))
    later = msgspec.structs.replace(msgspec.msgpack.decode(data, type=Chunk), version=2)
    with pytest.raises(ValueError, match="version 2"):
        add_chunk(Counts.zero(layout), msgspec.msgpack.encode(later))


@pytest.mark.parametrize("data", [b"", b"\x00", b"not packed counts", msgspec.msgpack.encode({"a": 1})])
def test_other_bytes_are_refused(layout, data):
    """What is no packed counts raises ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        add_chunk(Counts.zero(layout), data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"count_width": "<f8"},
        {"count_width": "nonsense"},
        {"counts": b"\x01"},
        {"gap_width": "<u1", "gaps": b"\xff" * 207, "count_width": "<u1", "counts": b"\x01" * 207},
        {"first": 100},
        {"first": -1},
        {"moments": ("1",)},
    ],
)
def test_packed_counts_that_contradict_themselves_are_refused(layout, wrong):
    """A damaged chunk raises ValueError and adds nothing."""
    dense = Counts.zero(layout)
    dense.cells[:] = 300
    chunk = msgspec.msgpack.decode(pack(dense)[0], type=Chunk)
    into = Counts.zero(layout)
    with pytest.raises(ValueError, match=r".+"):
        add_chunk(into, msgspec.msgpack.encode(msgspec.structs.replace(chunk, **wrong)))
    assert into.cells.sum() == 0
    assert into.rows == 0


def test_pairs_come_back_and_gaps_cost_nothing():
    """The first chunk carries them, in a few bytes where nothing is missing; those of another baseline are refused."""
    training = {name: np.random.default_rng(i).normal(size=100) for i, name in enumerate("abcdefgh")}
    layout = with_dependence(layout_of(training), training)
    columns = {name: column[:50] for name, column in training.items()}
    counts = Counts.of(layout, rows_of(layout, np.arange(50), columns))
    assert np.count_nonzero(counts.pairs) == 8 * 7 // 2
    plain = Counts(counts.rows, counts.cells, counts.moments)
    assert unpack(pack(counts), layout).pairs.tolist() == counts.pairs.tolist()
    assert sum(map(len, pack(counts))) - sum(map(len, pack(plain))) < 3 * 28 + 40
    fewer = with_dependence(layout_of(training), training, most=7)
    with pytest.raises(ValueError, match="another baseline"):
        unpack(pack(counts), fewer)
