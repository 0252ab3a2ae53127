"""Abrupt changes by two floors: opened soon after scipy's own tests can know, well attributed, resolved when over."""

import numpy as np
import pytest

from benchmarks.abrupt import AFTER, CHANGED, QUIET, Run, Score, f1, judge, score
from benchmarks.effects import EFFECTS
from benchmarks.monitored import Course

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


def test_a_change_of_few_rows_is_told_once() -> None:
    """Three to eight of 500 rows have a new category: told soon after scipy can know, and not over before it is."""
    (effect,) = (effect for effect in EFFECTS if effect.check == "new_category")
    runs = score(effect, WINDOW, 12, np.random.default_rng(8))
    assert runs.known >= 6
    assert runs.soon == runs.known
    assert (runs.early, runs.stray) == (0, 0)
    assert runs.resolved == runs.lasted == runs.opened


@pytest.mark.parametrize(
    ("opened", "resolved", "lasted", "in_time", "early"),
    [
        ((4,), (14,), 1, 1, 0),
        ((4,), (16,), 1, 0, 0),
        ((4,), (12,), 0, 0, 1),
        ((4, 10), (7, 13), 1, 1, 1),
        ((4,), (), 1, 0, 0),
        ((13,), (15,), 0, 0, 0),
    ],
)
def test_an_end_counts_where_the_change_has_ended(
    opened: tuple[int, ...], resolved: tuple[int, ...], lasted: int, in_time: int, early: int
) -> None:
    """Windows 3 to 12 are changed: an incident that is over before is early, one open then has three windows."""
    assert (QUIET, QUIET + CHANGED) == (3, 13)
    run = Run.draw(EFFECTS[0], 100, np.random.default_rng(1))
    total = Score()
    blamed = tuple(frozenset({"normal"}) for _ in opened)
    judge(total, run, Course(QUIET + CHANGED + AFTER, opened, resolved, blamed))
    assert (total.lasted, total.resolved, total.early) == (lasted, in_time, early)
