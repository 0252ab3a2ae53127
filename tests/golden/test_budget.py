"""The stated level of a tick, held by simulation with fresh references; the full table is made by a benchmark."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.budget import FLOORLESS, LEVEL, false_alarms, power, screened, tick
from benchmarks.pools import Pool, reshuffled, simulated
from stream.decision import decide

DRAWS = 60


def pool(words: str) -> Pool:
    """Return the first simulated pool whose name has these words."""
    return next(pool for pool in simulated() if words in pool.name)


def assert_within_level(alarms: int, draws: int) -> None:
    """Assert that so many alarms are no evidence, at one in a thousand, against a level of at most 0.05."""
    assert stats.binomtest(alarms, draws, LEVEL, alternative="greater").pvalue > 0.001


@pytest.mark.parametrize("words", ["normal", "tied", "zero", "missing", "rare", "Zipf"])
def test_families_of_null_windows_alarm_no_more_often_than_stated(words: str) -> None:
    """Floors of 0 and one tick: fresh references and windows of 100 and 500 rows open in at most 5 % of draws."""
    rng = np.random.default_rng(3)
    alarms = sum(false_alarms(pool(words), n, DRAWS, rng)[0] for n in (100, 500))
    assert_within_level(alarms, 2 * DRAWS)


@pytest.mark.usefixtures("data_dir")
def test_families_of_reshuffled_real_rows_alarm_no_more_often_than_stated() -> None:
    """The same on the three real pools, drawn anew each time, their correlated features and missing values included."""
    rng = np.random.default_rng(4)
    alarms = sum(false_alarms(real, 500, 12, rng)[0] for real in reshuffled())
    assert_within_level(alarms, 36)


@pytest.mark.parametrize("words", ["normal", "tied", "5 categories"])
def test_the_level_is_not_held_by_silence(words: str) -> None:
    """With 2 floors of one feature's traffic moved in a window of 500 rows, that feature opens in 95 % of draws."""
    assert power(pool(words), 500, 40, 2.0, np.random.default_rng(5)) >= 0.95


@pytest.mark.parametrize("words", ["normal", "tied"])
def test_screening_out_small_distances_changes_no_verdict(words: str) -> None:
    """What the simulation leaves out to save time could not have opened: the same features open with a floor of 0."""
    rng = np.random.default_rng(6)
    opened = 0
    for _ in range(60):
        reference, window = pool(words).draw(rng, 300, 200)
        window = {**window, "f0": window["f0"] + rng.choice([0.0, 1.0], 200, p=[0.7, 0.3])}
        measured, decision = tick(reference, window)
        assert screened(measured).thresholds["ks"] > 0.0
        assert decision.opening() == decide(measured, FLOORLESS, LEVEL).opening()
        opened += bool(decision.opening())
    assert opened > 0
