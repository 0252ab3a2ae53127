"""Abrupt changes by two floors: opened soon after scipy's own tests can know, well attributed, resolved when over."""

import numpy as np
import pytest

from benchmarks.abrupt import Score, f1, score
from benchmarks.effects import EFFECTS

RUNS, WINDOW = 4, 500
# The others need larger windows for two floors to be more than luck.
PLAIN = [effect for effect in EFFECTS if effect.check in ("ks", "mean", "std", "range", "missing", "chi2")]


@pytest.fixture(scope="module", params=PLAIN, ids=lambda effect: effect.check)
def runs(request: pytest.FixtureRequest) -> Score:
    """Return what a few seeded runs of one change gave."""
    return score(request.param, WINDOW, RUNS, np.random.default_rng(8))


def test_opens_within_two_windows_of_what_scipy_could_know(runs: Score) -> None:
    """Wherever scipy's test rejects at the same level with the effect over its floor, drift opens two windows later."""
    assert runs.known == RUNS
    assert runs.soon == runs.known


def test_blames_the_features_that_changed(runs: Score) -> None:
    """F1 of the features named by the first event against those changed is at least 0.95 where scipy reaches it."""
    assert f1(runs.ours) >= min(f1(runs.oracles), 0.95)


def test_resolves_within_persistence_and_opens_nothing_else(runs: Score) -> None:
    """Three windows after the last changed one every incident is over, none before, and no other opened."""
    assert runs.resolved == runs.lasted == runs.opened == RUNS
    assert runs.early == 0
    assert runs.stray == 0
