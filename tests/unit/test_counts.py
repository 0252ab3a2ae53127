"""Counts: every value has one place, and what was added can be taken away."""

import numpy as np
import pytest

from stream.counts import Counts, merge_tables
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, NumericColumn, Rows
from tests.builders import layout_of, rows_of

TRAINING = {"x": [1.0, 2.0, 3.0], "c": ["a", "b", "b"]}


@pytest.fixture(scope="module")
def layout():
    return layout_of(TRAINING)


def _counted(layout, x, c):
    return Counts.of(layout, rows_of(layout, range(len(x)), {"x": x, "c": c}))


def test_a_number_goes_to_its_cell_and_a_name_to_its_category(layout):
    """Below, on and between the kept values; the categories in order, then unseen, missing and wrong type."""
    counts = _counted(layout, [0.5, 1.0, 2.5, 9.0, 3.0], ["b", "a", "b", "z", None])
    assert counts.cells[layout.numeric_cells(0)].tolist() == [1, 1, 0, 0, 1, 1, 1]
    assert counts.cells[layout.categorical_cells(0)].tolist() == [1, 2, 1, 1, 0]
    assert counts.names == {0: {"z": 1}}
    assert counts.rows == 5


def test_what_is_no_finite_number_is_counted_apart(layout):
    """Without states a NaN is a missing value; infinities have cells of their own."""
    counts = _counted(layout, [np.nan, np.inf, -np.inf, np.inf, 2.0], ["a"] * 5)
    assert counts.cells[layout.numeric_specials(0)].tolist() == [1, 0, 1, 2, 0]
    assert counts.cells[layout.numeric_cells(0)].sum() == 1


def test_states_decide_over_values(layout):
    """A NaN that was sent is not a missing value, and the number beside a wrong type is not counted."""
    states = np.array([PRESENT, PRESENT, MISSING, NOT_A_NUMBER, WRONG_TYPE], dtype=np.uint8)
    values = np.array([2.0, np.nan, np.nan, np.nan, 2.0])
    plain = rows_of(layout, range(5), {"x": values, "c": ["a"] * 5})
    rows = Rows(plain.times_ms, plain.offsets, (NumericColumn(values, states),), plain.categorical)
    counts = Counts.of(layout, rows)
    assert counts.cells[layout.numeric_specials(0)].tolist() == [1, 2, 0, 0, 1]
    assert counts.cells[layout.numeric_cells(0)].sum() == 1
    assert counts.moments[0].tolist() == list(layout.baseline.numeric[0].quantiser.sums(np.array([2.0])))


def test_minus_zero_is_zero():
    """The two zeros are one value, and the smallest number beside them another."""
    layout = layout_of({"x": [0.0, 0.0, 1.0]})
    counts = Counts.of(layout, rows_of(layout, range(3), {"x": [-0.0, 0.0, -5e-324]}))
    assert counts.cells.tolist()[:3] == [1, 2, 0]


def test_mean_and_std_are_read_back_from_integers(layout):
    """Within half a step of the mean, and as numpy has the standard deviation."""
    rng = np.random.default_rng(1)
    x = rng.normal(2.0, 3.0, 1000)
    counts, quantiser = _counted(layout, x, ["a"] * 1000), layout.baseline.numeric[0].quantiser
    first, second = counts.moments[0]
    assert isinstance(first, int)
    assert quantiser.mean(1000, first) == pytest.approx(x.mean(), abs=quantiser.unit / 2)
    assert quantiser.std(1000, first, second) == pytest.approx(x.std(ddof=1), rel=1e-6)


def test_no_rows_are_zero(layout):
    """An empty batch adds nothing."""
    empty, zero = _counted(layout, [], []), Counts.zero(layout)
    assert (empty.rows, empty.cells.tolist(), empty.moments.tolist()) == (0, zero.cells.tolist(), zero.moments.tolist())


def test_taking_away_leaves_what_was_there(layout):
    """Add, then subtract: cells, rows and moments are as before, to the last digit."""
    first, second = _counted(layout, [1.0, 1e300], ["a", "b"]), _counted(layout, [-1e300, 0.1], ["z", None])
    cells, moments = first.cells.tolist(), first.moments.tolist()
    first.add(second)
    first.subtract(second)
    assert (first.rows, first.cells.tolist(), first.moments.tolist()) == (2, cells, moments)


def test_tables_of_names_merge_feature_by_feature():
    """A feature that only one table has keeps its names."""
    assert merge_tables([{0: {"a": 1}}, {0: {"a": 2}, 3: {"b": 1}}, {}]) == {0: {"a": 3}, 3: {"b": 1}}
