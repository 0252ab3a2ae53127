"""The distribution of D where it is worked out here: the same numbers as scipy's."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from stream.kolmogorov import equal_sizes, two_sided


@pytest.mark.parametrize("n", [2, 7, 57, 977, 10_000])
def test_equal_sizes_have_scipys_exact_p(n: int) -> None:
    """For gaps of two values up to all of them: scipy's number to 1e-9, wherever it is not under the smallest float."""
    gaps = {2, n // 3, n} | {math.isqrt(n) * k for k in (2, 3, 5, 9)}
    for gap in sorted(gap for gap in gaps if 1 < gap <= n):
        first = np.arange(n)
        # The second sample lies as many places behind.
        oracle = stats.ks_2samp(first, first + gap - 0.5, method="exact")
        assert oracle.statistic == pytest.approx(gap / n)
        assert equal_sizes(gap, n) == pytest.approx(oracle.pvalue, rel=1e-9, abs=1e-300)


def test_no_gap_and_a_gap_of_one_value_are_certain() -> None:
    """And never more than that, however the terms round (scipy gives up on some of these)."""
    assert equal_sizes(0, 10) == 1.0
    assert equal_sizes(1, 7) == pytest.approx(1.0, abs=1e-12)
    assert 1.0 - 1e-9 <= equal_sizes(1, 10_000) <= 1.0


@pytest.mark.parametrize("n", [1, 140, 141, 476, 5_000, 20_000, 20_001])
def test_two_sided_is_scipys_asymptotic_p(n: int) -> None:
    """From the middle to where scipy says 0, on either side of the sizes that are worked out here."""
    for tail in (0.1, 2.19, 2.21, 10.0, 50.0, 150.0, 369.0, 371.0):
        distance = min(math.sqrt(tail / n), 1.0)
        expected = float(stats.kstwo.sf(distance, n))
        assert two_sided(distance, n) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("distance", [0.0, 0.49, 0.5, 0.51, 0.999, 1.0])
def test_two_sided_at_the_edges(distance: float) -> None:
    """Distances of 0, of a half and of 1 are scipy's, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert two_sided(distance, 200) == pytest.approx(float(stats.kstwo.sf(distance, 200)), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("n", [333, 1_667])
def test_two_sided_at_whole_shares(n: int) -> None:
    """Distances of whole values, where the last term is zero but for rounding: scipy's p, without a warning."""
    for values in range(n // 9, n // 2, 11):
        assert two_sided(values / n, n) == pytest.approx(float(stats.kstwo.sf(values / n, n)), rel=1e-9, abs=1e-300)
