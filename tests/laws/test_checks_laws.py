"""Laws of the checks: equal to scipy on any data, blind to what may not matter, never out of bounds."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from baselines.cells import count_cells
from stream.checks.chi2 import p_calibrated, pearson, pool
from stream.checks.ks import ks_p_value
from stream.permutation import location, scale
from stream.tails import exceedance_upper, hypergeometric_bound, hypergeometric_two_sided, ks_bound

# Ties, atoms, both zeros, subnormals and the ends of the range.
NUMBERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.sampled_from([-0.0, 0.0, 5e-324, -5e-324, 1e308, -1e308]),
    st.floats(allow_nan=False, allow_infinity=False),
)
SAMPLES = st.lists(NUMBERS, min_size=1, max_size=40).map(np.array)
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8)


def statistic(reference, window):
    shares = [np.cumsum(side) / side.sum() for side in (reference, window)]
    return float(np.abs(shares[1] - shares[0]).max())


@settings(max_examples=120, deadline=None)
@given(SAMPLES, SAMPLES)
def test_ks_over_cells_is_ks_over_values(training, window):
    """Counting on the 2k+1 cells of the reference loses nothing: D and p are scipy's."""
    values = np.unique(training)
    cells = count_cells(values, training), count_cells(values, window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = stats.ks_2samp(window, training)
    found = statistic(*cells)
    assert found == pytest.approx(oracle.statistic, abs=1e-12)
    # Where its exact p comes out above 1 by rounding, scipy falls back on the asymptotic one; so do we.
    p, method = ks_p_value(*cells, found)
    assert method == "exact" or p > 0.9
    assert p == pytest.approx(oracle.pvalue, rel=1e-9)
    assert ks_bound(found, len(window), len(training), 2 * len(values)) >= p * (1 - 1e-9)


@settings(max_examples=120, deadline=None)
@given(SAMPLES, SAMPLES)
def test_rank_tests_know_nothing_but_the_order(training, window):
    """Empty cells between change nothing, reversing the order only the sign; p stays below its bound."""
    values = np.unique(np.concatenate([training, window]))
    cells = [np.bincount(np.searchsorted(values, side), minlength=len(values)) for side in (training, window)]
    gaps = [np.insert(side, np.arange(len(side)), 0) for side in cells]
    for test in (location, scale):
        rank = test(*cells)
        assert test(*gaps).z == pytest.approx(rank.z, rel=1e-12, abs=1e-12)
        assert 0.0 <= rank.p_two_sided() <= rank.p_bound() <= 1.0
    flipped = location(*(side[::-1] for side in cells))
    assert flipped.z == pytest.approx(-location(*cells).z, rel=1e-9, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(COUNTS)
def test_chi_squared_of_any_table_is_scipys(columns):
    """After pooling no cell is empty, nothing is lost, and statistic and p are scipy's."""
    reference, window = (np.array([*side, 0]) for side in zip(*columns, strict=True))
    if not reference.sum() or not window.sum():
        return
    table = pool(reference, window)
    assert table.sum(axis=1).tolist() == [reference.sum(), window.sum()]
    assert table.sum(axis=0).all()
    assert 0.0 <= p_calibrated(table) <= 1.0
    if table.shape[1] > 1:
        assert pearson(table) == pytest.approx(
            stats.chi2_contingency(table, correction=False).statistic, rel=1e-9, abs=1e-9
        )


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_share_tests_are_blind_to_which_side_and_which_value_is_named(data):
    """Exchanging the samples, or the marked with the unmarked, leaves the exact p as it is; the bound stays above."""
    n, m = data.draw(st.integers(1, 400)), data.draw(st.integers(1, 400))
    seen, other = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    p = hypergeometric_two_sided(seen, n + m, seen + other, n)
    assert hypergeometric_two_sided(other, n + m, seen + other, m) == pytest.approx(p, rel=1e-9)
    assert hypergeometric_two_sided(n - seen, n + m, n + m - seen - other, n) == pytest.approx(p, rel=1e-9)
    assert p * (1 - 1e-9) <= hypergeometric_bound(seen, n + m, seen + other, n) <= 1.0


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3_000), st.integers(1, 3_000), st.integers(0, 3_000))
def test_more_values_outside_are_never_more_likely(n, m, outside):
    """The exceedance tail falls with the number outside and stays a probability."""
    here, further = exceedance_upper(outside, n, m), exceedance_upper(outside + 1, n, m)
    assert 0.0 <= further <= here * (1 + 1e-12) <= 1.0 + 1e-12
