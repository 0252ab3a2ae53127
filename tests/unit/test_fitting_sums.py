"""Sums without rounding."""

import math
import statistics
import sys
from fractions import Fraction

import numpy as np
import pytest

from baselines.fitting.sums import ExactSum, Spread

NUMBERS = [1e308, 1e-308, 5e-324, -1e308, 0.1, -0.0, 3.0, 1e16, 1.0]


def test_the_sum_is_that_of_fractions() -> None:
    """Numbers six hundred orders of magnitude apart add up exactly."""
    total = ExactSum()
    total.add(np.array(NUMBERS))
    assert total.value == sum(map(Fraction, NUMBERS))


def test_weights_are_repetitions() -> None:
    """A number with a count of five is the number five times."""
    weighted, repeated = ExactSum(), ExactSum()
    counts = np.arange(len(NUMBERS))
    weighted.add(np.array(NUMBERS), counts)
    repeated.add(np.repeat(NUMBERS, counts))
    assert weighted.value == repeated.value


def test_nothing_adds_nothing() -> None:
    """An empty chunk leaves the sum as it is."""
    total = ExactSum()
    total.add(np.array([]))
    assert total.value == 0


def std_of(numbers: list[float]) -> float:
    """Return the standard deviation by ``Spread``."""
    spread = Spread(float(sum(map(Fraction, numbers)) / len(numbers)), max(map(abs, numbers)))
    spread.add(np.array(numbers))
    return spread.std(len(numbers))


@pytest.mark.parametrize(
    "numbers",
    [
        [1.0, 2.0, 4.0],
        [1e15, 1e15 + 0.125, 1e15 + 0.25],
        [1e16, 1e16 + 2],
        [1e300, 2e300, -1e300],
        [1e-300, 3e-300, 2e-300],
        [5e-324, 1.5e-323],
        [0.0, 0.0, 1e-9],
    ],
)
def test_the_spread_is_that_of_the_statistics_module(numbers: list[float]) -> None:
    """Neither cancellation far from zero nor overflow nor underflow hurts."""
    assert std_of(numbers) == pytest.approx(statistics.stdev(numbers), rel=1e-9, abs=5e-324)


def test_a_constant_has_no_spread() -> None:
    """Exactly zero, not a rounding error."""
    assert std_of([0.1] * 1000) == 0.0
    assert std_of([0.0, 0.0]) == 0.0


def test_a_single_number_has_no_spread() -> None:
    """Zero, so that it can be stored."""
    assert std_of([7.0]) == 0.0


def test_the_widest_spread_stays_finite() -> None:
    """Where the standard deviation of floats is no float, the largest one stands for it."""
    assert std_of([sys.float_info.max, -sys.float_info.max]) == sys.float_info.max
    assert math.isfinite(std_of([1e308, -1e308, 1e308]))
