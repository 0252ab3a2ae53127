"""Laws of the relation: its counters are counts like all others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import Layout
from stream.counts import Counts
from stream.packing import pack, unpack
from stream.stratified import Stratified
from tests.labelled_rows import draw, fitted, labelled, window

SIDES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 80), st.integers(0, 80)), min_size=1, max_size=8
)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return the layout of held-out rows."""
    rows = labelled(*draw(np.random.default_rng(31), 3000), "probability")
    return Layout(fitted(tmp_path_factory.mktemp("laws") / "train.jsonl", rows, "probability"))


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), max_size=5), st.floats(-3.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_counts_do_not_depend_on_how_batches_fall(layout: Layout, seed: int, cuts: list[int], mean: float) -> None:
    """Every row is in one counter; batches add, packed or not, and subtract to nothing."""
    rows = window(layout, labelled(*draw(np.random.default_rng(seed), 60, mean=mean), "probability"), "probability")
    whole = Counts.of(layout, rows)
    assert whole.cells[layout.relation_cells].sum() == len(rows)
    parts = Counts.zero(layout)
    for part in np.split(np.arange(len(rows)), sorted(min(cut, len(rows)) for cut in cuts)):
        parts.add(unpack(pack(Counts.of(layout, rows.take(part))), layout))
    assert np.array_equal(parts.cells, whole.cells)
    parts.subtract(whole)
    assert not parts.cells.any()


@given(SIDES)
@settings(max_examples=200, deadline=None)
def test_p_is_a_probability_and_does_not_know_left_from_right(sides: list[tuple[int, int, int, int]]) -> None:
    """Any tables at all: p lies in 0 to 1; what is marked and what is not may change names, and strata their order."""
    m, a, n, b = (np.array(part, dtype=np.int64) for part in zip(*sides, strict=True))
    reference, now = (m + a, a), (n + b, b)
    p = Stratified.of(reference, now).p_two_sided()
    assert 0.0 <= p <= 1.0
    assert Stratified.of((m + a, m), (n + b, n)).p_two_sided() == pytest.approx(p, rel=1e-4, abs=1e-300)
    turned = Stratified.of((reference[0][::-1], a[::-1]), (now[0][::-1], b[::-1])).p_two_sided()
    assert turned == pytest.approx(p, rel=1e-6, abs=1e-300)
