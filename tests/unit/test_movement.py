"""What is learned from the deviates of windows, held against simulation and scipy."""

import numpy as np
import pytest
from scipy import signal, stats

from stream.movement import (
    degrees_of_freedom,
    excess_variance,
    movement,
    movement_of_worst,
    p_stretched,
    rarely_exceeded,
)


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with a seed."""
    return np.random.default_rng(20261)


def test_a_stretched_p_is_students() -> None:
    """The tail of the deviate over the root of the design effect, as scipy has it."""
    assert p_stretched(6.0, 4.0, 12.0) == pytest.approx(2.0 * stats.t.sf(3.0, 12.0), rel=1e-9)
    assert p_stretched(0.0, 4.0, 12.0) == 1.0
    assert p_stretched(400.0, 1.0, 30.0) > 0.0


def test_the_excess_is_the_correlation_of_rows_of_one_window(rng: np.random.Generator) -> None:
    """Windows of different sizes with a mean of their own, of variance 0.04: found again within its error."""
    rows = rng.integers(100, 400, size=3_000).astype(float)
    z = np.sqrt(1.0 + 0.04 * rows) * rng.normal(size=3_000)
    assert excess_variance(z, rows) == pytest.approx(0.04, rel=0.1)
    assert float((z * z / (1.0 + excess_variance(z, rows) * rows)).mean()) == pytest.approx(1.0)


def test_independent_rows_have_next_to_no_excess(rng: np.random.Generator) -> None:
    """The design effect is 1 but for the error of its estimate, and never below."""
    rows = np.full(200, 200.0)
    found = [1.0 + excess_variance(rng.normal(size=200), rows) * 200.0 for _ in range(50)]
    assert min(found) == 1.0
    assert np.median(found) < 1.1
    assert max(found) < 1.4


def test_independent_windows_are_as_many_degrees_of_freedom(rng: np.random.Generator) -> None:
    """On the average over draws most of them; never more than there are windows."""
    found = [degrees_of_freedom(rng.normal(size=200) ** 2) for _ in range(50)]
    assert 120.0 < np.median(found) <= 200.0
    assert max(found) <= 200.0


def test_windows_that_resemble_their_neighbours_count_for_less(rng: np.random.Generator) -> None:
    """With a correlation of 0.9 from window to window, 500 windows are worth about 500 (1 - r^2) / (1 + r^2) = 52."""
    noise = rng.normal(size=(50, 600))
    series = signal.lfilter([np.sqrt(1.0 - 0.81)], [1.0, -0.9], noise)[:, 100:]
    found = [degrees_of_freedom(one * one) for one in series]
    assert 30.0 < np.median(found) < 90.0


def test_single_windows_that_stand_out_cost_freedom(rng: np.random.Generator) -> None:
    """One window in fifty that moves ten times as far: the tail is no longer that of a normal law."""
    z = rng.normal(size=200)
    squares = z * z
    squares[::50] *= 100.0
    assert degrees_of_freedom(squares / squares.mean()) < degrees_of_freedom(z * z) / 4.0


def test_equal_windows_are_known_as_well_as_their_number() -> None:
    """No variance, no division by it."""
    assert degrees_of_freedom(np.zeros(9)) == 9.0


def test_a_quiet_test_is_not_thought_unreliable() -> None:
    """A conservative test, nearly always 0, keeps its freedom: its textbook tail is right already."""
    squares = np.zeros(200)
    squares[:4] = 2.0
    assert degrees_of_freedom(squares) == 200.0


@pytest.mark.parametrize(("windows", "place"), [(8, 8), (98, 98), (99, 99), (100, 100), (199, 198), (999, 990)])
def test_the_floor_is_an_order_statistic_of_what_was_seen(windows: int, place: int) -> None:
    """The next of m exchangeable windows exceeds the k-th smallest with probability 1 - k / (m + 1): at most 1 %."""
    effects = np.random.default_rng(1).permutation(np.arange(1, windows + 1).astype(float))
    assert rarely_exceeded(effects) == place
    assert 1.0 - place / (windows + 1) <= 0.0101 or place == windows


def test_scatter_of_few_rows_raises_no_floor(rng: np.random.Generator) -> None:
    """Effects of windows that move as independent rows do leave the floor to the policy."""
    quiet = movement(0.9 * np.sin(np.arange(100.0)), np.full(100, 50.0), rng.random(100))
    assert (quiet.excess, quiet.floor) == (0.0, 0.0)
    moving = movement(10.0 * rng.normal(size=100), np.full(100, 50.0), rng.random(100))
    assert moving.floor > 0.9
    assert (moving.windows, moving.rows) == (100, 50.0)


def test_of_several_tests_the_one_that_moves_most_is_learned(rng: np.random.Generator) -> None:
    """A union bound over all needs no other; tests made in too few windows are not asked."""
    z, rows, effects = rng.normal(size=(60, 4)) * [1.0, 3.0, 1.0, 9.0], np.full((60, 4), 50.0), rng.random(60)
    z[5:, 3] = np.nan
    z[:10, 1] = np.nan
    assert movement_of_worst(z, rows, effects, 8) == movement(z[10:, 1], rows[10:, 1], effects[10:])
    assert movement_of_worst(z[:, 3:], rows[:, 3:], effects, 8) is None
