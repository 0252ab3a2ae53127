"""Where a distribution moved: a few lines that people can read, with shares that are true."""

import numpy as np
import pytest

from baselines.cells import count_cells
from stream.moved import moved_categories, moved_ranges, quantiles
from tests.builders import layout_of


@pytest.fixture(scope="module")
def uniform():
    (reference,) = layout_of({"x": np.arange(1000.0)}).baseline.numeric
    return reference


def _ranges(reference, numbers):
    return moved_ranges(reference, count_cells(reference.values, np.asarray(numbers, dtype=float)))


def test_the_range_that_gained_comes_with_the_range_that_lost(uniform):
    """Half of the traffic went from below the middle to above it."""
    moved = _ranges(uniform, np.linspace(500, 999, 2000))
    assert [(part["from"], part["to"]) for part in moved] == [(None, 499.0), (499.0, None)]
    assert moved[0]["reference_share"] == pytest.approx(0.5)
    assert (moved[0]["share"], moved[1]["share"]) == (0.0, 1.0)


def test_shares_are_those_of_the_rows(uniform):
    """Counted anew from the values, range by range."""
    rng = np.random.default_rng(1)
    numbers = rng.normal(300, 200, 5000)
    for part in _ranges(uniform, numbers):
        low, high = (-np.inf if part["from"] is None else part["from"], np.inf if part["to"] is None else part["to"])
        assert part["share"] == pytest.approx(((numbers > low) & (numbers <= high)).mean())
        training = np.arange(1000.0)
        assert part["reference_share"] == pytest.approx(((training > low) & (training <= high)).mean())


def test_edges_are_values_of_the_reference(uniform):
    """No value of the stream leaves: not even where all of it lies elsewhere."""
    moved = _ranges(uniform, np.full(100, 123_456.789))
    edges = {edge for part in moved for edge in (part["from"], part["to"]) if edge is not None}
    assert edges <= set(uniform.values.tolist())


def test_what_did_not_move_is_not_told(uniform):
    """The same data again, and a difference below a hundredth."""
    assert _ranges(uniform, np.arange(1000.0)) == []
    assert _ranges(uniform, [*np.arange(995.0), 0, 0, 0, 0, 0]) == []


def test_at_most_three_lines_largest_first(uniform):
    """People read no more."""
    rng = np.random.default_rng(2)
    centres = [50, 350, 650, 950]
    moved = _ranges(uniform, np.concatenate([rng.normal(centre, 10, 500) for centre in centres]))
    sizes = [abs(part["share"] - part["reference_share"]) for part in moved]
    assert len(moved) == 3
    assert sizes == sorted(sizes, reverse=True)


def test_a_constant_reference_has_its_one_edge():
    """What lies above the only value of training moved above it."""
    (reference,) = layout_of({"x": [5.0] * 50}).baseline.numeric
    assert _ranges(reference, [6.0] * 10) == [
        {"from": None, "to": 5.0, "reference_share": 1.0, "share": 0.0},
        {"from": 5.0, "to": None, "reference_share": 0.0, "share": 1.0},
    ]


def test_an_empty_window_moved_nothing(uniform):
    """There is nothing to say about no values."""
    assert _ranges(uniform, []) == []
    assert quantiles(uniform.values, count_cells(uniform.values, np.empty(0))) == {}


def test_categories_come_by_how_far_they_moved():
    """Three at most; the unseen ones count in the shares and are told elsewhere."""
    (reference,) = layout_of({"c": ["a"] * 50 + ["b"] * 30 + ["c"] * 19 + ["d"]}).baseline.categorical
    moved = moved_categories(reference, np.array([20, 40, 20, 10, 10]))
    assert moved == [
        {"category": "a", "reference_share": 0.5, "share": 0.2},
        {"category": "b", "reference_share": 0.3, "share": 0.4},
        {"category": "d", "reference_share": 0.01, "share": 0.1},
    ]
    assert moved_categories(reference, np.zeros(5, dtype=np.int64)) == []


def test_quantiles_of_a_window_of_kept_values_are_exact(uniform):
    """The smallest value that so many lie at or below."""
    rng = np.random.default_rng(3)
    numbers = rng.integers(0, 1000, 777).astype(float)
    found = quantiles(uniform.values, count_cells(uniform.values, numbers))
    expected = np.quantile(numbers, [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
    assert list(found) == ["0.05", "0.25", "0.5", "0.75", "0.95"]
    assert list(found.values()) == expected.tolist()
