"""One window against the rest of the training data: the same as if the rest had been fitted alone."""

import numpy as np
import pytest

from stream.checks import measure
from stream.counts import Counts
from stream.leave_out import left_out
from stream.policy import Policy
from stream.sample import Sample
from tests.builders import layout_of, rows_of

CHECKS = ("ks", "mean", "std", "range", "chi2", "frequency", "missing")


def test_the_rest_is_what_fitting_it_alone_would_give() -> None:
    """Statistic, effect, sizes and p-value of every check but the one that extrapolates singletons."""
    rng = np.random.default_rng(5)
    numbers = np.round(rng.normal(size=400), 1)
    numbers[:3] = -9.0, 8.0, np.nan
    names = [str(name) for name in rng.choice(list("abcd"), size=400)]
    names[:2] = "only here", "only here"
    columns = {"x": numbers, "c": names}
    first = {"x": numbers[:100], "c": names[:100]}
    whole, alone = layout_of(columns), layout_of({"x": numbers[100:], "c": names[100:]})
    counted = Counts.of(whole, rows_of(whole, range(100), first))
    total = Counts.of(whole, rows_of(whole, range(400), columns))
    reference, window = left_out(whole, total, counted)
    expected_window = Sample.of_counts(alone, Counts.of(alone, rows_of(alone, range(100), first)))
    policy = Policy(checks=CHECKS)
    found = measure(reference, window, policy)
    expected = measure(Sample.of_baseline(alone), expected_window, policy)
    for one, other in zip(found, expected, strict=True):
        assert one.features == other.features
        for i in range(len(one)):
            # Moments are summed in steps of 1/65,536 of a standard deviation, and the two have steps of their own.
            assert one.effect[i] == pytest.approx(other.effect[i], abs=1e-4), one.check
            assert (one.n[i], one.n_reference[i]) == (other.n[i], other.n_reference[i])
            assert one.p_value(i)[0] == pytest.approx(other.p_value(i)[0], rel=1e-6), one.check


def test_leaving_out_changes_neither_side() -> None:
    """The counts that are given stay as they are."""
    layout = layout_of({"x": [1.0, 2.0, 3.0, 9.0]})
    total = Counts.of(layout, rows_of(layout, range(4), {"x": [1.0, 2.0, 3.0, 9.0]}))
    window = Counts.of(layout, rows_of(layout, range(1), {"x": [9.0]}))
    before = total.cells.copy(), window.cells.copy()
    reference, seen = left_out(layout, total, window)
    assert np.array_equal(total.cells, before[0])
    assert np.array_equal(window.cells, before[1])
    assert (int(reference.numeric_n[0]), total.rows) == (3, 4)
    assert int(seen.cells[-6]) == 1, "beyond the rest's maximum, in the last open cell"


def test_a_window_that_is_all_of_the_data_has_nothing_beside_it() -> None:
    """No rest, nothing to move, no error."""
    layout = layout_of({"x": [1.0, 2.0], "c": ["a", "b"]})
    total = Counts.of(layout, rows_of(layout, range(2), {"x": [1.0, 2.0], "c": ["a", "b"]}))
    reference, window = left_out(layout, total, total)
    assert (int(reference.numeric_n[0]), int(window.unseen[0])) == (0, 2)
