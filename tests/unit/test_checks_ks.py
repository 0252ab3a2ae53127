"""The Kolmogorov-Smirnov check against scipy on the raw values."""

import math

import numpy as np
import pytest
from scipy import stats

from stream.checks import measure
from stream.checks.ks import ks_p_value
from stream.policy import Policy
from stream.sample import Sample

POLICY = Policy(checks=("ks",), min_samples=1)


def columns(kind, n, shift, rng):
    if kind == "normal":
        return rng.normal(shift, 1.0, n)
    if kind == "tied":
        return rng.poisson(2.0 + shift, n).astype(float)
    return np.where(rng.random(n) < 0.9, 0.0, rng.lognormal(shift, 1.0, n))


@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("kind", ["normal", "tied", "zero-inflated"])
def test_statistic_and_p_equal_scipys(sides, kind, shift):
    """D to 1e-12 and p to 1e-9 relative, by the exact method unless p is below 1e-20, over features of all sizes."""
    rng = np.random.default_rng(7)
    sizes = {"a": 300, "b": 977, "c": 40}
    training = {name: columns(kind, size, 0.0, rng) for name, size in sizes.items()}
    window = {name: columns(kind, 210, shift, rng) for name in sizes}
    (one,) = measure(*sides(training, window), POLICY)
    for i, name in enumerate(one.features):
        p, method = one.p_value(i)
        oracle = stats.ks_2samp(window[name], training[name], method=method)
        assert one.statistic[i] == pytest.approx(oracle.statistic, abs=1e-12)
        assert p == pytest.approx(oracle.pvalue, rel=1e-9)
        assert method == "exact" or p < 1e-20
        assert one.p_upper(i) >= one.p_decision(i) == p
    assert one.features == ("a", "b", "c")
    assert [one.bound(place) for place in range(3)] == [0.0, 0.0, 0.0]


def test_above_ten_thousand_values_p_is_scipys_asymptotic_one():
    """The larger side decides, as in scipy."""
    rng = np.random.default_rng(2)
    reference, window = rng.normal(size=10_001), rng.normal(0.05, 1.0, 500)
    values = np.unique(np.concatenate([reference, window]))
    counts = [np.bincount(np.searchsorted(values, side), minlength=len(values)) for side in (reference, window)]
    oracle = stats.ks_2samp(window, reference)
    p, method = ks_p_value(*counts, float(oracle.statistic))
    assert method == "asymp"
    assert p == pytest.approx(oracle.pvalue, rel=1e-9)


def test_where_scipy_gives_up_on_the_exact_p_the_asymptotic_one_is_named(monkeypatch):
    """Its warning must not reach the caller, and the method must not say "exact"."""

    def gives_up(*_args, **_kwargs):
        import warnings

        warnings.warn(
            "ks_2samp: Exact calculation unsuccessful. Switching to method=asymp.", RuntimeWarning, stacklevel=1
        )

    monkeypatch.setattr(stats, "ks_2samp", gives_up)
    p, method = ks_p_value(np.array([0, 5, 5]), np.array([0, 4, 16]), 0.3)
    assert method == "asymp"
    assert p == pytest.approx(stats.kstwo.sf(0.3, 7), rel=1e-12)


def test_far_out_the_asymptotic_p_is_taken_and_named():
    """Where the exact one is below 1e-20, and dear: of sizes that differ; of equal sizes it costs nothing."""
    reference, window = np.array([0, 600, 0, 0, 300]), np.array([0, 0, 210, 0, 90])
    oracle = [np.repeat(np.arange(5), side) for side in (window, reference)]
    distance = 2 / 3
    p, method = ks_p_value(reference, window, distance)
    assert (p, method) == (pytest.approx(stats.ks_2samp(*oracle, method="asymp").pvalue, rel=1e-9), "asymp")
    assert stats.ks_2samp(*oracle, method="exact").pvalue < 1e-20
    p, method = ks_p_value(3 * reference, 9 * window, distance)
    oracle = [np.repeat(np.arange(5), side) for side in (9 * window, 3 * reference)]
    assert (p, method) == (pytest.approx(stats.ks_2samp(*oracle, method="exact").pvalue, rel=1e-9), "exact")


def test_a_feature_without_enough_values_is_left_out(sides):
    """Missing values do not count towards min_samples."""
    window = {"x": [1.0, math.nan, math.nan], "y": [1.0, 2.0, 3.0]}
    (one,) = measure(*sides({"x": [1.0, 2.0], "y": [1.0, 2.0]}, window), Policy(checks=("ks",), min_samples=2))
    assert one.features == ("y",)
    assert one.index.tolist() == [1]
    assert (one.n.tolist(), one.n_reference.tolist()) == ([3], [2])


def test_constant_features_are_compared(sides):
    """One kept value makes three cells: the same constant is D = 0, another one D = 1."""
    (one,) = measure(*sides({"x": [5.0] * 9, "y": [5.0] * 9}, {"x": [5.0] * 9, "y": [6.0] * 9}), POLICY)
    assert one.statistic.tolist() == [0.0, 1.0]
    assert one.p_value(0)[0] == 1.0
    assert one.p_value(1)[0] == pytest.approx(stats.ks_2samp([6.0] * 9, [5.0] * 9).pvalue, rel=1e-9)


def test_bound_is_the_references_largest_open_cell(sides):
    """A thinned baseline says how far D may lie below the exact one."""
    reference, window = sides({"x": [1.0, 2.0, 3.0, 4.0]}, {"x": [1.0, 2.0]})
    reference.cells[reference.layout.numeric_cells(0)] = [0, 1, 3, 0, 0, 0, 0, 0, 0]
    (one,) = measure(reference, window, POLICY)
    assert one.bound(0) == 0.75


def test_an_all_categorical_baseline_has_nothing_to_measure(sides):
    """No numeric feature, no row, no error."""
    (one,) = measure(*sides({"c": ["a", "b"]}, {"c": ["a", "b"]}), POLICY)
    assert len(one) == 0


def test_sizes_whose_product_outgrows_64_bits_keep_their_distance(sides):
    """Billions of rows on either side give the distance of their shares."""
    reference, window = sides({"x": [1.0, 2.0, 3.0, 4.0]}, {"x": [1.0, 2.0, 2.5, 9.0]})
    (small,) = measure(reference, window, POLICY)
    expected = small.statistic.tolist()
    for sample in (reference, window):
        sample.cells[:] *= 2**31
    many = [Sample.of_cells(one.layout, one.cells, one.means, one.stds) for one in (reference, window)]
    (large,) = measure(*many, POLICY)
    assert large.statistic.tolist() == pytest.approx(expected)
