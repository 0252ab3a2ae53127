"""Rows: columns that are selected and joined keep what each value is."""

import numpy as np

from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, CategoricalColumn, NumericColumn, Rows


def _numeric(values, states=None):
    return NumericColumn(np.array(values, dtype=float), None if states is None else np.array(states, dtype=np.uint8))


def test_joined_numbers_keep_their_states():
    """A column that says nothing of its NaNs beside one that does: there NaN is a missing value."""
    joined = NumericColumn.join([_numeric([1.0, np.nan]), _numeric([np.nan, 2.0], [NOT_A_NUMBER, WRONG_TYPE])])
    np.testing.assert_array_equal(joined.values, [1.0, np.nan, np.nan, 2.0])
    assert joined.states.tolist() == [PRESENT, MISSING, NOT_A_NUMBER, WRONG_TYPE]


def test_joined_numbers_without_states_need_none():
    """The quick form stays quick."""
    assert NumericColumn.join([_numeric([1.0]), _numeric([np.nan])]).states is None


def test_joined_categories_keep_their_new_names():
    """Each at its row in the whole."""
    first = CategoricalColumn(np.array([0, 3]), {1: "watch"})
    second = CategoricalColumn(np.array([3, 1]), {0: "fridge"})
    joined = CategoricalColumn.join([first, second])
    assert joined.codes.tolist() == [0, 3, 3, 1]
    assert joined.unseen == {1: "watch", 2: "fridge"}


def test_one_part_is_not_copied():
    """The usual case costs nothing."""
    rows = Rows(np.array([1]), np.array([5]), (_numeric([1.0]),), ())
    assert Rows.join([rows]) is rows
