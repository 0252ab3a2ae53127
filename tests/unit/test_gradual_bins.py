"""The bins of slow changes: few, whole, and never through a tie or a large category."""

import numpy as np

from baselines.runs import MOST_BINS
from stream.gradual.bins import Bins
from tests.builders import layout_of


def test_every_row_is_in_exactly_one_bin_of_each_feature():
    """Values, what was never seen and what is unusable: the bins of a feature add up to the rows of the pane."""
    rng = np.random.default_rng(1)
    layout = layout_of({"x": rng.normal(size=300), "c": ["a", "b", None] * 100, "y": rng.poisson(2.0, 300)})
    bins = Bins.of(layout)
    cells = rng.integers(0, 5, layout.size)
    counts = bins.count(layout.runs.count(cells))
    assert counts.sum() == cells.sum()
    for place, own in zip([0, 1], [bins.features[0], bins.features[2]], strict=True):
        assert counts[own.values].sum() == cells[layout.numeric_cells(place)].sum()
        assert counts[own.unusable].sum() == cells[layout.numeric_specials(place)].sum()
    category = cells[layout.categorical_cells(0)]
    own = bins.features[1]
    assert (counts[own.values].sum(), counts[own.unusable].sum()) == (category[:-2].sum(), category[-2:].sum())


def test_a_number_has_few_bins_of_like_size_and_no_tie_is_cut():
    """At most 32; without ties each holds a 32nd of the training rows, and a value with most rows is one bin."""
    rng = np.random.default_rng(2)
    layout = layout_of({"x": rng.normal(size=3200), "y": np.where(rng.random(3200) < 0.9, 0.0, rng.normal(size=3200))})
    bins = Bins.of(layout)
    counts = bins.count(layout.runs.count(layout.reference))
    even, tied = (counts[own.values] for own in bins.features)
    assert len(even) == MOST_BINS
    assert even.max() - even.min() <= 2
    assert len(tied) <= MOST_BINS
    zeros = int(layout.baseline.numeric[1].cells.max())
    assert tied.max() == zeros > 2800


def test_the_largest_categories_are_bins_of_their_own():
    """Eight of them, whatever their place in the alphabet; the others and the unseen lie in the runs between."""
    names = [f"{letter}{'!' * (i % 2)}" for i, letter in enumerate("abcdefghijkl")]
    column = [name for i, name in enumerate(names) for _ in range(1 + i)]
    layout = layout_of({"c": column})
    own = Bins.of(layout).features[0]
    categories = layout.baseline.categorical[0].categories
    assert {categories[place] for place in own.largest.values()} == set(names[4:])
    counts = Bins.of(layout).count(layout.runs.count(layout.reference))
    for at, category in own.largest.items():
        assert counts[own.values[at]] == layout.reference[layout.categorical_cells(0)][category]
    assert counts[own.values].sum() == len(column)
