"""Scores of slow changes: bounded, centred on training, with floors that mean what the policy's mean."""

import math

import numpy as np
import pytest
from scipy import stats

from stream.gradual.bins import Bins
from stream.gradual.scores import LOCATION, MISSING, SCALE, SHARE, scores
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import layout_of, panes_of, rows_of


def _scores(layout, policy=None):
    return list(scores(layout, policy or Policy(), Bins.of(layout)))


def _mean(layout, score, columns):
    """Return the mean score of rows."""
    rows = rows_of(layout, np.zeros(len(next(iter(columns.values()))), dtype=np.int64), columns)
    (pane,) = panes_of(layout, Schedule(60_000, 60_000), rows)
    counts = Bins.of(layout).count(layout.runs.count(pane.counts.cells))[score.bins]
    return float(np.dot(counts, score.values)) / counts.sum()


def test_scores_are_centred_on_training_and_span_at_most_one():
    """Over the training rows each mean is 0; no two rows are further apart than 1."""
    rng = np.random.default_rng(1)
    column = rng.standard_t(2, 700)
    column[:30] = np.nan
    layout = layout_of({"x": column, "c": rng.choice([*"abcdefghijk", None], 700).tolist(), "k": np.full(700, 3.0)})
    found = _scores(layout)
    assert [score.trends for score in found if score.feature == 0] == [LOCATION, SCALE, MISSING]
    assert [score.trends for score in found if score.feature == 1] == [*[SHARE] * 9, MISSING]
    assert [score.trends for score in found if score.feature == 2] == [MISSING]
    for score in found:
        assert float(np.dot(score.counts, score.values)) == pytest.approx(0.0, abs=1e-9)
        assert np.ptp(score.values) <= 1.0 + 1e-12


def test_location_is_mann_whitneys_share_of_pairs():
    """With few values the mean score is U / (mn) - 1/2 of scipy."""
    rng = np.random.default_rng(2)
    training, window = rng.integers(0, 6, 500).astype(float), rng.integers(1, 7, 300).astype(float)
    layout = layout_of({"x": training})
    u = stats.mannwhitneyu(window, training).statistic / (len(training) * len(window))
    assert _mean(layout, _scores(layout)[0], {"x": window}) == pytest.approx(u - 0.5, abs=1e-12)


@pytest.mark.parametrize(("floor", "shift"), [(0.1, 0.1), (0.25, 0.25), (0.4, 0.4)])
def test_the_floor_of_location_is_what_a_shift_of_the_mean_makes(floor, shift):
    """For a normal feature, within a hundredth: the share of pairs is Phi(d / sqrt 2)."""
    layout = layout_of({"x": stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)})
    location = _scores(layout, Policy(thresholds={**Policy().thresholds, "mean": floor}))[0]
    assert location.floors[0] == pytest.approx(stats.norm.cdf(shift / math.sqrt(2.0)) - 0.5, rel=0.01)
    assert location.floors[0] == pytest.approx(location.floors[1], rel=0.01)


def test_the_floor_of_scale_is_what_a_change_of_the_spread_makes():
    """For a normal feature, within a twentieth, up and down."""
    normal = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    layout = layout_of({"x": normal})
    scale = _scores(layout)[1]
    assert scale.floors[0] == pytest.approx(_mean(layout, scale, {"x": 1.1 * normal}), rel=0.05)
    assert -scale.floors[1] == pytest.approx(_mean(layout, scale, {"x": 0.9 * normal}), rel=0.05)


def test_a_number_that_is_mostly_one_value_moves_by_its_shares():
    """When 95 % are zero, the mean moves because fewer are: the floor is that of a mixture, not of moving the zeros."""
    rng = np.random.default_rng(4)
    nonzero = rng.lognormal(size=1000)
    training = np.concatenate([np.zeros(19_000), nonzero])
    location, scale, _ = _scores(layout_of({"x": training}))
    assert all(0.0 < floor < 0.1 for floor in scale.floors)
    more = 0.25 * training.std() / nonzero.mean()
    # One row more above all zeros is half of their pairs, and a half more among the others.
    assert location.floors[0] == pytest.approx(more * (0.95 / 2 + 0.05 / 2), rel=0.25)
    assert 0.0 < location.floors[1] < location.floors[0] + 1e-12


def test_floors_follow_the_feature():
    """A shift in the feature's own unit, a share of its own, a spread that cannot fall so far."""
    layout = layout_of({"x": 10.0 * stats.norm.ppf((np.arange(999) + 0.5) / 999), "c": ["a", "b", "b"] * 333})
    own = {"x": {"mean_abs": 5.0, "std": 1.0, "missing": 0.2}, "c": {"frequency": 0.3}}
    location, scale, missing, *shares, _ = _scores(layout, Policy(feature_thresholds=own))
    half_sd = _scores(layout, Policy(thresholds={**Policy().thresholds, "mean": 0.5}))[0]
    assert location.floors == pytest.approx(half_sd.floors, rel=1e-2)
    assert (scale.floors[1], math.isfinite(scale.floors[0])) == (math.inf, True)
    assert missing.floors == (0.2, 0.2)
    assert {score.floors for score in shares} == {(0.3, 0.3)}
    assert [score.category for score in shares] == ["a", "b", ""]


def test_a_change_of_shares_is_the_change_of_the_score():
    """A category's mean score is its share less training's; what has no name is of the rest."""
    layout = layout_of({"c": ["a"] * 50 + ["b"] * 50})
    first, second, rest, missing = _scores(layout)
    window = {"c": ["a"] * 60 + ["b"] * 20 + ["new"] * 20 + [None] * 100}
    assert [_mean(layout, one, window) for one in (first, second, rest)] == pytest.approx([0.1, -0.3, 0.2])
    assert _mean(layout, missing, window) == pytest.approx(0.5)
    assert Sample.of_baseline(layout).categorical_n.tolist() == [100]
