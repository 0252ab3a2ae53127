"""A sample: what is read off the counts of one side."""

import math

import numpy as np
import pytest


def test_numeric_counts_tell_values_from_rows(sides):
    """NaN and infinities are rows of the feature but not values of it."""
    _, window = sides({"x": [1.0, 2.0, 3.0], "y": [0.0, 1.0]}, {"x": [1.0, math.nan, math.inf, 2.5], "y": [0.0] * 4})
    assert window.numeric_n.tolist() == [2, 4]
    assert window.numeric_unusable.tolist() == [2, 0]
    assert window.numeric_rows.tolist() == [4, 4]


def test_categorical_counts_tell_unseen_from_missing(sides):
    """An unseen category is a value; a missing one is not."""
    _, window = sides({"c": ["a", "b"], "d": ["x"]}, {"c": ["a", "z", None, "z"], "d": ["x", "x", None, None]})
    assert window.categorical_n.tolist() == [3, 2]
    assert window.categorical_unusable.tolist() == [1, 2]
    assert window.unseen.tolist() == [2, 0]
    assert window.categories(0).tolist() == [1, 0, 2]


def test_moments_of_a_window_are_those_of_its_values(sides):
    """Mean and standard deviation agree with numpy's to the step in which moments are counted."""
    rng = np.random.default_rng(1)
    x = rng.normal(50.0, 3.0, 400)
    _, window = sides({"x": rng.normal(50.0, 3.0, 1000)}, {"x": x})
    assert window.means[0] == pytest.approx(x.mean(), abs=3.0 / 65_536)
    assert window.stds[0] == pytest.approx(x.std(ddof=1), rel=1e-4)


def test_moments_that_do_not_exist_are_nan(sides):
    """No value has no mean, one value no standard deviation."""
    _, window = sides({"x": [1.0, 2.0], "y": [1.0, 2.0]}, {"x": [math.nan], "y": [1.5]})
    assert math.isnan(window.means[0])
    assert window.means[1] == pytest.approx(1.5)
    assert np.isnan(window.stds).all()


def test_a_layout_without_a_kind_has_empty_columns(sides):
    """All-numeric and all-categorical baselines are samples like any other."""
    numeric, _ = sides({"x": [1.0, 2.0]}, {"x": [1.0]})
    categorical, _ = sides({"c": ["a", "b"]}, {"c": ["a"]})
    assert numeric.categorical_n.shape == numeric.unseen.shape == (0,)
    assert categorical.numeric_rows.shape == (0,)
