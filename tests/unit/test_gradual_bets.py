"""Bets on slow changes: what is allowed before one is won, and where none can be laid."""

import numpy as np
import pytest
from scipy import stats

from stream.gradual.bets import BASELINE_RISK, Table, allowance
from stream.gradual.bins import Bins
from stream.gradual.scores import LOCATION, MISSING, SCALE, scores
from stream.policy import Policy
from tests.builders import layout_of


def _scores(columns):
    layout = layout_of(columns)
    bins = Bins.of(layout)
    return list(scores(layout, Policy(), bins)), len(bins.starts)


def test_the_allowance_is_the_floor_and_the_error_of_training():
    """Never below the floor; with fewer rows, or rows worth less, the more."""
    rng = np.random.default_rng(1)
    (few, *_), _ = _scores({"x": rng.normal(size=500)})
    (many, *_), _ = _scores({"x": rng.normal(size=50_000)})
    beyond = [allowance(score, 1, 1e-4, effect) - score.floors[0] for score, effect in [(many, 1), (few, 1), (few, 4)]]
    assert 0.0 < beyond[0] < beyond[1] / 5 < beyond[1] < beyond[2] / 1.9


@pytest.mark.parametrize("share", [0.0, 0.002, 0.05, 0.5])
def test_the_error_of_training_covers_the_true_share(share):
    """A share is above its estimate and the allowance for it in no more samples than the risk says, exactly."""
    rows, risk = 1000, 1e-3
    seen = np.arange(rows + 1)
    covered = []
    for count in seen.tolist():
        (score, *_), _ = _scores({"x": np.where(np.arange(rows) < count, np.nan, 1.0)})
        covered.append(count / rows + allowance(score, 1, risk, 1.0) - score.floors[0] >= share + 0.01)
        if count > rows * (share + 0.05) + 20:
            covered += [True] * (rows - count)
            break
    missed = ~np.array(covered)
    assert stats.binom.pmf(seen, rows, share + 0.01)[missed].sum() <= 2 * risk


def test_no_bet_is_laid_on_what_cannot_happen():
    """A share below its allowance cannot fall by it; a number without spread cannot be ranked."""
    found, bins = _scores({"x": np.full(1000, 2.0), "c": ["a"] * 970 + ["b"] * 30})
    table = Table.of(found, bins, np.ones(2))
    laid = {(found[score].category, int(way)) for score, way in zip(table.score, table.direction, strict=True)}
    assert laid == {(None, 1), ("a", -1), ("b", 1), ("", 1)}
    assert LOCATION not in {score.trends for score in found}


def test_features_without_any_bet_are_left_out():
    """Of a feature with two rows nothing can be said; the others keep their places, and nothing is nothing."""
    found, bins = _scores({"e": [None, None], "x": np.arange(3000.0)})
    table = Table.of(found, bins, np.ones(2))
    assert table.features.tolist() == [1]
    assert table.starts.tolist() == [0, len(table.score)] == [0, table.gains.shape[0]]
    assert {found[score].trends for score in table.score} == {LOCATION, SCALE, MISSING}
    nothing = Table.of([], 4, np.ones(0))
    assert (len(nothing.features), nothing.starts.tolist()) == (0, [0])


def test_dependent_rows_gain_as_the_fewer_that_they_are_worth():
    """With a design effect of 4 the gains are a quarter, of bets with a larger allowance."""
    found, bins = _scores({"x": np.random.default_rng(1).normal(size=5000)})
    once, fourth = (Table.of(found, bins, np.array([effect])) for effect in (1.0, 4.0))
    assert 0.0 < fourth.gains.max() <= once.gains.max() / 4.0
    assert BASELINE_RISK == 0.01
