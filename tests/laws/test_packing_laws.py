"""Laws of packing: what is unpacked is what was packed, and pieces add."""

from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream import packing
from stream.counts import Counts
from stream.packing import pack, unpack
from tests.builders import layout_of, with_dependence

TRAINING = {"x": np.arange(12.0), "y": np.arange(12.0) % 3, "c": ["a", "b"]}
LAYOUT = with_dependence(layout_of(TRAINING), TRAINING)
COUNT = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 300), st.integers(0, 2**62))
MOMENT = st.integers(-(2**150), 2**150)
NAMES = st.dictionaries(st.text(max_size=5), st.integers(1, 2**40), max_size=5)


@st.composite
def some_counts(draw):
    """Return counts of any size, sparse or dense."""
    counts = Counts.zero(LAYOUT)
    counts.rows = draw(COUNT)
    places = draw(st.dictionaries(st.integers(0, LAYOUT.size - 1), COUNT, max_size=LAYOUT.size))
    for place, count in places.items():
        counts.cells[place] = count
    counts.moments[:] = [[draw(MOMENT), draw(MOMENT)] for _ in range(2)]
    for place, count in draw(st.dictionaries(st.integers(0, LAYOUT.pair_size - 1), COUNT)).items():
        counts.pairs[place] = count
    names = draw(NAMES)
    counts.names = {0: dict(sorted(names.items()))} if names else {}
    return counts


def _facts(counts):
    names = {feature: dict(sorted(table.items())) for feature, table in counts.names.items()}
    return counts.rows, counts.cells.tolist(), counts.moments.tolist(), names, counts.pairs.tolist()


@given(some_counts(), st.integers(1, 50), st.randoms())
def test_unpacking_gives_back_what_was_packed(counts, cells_per_chunk, random):
    """In chunks of any size, read in any order."""
    with mock.patch.object(packing, "CELLS_PER_CHUNK", cells_per_chunk):
        chunks = list(pack(counts))
    assert len(chunks) == -(-LAYOUT.size // cells_per_chunk)
    random.shuffle(chunks)
    assert _facts(unpack(chunks, LAYOUT)) == _facts(counts)


@given(some_counts(), some_counts())
def test_pieces_of_several_panes_add(left, right):
    """Unpacking the chunks of two counts is adding the counts."""
    if (left.cells + right.cells).min() < 0:
        return  # beyond 64 bits
    together = unpack([*pack(left), *pack(right)], LAYOUT)
    left.add(right)
    assert _facts(together) == _facts(left)


@given(some_counts())
def test_the_same_counts_are_the_same_bytes(counts):
    """Unpacked and packed again, nothing has moved."""
    assert pack(unpack(pack(counts), LAYOUT)) == pack(counts)


@given(st.binary(max_size=80))
def test_other_bytes_raise_and_add_nothing(data):
    """ValueError, and the counts are as they were."""
    into = Counts.zero(LAYOUT)
    try:
        packing.add_chunk(into, data)
    except ValueError:
        pass
    else:
        raise AssertionError("taken for packed counts")
    assert _facts(into) == _facts(Counts.zero(LAYOUT))
