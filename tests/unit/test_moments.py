"""Moments as exact integers."""

import math
import statistics

import numpy as np
import pytest

from baselines.moments import Quantiser


def test_the_unit_is_a_power_of_two_near_the_65536th_part_of_the_standard_deviation() -> None:
    """Steps of a power of two keep the division exact."""
    unit = Quantiser.for_reference(10.0, 3.0).unit
    assert math.frexp(unit)[0] == 0.5
    assert 3.0 / 2**17 < unit <= 3.0 / 2**16


@pytest.mark.parametrize("mean", [0.0, 5.0, 1e300, 5e-324])
def test_a_constant_feature_takes_its_scale_from_its_size(mean: float) -> None:
    """A reference without spread still has a step larger than zero, and its own value is step zero."""
    quantiser = Quantiser.for_reference(mean, 0.0)
    assert quantiser.unit > 0
    assert quantiser.sums(np.array([mean] * 3)) == (0, 0)


def test_mean_and_std_are_those_of_the_numbers_to_a_unit() -> None:
    """Read back, the moments differ from the numbers' own by less than the step."""
    numbers = np.random.default_rng(3).normal(1e6, 2.0, 1000)
    quantiser = Quantiser.for_reference(1e6, 2.0)
    first, second = quantiser.sums(numbers)
    assert quantiser.mean(1000, first) == pytest.approx(statistics.fmean(numbers), abs=quantiser.unit)
    assert quantiser.std(1000, first, second) == pytest.approx(statistics.stdev(numbers.tolist()), abs=quantiser.unit)


def test_sums_are_those_of_python_integers() -> None:
    """Near, far and very far numbers, in one batch, add up as whole numbers do."""
    quantiser = Quantiser(centre=0.0, unit=1.0)
    steps = [3, -7, 2**26 + 1, -(2**40) - 3, 2**61 + 2**20, *range(2**25, 2**25 + 50)]
    expected = (sum(steps), sum(step * step for step in steps))
    assert quantiser.sums(np.array(steps, dtype=np.float64)) == expected


def test_a_number_beyond_all_scale_counts_at_the_edge() -> None:
    """1e308 in small steps overflows; it is counted at the farthest distance instead of as infinity."""
    quantiser = Quantiser(centre=0.0, unit=2.0**-60)
    assert quantiser.sums(np.array([1e308])) == (2**62, 2**124)
    assert quantiser.sums(np.array([-1e308])) == (-(2**62), 2**124)


@pytest.mark.parametrize("farthest", [1.0, 2.0**30, 1e308])
def test_numbers_in_order_have_the_same_sums(farthest: float) -> None:
    """Where the range is known from the ends, near and far numbers sum as they do where it is searched for."""
    quantiser = Quantiser.for_reference(0.5, 1.0)
    numbers = np.append(np.random.default_rng(4).normal(size=200), [farthest, -farthest])
    assert quantiser.sums_of_ordered(np.sort(numbers)) == quantiser.sums(numbers)


def test_no_numbers_sum_to_zero() -> None:
    """An empty batch adds nothing."""
    assert Quantiser.for_reference(0.0, 1.0).sums(np.array([])) == (0, 0)
    assert Quantiser.for_reference(0.0, 1.0).sums_of_ordered(np.array([])) == (0, 0)


def test_one_number_has_no_standard_deviation() -> None:
    """Zero below the line gives NaN, not an error."""
    assert math.isnan(Quantiser.for_reference(0.0, 1.0).std(1, 5, 25))
