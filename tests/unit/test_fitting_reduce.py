"""Keeping some of many values, and quantiles from counts."""

import numpy as np
import pytest

from baselines.cells import count_cells
from baselines.fitting.reduce import QUANTILES, quantiles, thin


def test_few_values_all_stay() -> None:
    """Up to the number to keep, nothing is merged."""
    values, cells = np.arange(10.0), np.arange(21)
    kept, merged = thin(values, cells, 10)
    assert (kept.tolist(), merged.tolist()) == (values.tolist(), cells.tolist())


@pytest.mark.parametrize("keep", [2, 7, 100, 999])
def test_no_open_cell_holds_more_than_its_share(keep: int) -> None:
    """Every open cell of the result is at most 1/keep of the rows, and about as many values stay as were asked for."""
    numbers = np.random.default_rng(4).lognormal(size=5000)
    values = np.unique(numbers)
    kept, cells = thin(values, count_cells(values, numbers), keep)
    assert cells[0::2].max() <= 5000 // keep
    assert keep / 2 <= len(kept) <= keep + 1


def test_merged_cells_are_a_recount() -> None:
    """Adding cells up gives what counting all rows into the kept values gives."""
    numbers = np.round(np.random.default_rng(5).normal(size=4000), 2)
    values = np.unique(numbers)[::3]
    values = np.unique([numbers.min(), *values, numbers.max()])
    kept, cells = thin(values, count_cells(values, numbers), 20)
    assert cells.tolist() == count_cells(kept, numbers).tolist()
    assert (kept[0], kept[-1], cells[0], cells[-1]) == (numbers.min(), numbers.max(), 0, 0)


def test_an_atom_always_stays() -> None:
    """A value with more than 1/keep of the rows is kept, whatever lies around it."""
    numbers = np.concatenate([np.random.default_rng(6).uniform(size=3000), np.full(400, 0.123456)])
    values = np.unique(numbers)
    kept, cells = thin(values, count_cells(values, numbers), 10)
    place = int(np.flatnonzero(kept == 0.123456)[0])
    assert cells[2 * place + 1] == 400


@pytest.mark.parametrize("size", [1, 2, 3, 100, 1001])
def test_quantiles_are_numpys_where_every_value_is_counted(size: int) -> None:
    """The "linear" definition, exactly."""
    numbers = np.round(np.random.default_rng(size).normal(size=size), 1)
    values = np.unique(numbers)
    found = quantiles(values, count_cells(values, numbers))
    expected = np.quantile(numbers, [float(text) for text in QUANTILES])
    assert list(found) == list(QUANTILES)
    assert list(found.values()) == pytest.approx(expected.tolist(), rel=1e-12)


def test_quantiles_inside_an_open_cell_lie_between_its_ends() -> None:
    """Where only some values are counted, a quantile is off by no more than its cell is wide."""
    numbers = np.random.default_rng(8).uniform(size=10_000)
    values = np.unique([numbers.min(), *np.linspace(0.1, 0.9, 9), numbers.max()])
    found = quantiles(values, count_cells(values, numbers))
    expected = np.quantile(numbers, [float(text) for text in QUANTILES])
    assert np.abs(np.array(list(found.values())) - expected).max() < 0.02


def test_quantiles_of_a_constant_are_the_constant() -> None:
    """Interpolating between equal numbers must not round."""
    for number in (0.1, 0.7, 1 / 3, 1e300, 5e-324):
        for size in range(1, 30):
            found = quantiles(np.array([number]), np.array([0, size, 0]))
            assert set(found.values()) == {number}


def test_quantiles_between_the_largest_floats_do_not_overflow() -> None:
    """The difference of the ends is no float, the quantile is."""
    ends = np.array([-1.7e308, 1.7e308])
    assert quantiles(ends, count_cells(ends, ends))["0.5"] == 0.0
