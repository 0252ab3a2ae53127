"""Patterns of one number: each fault is recognised by its criterion, and what comes near to it is not."""

import numpy as np
import pytest
from scipy import stats

from tests.builders import patterns_of

RNG = np.random.default_rng(11)
MINUTES = RNG.lognormal(2.5, 0.5, 3000)
CELSIUS = RNG.normal(15, 8, 3000)


def _minutes(rows=600):
    return RNG.lognormal(2.5, 0.5, rows)


def _celsius(rows=600):
    return RNG.normal(15, 8, rows)


def _found(training, window):
    return patterns_of({"x": training}, {"x": window}).get("x")


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (60.0, "x looks about 60 times as large (seconds instead of minutes, or minutes instead of hours?)"),
        (1 / 60, "x looks about 1/60 as large (minutes instead of seconds, or hours instead of minutes?)"),
        (1000.0, "x looks about 1000 times as large (thousandths instead of whole units?)"),
        (0.01, "x looks about 1/100 as large (shares instead of percent, or whole units instead of cents?)"),
        (2.54, "x looks about 2.54 times as large (centimetres instead of inches?)"),
    ],
)
def test_a_known_factor_is_told_with_its_units(factor, words):
    """Most of the window lies beyond the training range, where only the moments know how far."""
    found = _found(MINUTES, _minutes() * factor)
    assert found == {"kind": "unit_change", "factor": pytest.approx(factor), "sentence": words}


def test_a_factor_without_a_name_is_told_as_measured():
    """To two digits."""
    found = _found(MINUTES, _minutes(4000) * 4.7)
    assert found["factor"] == pytest.approx(4.7, abs=0.15)
    assert "?" not in found["sentence"]


def test_growth_is_no_unit_change():
    """Values that double are another population, not another unit."""
    assert _found(MINUTES, _minutes() * 2) is None


def test_growth_that_comes_near_a_conversion_is_growth():
    """Two standard errors from 2.54 (centimetres for inches) is not 2.54; on it, it is."""
    training, window = (stats.norm.ppf((np.arange(rows) + 0.5) / rows, 4, 1) for rows in (5000, 300))
    assert _found(training, window * 2.465) is None
    assert _found(training, window * 2.54)["factor"] == 2.54


def test_a_small_factor_is_named_only_when_it_is_measured_well():
    """Kilometres for miles: 600 rows cannot tell 1.609 from growth, 50,000 can."""
    miles = RNG.normal(50, 10, 50_000)
    assert _found(miles, RNG.normal(50, 10, 600) * 1.609344) is None
    found = _found(miles, RNG.normal(50, 10, 50_000) * 1.609344)
    assert found["sentence"] == "x looks about 1.609 times as large (kilometres instead of miles?)"


@pytest.mark.parametrize(
    ("window", "factor", "offset", "words"),
    [
        (_celsius() * 1.8 + 32, 1.8, 32.0, "Fahrenheit instead of Celsius"),
        (_celsius() + 273.15, 1.0, 273.15, "Kelvin instead of Celsius"),
    ],
)
def test_temperatures_have_an_offset(window, factor, offset, words):
    """Factor and offset are both in the event."""
    found = _found(CELSIUS, window)
    assert (found["factor"], found["offset"]) == (factor, offset)
    assert found["sentence"] == f"x looks like {words}"


def test_a_shift_as_wide_as_an_offset_is_a_shift():
    """273 more of something that varies by hundreds is no change to Kelvin."""
    assert _found(RNG.normal(1000, 400, 3000), RNG.normal(1273.15, 400, 600)) is None


def test_part_of_the_rows_in_another_unit_is_not_called_a_unit_change():
    """The promise is that the whole window is the training data times a constant."""
    assert _found(MINUTES, _minutes() * np.where(RNG.random(600) < 0.5, 60, 1)) is None


def test_a_sign_is_told_where_a_shift_would_look_different():
    """Of a lopsided feature; of a symmetric one near zero the mirror image is a shift."""
    assert _found(MINUTES, -_minutes()) == {"kind": "sign_flip", "factor": -1.0, "sentence": "x has the opposite sign"}
    assert _found(RNG.normal(1, 1, 3000), -RNG.normal(1, 1, 600)) is None


@pytest.mark.parametrize("value", [float(MINUTES[3]), 500.0])
def test_one_value_all_over_is_stuck(value):
    """Whether training had that value, or it lies beyond all of them."""
    found = _found(MINUTES, np.full(600, value))
    assert (found["kind"], found["share"]) == ("stuck", 1.0)
    assert found["value"] == pytest.approx(value, rel=1e-5)


def test_a_value_that_was_common_is_not_stuck():
    """Nearly all zeros, in training as well."""
    zeros = np.where(RNG.random(3000) < 0.6, 0.0, RNG.exponential(1, 3000))
    assert _found(zeros, np.where(RNG.random(600) < 0.97, 0.0, 1.0)) is None


def test_a_bound_collects_what_lay_beyond_it():
    """All above the bound lies on it, and the rest is as before."""
    found = _found(CELSIUS, np.minimum(_celsius(), 22.0))
    assert found["kind"] == "clipped"
    assert found["value"] == pytest.approx(22.0, abs=0.1)
    assert found["sentence"].startswith("x is cut off above 2")
    assert _found(CELSIUS, np.maximum(_celsius(), 9.0))["sentence"].startswith("x is cut off below")


def test_values_left_out_are_not_clipped():
    """Where the rows beyond a bound are gone, nothing lies on it."""
    window = _celsius(1000)
    assert _found(CELSIUS, window[window < 22]) is None


def test_rounding_leaves_few_values():
    """Far fewer than a continuous sample has; a narrow one is none of that."""
    found = _found(CELSIUS, np.round(_celsius() / 5) * 5)
    assert found["kind"] == "quantised"
    assert 8 <= found["levels"] <= 15
    assert _found(CELSIUS, 15 + _celsius() / 100) is None


@pytest.mark.parametrize(("value", "training"), [(-999.0, MINUTES), (0.0, CELSIUS), (0.0, MINUTES)])
def test_a_fill_beside_the_usual_values_is_a_default(value, training):
    """Inside the training range by its cell, outside by the mean."""
    window = np.where(RNG.random(1500) < 0.2, value, RNG.choice(training, 1500))
    found = _found(training, window)
    assert (found["kind"], found["value"]) == ("default_fill", value)
    assert found["share"] == pytest.approx(0.2, abs=0.04)


def test_a_fill_that_replaces_missing_values_says_so():
    """The missing share falls by what the fill gains."""
    gaps = RNG.random(3000) < 0.1
    window = np.where(RNG.random(1500) < 0.1, -99.0, _minutes(1500))
    found = _found(np.where(gaps, np.nan, MINUTES), window)
    assert found["sentence"].startswith("x is -99 instead of missing in ")


def test_fills_that_the_mean_cannot_tell_apart_are_both_told():
    """0 and -1, below all of the training's values: no value is claimed."""
    window = np.where(RNG.random(1500) < 0.1, -1.0, _minutes(1500))
    found = _found(np.where(RNG.random(3000) < 0.1, np.nan, MINUTES), window)
    assert found["sentence"].startswith("x is 0 or -1 instead of missing in ")
    assert "value" not in found


def test_a_population_below_the_range_is_no_fill():
    """A tenth of the rows far below training, at no value that stands for none."""
    window = np.where(RNG.random(600) < 0.1, RNG.normal(-15, 5, 600), RNG.normal(40, 10, 600))
    assert _found(RNG.normal(40, 10, 3000).clip(5), window) is None


@pytest.mark.parametrize(
    ("bad", "share", "kind", "words"),
    [
        (np.nan, 0.3, "missing", "x is missing in 30 % of rows, 0 % before"),
        (np.inf, 0.3, "missing", "x is infinite in 30 % of rows, 0 % before"),
        (np.nan, 1.0, "gone", "x went missing entirely"),
    ],
)
def test_values_that_are_not_there_come_first(bad, share, kind, words):
    """With their share now and before."""
    window = _minutes(1000)
    window[: int(share * 1000)] = bad
    assert _found(MINUTES, window) == {"kind": kind, "share": share, "sentence": words}


def test_a_handful_of_values_makes_no_pattern():
    """Of 20 numbers, all alike."""
    assert _found(MINUTES, np.full(20, 9.0)) is None
