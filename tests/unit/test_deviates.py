"""Normal deviates of statistics, held against scipy where a p-value can still be written as a float."""

import math

import numpy as np
import pytest
from scipy import special, stats

from stream import deviates

P_VALUES = (0.9, 0.5, 0.05, 1e-3, 1e-8, 1e-60, 1e-250)


@pytest.mark.parametrize("p", P_VALUES)
def test_a_p_value_and_its_deviate_are_one(p: float) -> None:
    """The deviate is the normal quantile of half the p-value."""
    assert deviates.of_p(p) == pytest.approx(stats.norm.isf(p / 2.0), rel=1e-9)
    assert deviates.of_upper(stats.norm.isf(p)) == pytest.approx(stats.norm.isf(p / 2.0), rel=1e-9)


def test_no_p_value_is_too_small_or_too_large() -> None:
    """Far beyond the smallest float there is a finite deviate; certainty is 0."""
    assert deviates.of_log_p(-5_000.0) == pytest.approx(99.9, abs=0.1)
    assert deviates.of_p(0.0) == pytest.approx(38.5, abs=0.1)
    assert deviates.of_p(1.0) == 0.0
    assert deviates.of_upper(-9.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("p", P_VALUES)
@pytest.mark.parametrize("freedom", [1, 2, 5, 40, 400])
def test_the_signed_root_is_the_deviate_of_chi_squared(freedom: int, p: float) -> None:
    """Within 0.02 of the exact one everywhere, at one degree of freedom, too."""
    exact = stats.norm.isf(p / 2.0)
    assert deviates.chi_squared(float(stats.chi2.isf(p, freedom)), freedom) == pytest.approx(exact, abs=0.02)


def test_chi_squared_has_no_hole_at_its_mean() -> None:
    """Where the correction is 0/0, its limit stands; nothing is measured by no freedom."""
    around = [deviates.chi_squared(10.0 + step, 10) for step in (-1e-3, -1e-9, 0.0, 1e-9, 1e-3)]
    assert around == sorted(around)
    assert around[-1] - around[0] < 1e-3
    assert deviates.chi_squared(5.0, 0) == 0.0
    assert deviates.chi_squared(0.0, 3) == 0.0


@pytest.mark.parametrize("distance", [0.02, 0.1, 0.3, 0.6])
def test_kolmogorovs_deviate_is_that_of_its_limit(distance: float) -> None:
    """On both sides of where the series is cut to its first term."""
    exact = stats.norm.isf(stats.kstwobign.sf(distance * math.sqrt(400.0)) / 2.0)
    assert deviates.kolmogorov(distance, 400.0) == pytest.approx(exact, abs=1e-6)


def test_kolmogorovs_deviate_does_not_end_where_floats_do() -> None:
    """Everything moved, among a million rows: the deviate is near 2 D sqrt(rows)."""
    assert deviates.kolmogorov(1.0, 1e6) == pytest.approx(2_000.0, rel=1e-3)


def test_a_share_is_measured_in_its_exact_standard_deviations() -> None:
    """Mean and variance are those of the hypergeometric distribution; nothing marked, nothing measured."""
    law = stats.hypergeom(1_000, 300, 50)
    assert deviates.hypergeometric(25, 1_000, 300, 50) == pytest.approx((25 - law.mean()) / law.std())
    assert deviates.hypergeometric(0, 1_000, 0, 50) == 0.0


@pytest.mark.parametrize(("freedom", "t"), [(25.0, 2.0), (25.0, 15.0), (2_500.0, 30.0)])
def test_students_deviate_is_the_normal_one_of_its_p_value(freedom: float, t: float) -> None:
    """Wallace's approximation: to half a percent of the deviate, far out, too."""
    exact = -special.ndtri_exp(stats.t.logsf(t, freedom))
    assert deviates.student(np.array(-t), np.array(freedom)) == pytest.approx(exact, rel=0.005)


def test_students_deviate_does_not_end_where_floats_do() -> None:
    """No p-value is that small; the deviate is finite, and larger where t is."""
    far = deviates.student(np.array([1e3, 1e6]), np.full(2, 1e4))
    assert 200.0 < far[0] < far[1] < math.inf
