"""Laws of counting into cells: exact KS, and the same counts however numbers are cut and ordered."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from baselines.cells import IntArray, count_cells

EDGES = [0.0, -0.0, 5e-324, -5e-324, 1.0, 2.0, 1e308, -1e308, 1e-308]
NUMBERS = st.one_of(st.sampled_from(EDGES), st.floats(-3, 3), st.integers(-3, 3).map(float))
BATCH = st.lists(NUMBERS, max_size=60)
SAMPLE = st.lists(NUMBERS, min_size=1, max_size=60)


def largest_gap(reference: IntArray, window: IntArray) -> float:
    """Return D over two vectors of cell counts."""
    return float(np.abs(np.cumsum(reference) / reference.sum() - np.cumsum(window) / window.sum()).max())


def exact(reference: list[float], window: list[float]) -> float:
    """Return D as scipy has it."""
    with warnings.catch_warnings():  # about p-values, which do not matter here
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(stats.ks_2samp(reference, window).statistic)


@given(SAMPLE, SAMPLE)
def test_d_over_all_values_is_scipys(reference: list[float], window: list[float]) -> None:
    """With every distinct reference value kept, D over the cells is the two-sample statistic."""
    values = np.unique(np.array(reference) + 0.0)
    d = largest_gap(count_cells(values, np.array(reference)), count_cells(values, np.array(window)))
    assert abs(d - exact(reference, window)) < 1e-12


@given(SAMPLE, SAMPLE, st.data())
def test_d_over_some_values_is_at_most_the_bound_below_scipys(
    reference: list[float], window: list[float], data: st.DataObject
) -> None:
    """With any values kept, D <= exact <= D + the largest reference share of an open cell."""
    distinct = np.unique(np.array(reference) + 0.0).tolist()
    kept = np.array(sorted(data.draw(st.sets(st.sampled_from(distinct), min_size=1))))
    cells = count_cells(kept, np.array(reference))
    d, bound = largest_gap(cells, count_cells(kept, np.array(window))), cells[0::2].max() / len(reference)
    assert d - 1e-12 <= exact(reference, window) <= d + bound + 1e-12


@given(SAMPLE, BATCH, BATCH, st.randoms())
def test_counts_add_and_forget_order(
    values: list[float], left: list[float], right: list[float], random: object
) -> None:
    """Two batches counted apart and added are the shuffled whole, and it has as many numbers as it was given."""
    kept = np.unique(np.array(values) + 0.0)
    whole = left + right
    random.shuffle(whole)  # type: ignore[attr-defined]
    together = count_cells(kept, np.array(whole))
    apart = count_cells(kept, np.array(left)) + count_cells(kept, np.array(right))
    assert together.tolist() == apart.tolist()
    assert together.sum() == len(whole)
