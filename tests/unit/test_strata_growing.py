"""Growing strata: where outcomes differ rows are parted, and nowhere else."""

import numpy as np

from baselines.fitting.strata import Binned, bin_categories, bin_numbers, grow, targets_of
from baselines.relation import MOST_STRATA


def wrong(rng: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    """Return an outcome that is 1 with these probabilities, as targets."""
    return targets_of((rng.random(len(rates)) < rates).astype(float), number=False)


def test_a_step_is_found_where_it_is() -> None:
    """The only question asked is the one that explains the outcome, at the edge nearest to the step."""
    rng = np.random.default_rng(1)
    x, other = rng.random(5000), rng.random(5000)
    features = [bin_numbers(other), bin_numbers(x)]
    tree = grow(features, wrong(rng, np.where(x > 0.5, 0.4, 0.05)))
    (feature, yes), *more = tree.questions
    assert feature == 1
    assert features[1].edges is not None
    assert abs(features[1].edges[min(yes) - 1] - 0.5) < 0.07
    assert len(more) <= 1


def test_noise_is_not_parted() -> None:
    """Of 20 outcomes that depend on none of 20 inputs, none is explained."""
    rng = np.random.default_rng(2)
    features = [bin_numbers(rng.normal(size=3000)) for _ in range(20)]
    assert sum(len(grow(features, wrong(rng, np.full(3000, 0.2))).questions) for _ in range(20)) == 0


def test_categories_are_parted_by_what_came_of_them() -> None:
    """The two bad ones among eight are found together, however they are numbered."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 8, 8000)
    feature = bin_categories(codes, 8)
    tree = grow([feature], wrong(rng, np.where(np.isin(codes, [2, 5]), 0.5, 0.1)))
    assert feature.codes is not None
    sides = {frozenset(feature.codes[one - 1].item() for one in yes) for _, yes in tree.questions[:1]}
    assert sides in ({frozenset({2, 5})}, {frozenset({0, 1, 3, 4, 6, 7})})


def test_a_spread_that_differs_is_found_though_the_mean_does_not() -> None:
    """Of a number, the size of its distance counts as well as its place."""
    rng = np.random.default_rng(4)
    x = rng.random(5000)
    residual = rng.normal(size=5000) * np.where(x > 0.5, 3.0, 1.0)
    tree = grow([bin_numbers(x)], targets_of(residual, number=True))
    assert len(tree.questions) >= 1


def test_there_are_never_more_strata_than_can_be_counted() -> None:
    """An outcome that rises evenly would be parted for ever."""
    rng = np.random.default_rng(5)
    features = [bin_numbers(rng.random(20_000)) for _ in range(6)]
    rates = np.clip(-0.25 + sum(feature.bins / 60 for feature in features), 0, 1)
    tree = grow(features, wrong(rng, np.asarray(rates)))
    assert len(tree.leaves) == MOST_STRATA
    assert sorted(row for leaf in tree.leaves for row in leaf.rows.tolist()) == list(range(20_000))


def test_no_stratum_is_small() -> None:
    """A handful of rows, however odd, is no stratum: its rate would be luck."""
    rng = np.random.default_rng(6)
    x = np.arange(2000.0)
    tree = grow([bin_numbers(x)], wrong(rng, np.where(x > 1950, 1.0, 0.05)))
    assert all(len(leaf.rows) >= 100 for leaf in tree.leaves)


def test_missing_numbers_answer_no_and_ties_stay_together() -> None:
    """NaN is in the lowest bin; equal values are never parted, and a constant has one bin."""
    values = np.array([np.nan, 1.0, 1.0, 2.0, 2.0, 3.0, np.inf])
    binned = bin_numbers(values)
    assert binned.bins[0] == 0
    assert binned.bins[1] == binned.bins[2]
    assert binned.bins[3] == binned.bins[4]
    assert binned.bins[6] == binned.bins.max()
    assert set(bin_numbers(np.full(5, 7.0)).bins.tolist()) == {0}


def test_no_rows_and_no_features_make_one_stratum() -> None:
    """Nothing to ask, nothing to part."""
    assert len(grow([], np.array([[0.0, 1.0] * 500])).leaves) == 1
    assert len(grow([Binned(np.zeros(1000, dtype=np.int64))], np.zeros((1, 1000))).leaves) == 1
