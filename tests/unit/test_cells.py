"""Placing numbers on cells."""

import numpy as np
import pytest

from baselines.cells import cell_count, count_cells


def recount(values: list[float], numbers: list[float]) -> list[int]:
    """Count by comparing each number with each value."""
    counts = [0] * (2 * len(values) + 1)
    for number in numbers:
        below = sum(value < number for value in values)
        counts[2 * below + (number in values)] += 1
    return counts


def test_k_values_make_2k_plus_1_cells() -> None:
    """There are k points and the k + 1 open intervals around them."""
    assert cell_count(np.array([1.0, 2.0, 3.0])) == 7
    assert cell_count(np.array([])) == 1


@pytest.mark.parametrize("repeat", [1, 50])
def test_points_and_open_cells_are_told_apart(repeat: int) -> None:
    """A number equal to a value is in the value's own cell, for batches shorter and longer than the values."""
    values, numbers = [1.0, 2.0, 4.0], [0.5, 1.0, 1.5, 2.0, 2.0, 3.0, 4.0, 9.0] * repeat
    assert count_cells(np.array(values), np.array(numbers)).tolist() == recount(values, numbers)


def test_few_numbers_among_many_values_are_placed_the_same() -> None:
    """The search in the other direction, taken when the batch is small, counts the same."""
    values = np.arange(100.0)
    numbers = [-1.0, 0.0, 50.5, 99.0, 99.5]
    assert count_cells(values, np.array(numbers)).tolist() == recount(values.tolist(), numbers)


def test_no_numbers_count_nothing() -> None:
    """An empty batch gives zeros in the right shape."""
    assert count_cells(np.array([1.0, 2.0]), np.array([])).tolist() == [0] * 5


def test_without_values_all_numbers_share_the_one_cell() -> None:
    """A reference without values still counts its numbers."""
    assert count_cells(np.array([]), np.array([1.0, 2.0])).tolist() == [2]


def test_negative_zero_is_zero() -> None:
    """-0.0 lies on the value 0.0, not beside it."""
    assert count_cells(np.array([0.0]), np.array([-0.0, 0.0])).tolist() == [0, 2, 0]
    assert count_cells(np.array([-1.0, 0.0, 1.0]), np.array([-0.0])).tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_subnormals_are_told_apart() -> None:
    """The smallest numbers there are do not collapse into zero."""
    tiny = 5e-324
    assert count_cells(np.array([0.0, tiny]), np.array([tiny, 0.0, 2 * tiny])).tolist() == [0, 1, 0, 1, 1]
