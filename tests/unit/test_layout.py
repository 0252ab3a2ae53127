"""The flat vector's map."""

import numpy as np

from baselines import Baseline, CategoricalReference, Layout, NumericReference


def numeric(name: str, values: list[float], counts: list[int]) -> NumericReference:
    """Make a numeric reference; its moments do not matter here."""
    return NumericReference(name, np.array(values), np.array(counts), 0.0, 1.0, values[0], values[-1], {})


BASELINE = Baseline(
    9,
    (
        numeric("a", [1.0, 2.0], [0, 3, 0, 4, 0, 1, 0, 0, 0, 1]),
        CategoricalReference("b", ("x", "y"), np.array([4, 3, 0, 2, 0]), 0),
        numeric("c", [5.0], [0, 8, 0, 0, 1, 0, 0, 0]),
    ),
    "sha256:0",
)


def test_numeric_cells_come_first_in_one_run() -> None:
    """All features' 2k+1 cells are neighbours, in the order of the numeric features."""
    layout = Layout(BASELINE)
    assert layout.numeric_starts.tolist() == [0, 5, 8]
    assert (layout.numeric_cells(0), layout.numeric_cells(1)) == (slice(0, 5), slice(5, 8))


def test_every_place_belongs_to_exactly_one_slice() -> None:
    """The slices cover the vector without gap or overlap."""
    layout = Layout(BASELINE)
    covered = np.zeros(layout.size, dtype=int)
    for place in [layout.numeric_cells(0), layout.numeric_cells(1), layout.categorical_cells(0)]:
        covered[place] += 1
    for place in [layout.numeric_specials(0), layout.numeric_specials(1)]:
        covered[place] += 1
    assert covered.tolist() == [1] * layout.size


def test_the_reference_vector_holds_each_features_counts() -> None:
    """Cells and specials of a feature, read back through the map, are the feature's own counts."""
    layout = Layout(BASELINE)
    for i, feature in enumerate(BASELINE.numeric):
        flat = [*layout.reference[layout.numeric_cells(i)], *layout.reference[layout.numeric_specials(i)]]
        assert flat == feature.counts.tolist()
    assert layout.reference[layout.categorical_cells(0)].tolist() == BASELINE.categorical[0].counts.tolist()


def test_a_baseline_of_one_kind_has_a_layout() -> None:
    """Without numeric or without categorical features the other part begins or ends at the right place."""
    only_numeric = Layout(Baseline(9, BASELINE.numeric, "sha256:0"))
    only_categorical = Layout(Baseline(9, BASELINE.categorical, "sha256:0"))
    assert (only_numeric.size, only_categorical.size) == (5 + 3 + 10, 5)
    assert only_categorical.categorical_cells(0) == slice(0, 5)
