"""From one window's chances to that of an incident: held against what can be worked out by hand."""

import numpy as np
import pytest

from stream.horizon import chance_within


def within(persist: tuple[int, int], windows: int, opening: float, agreeing: float | None = None) -> float:
    """Return the chance where windows prove drift and agree with it so often; all that agree prove it, by default."""
    agreeing = opening if agreeing is None else agreeing
    return float(chance_within(persist, windows, np.array([opening]), np.array([agreeing]))[0])


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_without_persistence_one_window_of_several_is_enough(one: float) -> None:
    """1 of 1 within k windows: all but the case that none of them proves drift, whoever agrees."""
    for windows in (1, 2, 5):
        assert within((1, 1), windows, one) == pytest.approx(1 - (1 - one) ** windows)
        assert within((1, 1), windows, one, 1.0) == pytest.approx(1 - (1 - one) ** windows)


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_two_of_three_looks_back_over_three(one: float) -> None:
    """Within 2 windows both; within 3 any two; within 4 also the last two, or the second and the fourth."""
    none = 1 - one
    assert within((2, 3), 1, one) == 0
    assert within((2, 3), 2, one) == pytest.approx(one**2)
    assert within((2, 3), 3, one) == pytest.approx(one**3 + 3 * one**2 * none)
    # Opens at the fourth: 0011, 0101 and no other (1001 has two too far apart).
    assert within((2, 3), 4, one) == pytest.approx(one**3 + 3 * one**2 * none + 2 * one**2 * none**2)


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_one_window_proves_and_the_others_agree(one: float) -> None:
    """All agree: two of two are all but none that proves; with half of them agreeing, counted by hand."""
    assert within((2, 3), 2, one, 1.0) == pytest.approx(1 - (1 - one) ** 2)
    assert within((3, 3), 3, one, 1.0) == pytest.approx(1 - (1 - one) ** 3)
    opening, agreeing = one / 2, 0.5
    only, none = agreeing - opening, 1 - agreeing
    # Two that agree, not both of them without proof, next to each other or with a clean one between them.
    two = agreeing**2 - only**2
    assert within((2, 3), 2, opening, agreeing) == pytest.approx(two)
    # Not at the second, then: clean and two, one clean one, or two without proof and a proof.
    at_the_third = 2 * none * two + only**2 * opening
    assert within((2, 3), 3, opening, agreeing) == pytest.approx(two + at_the_third)


def test_fewer_windows_than_must_agree_are_never_enough() -> None:
    """3 of 4 within two windows cannot be."""
    assert within((3, 4), 2, 1.0) == 0
    assert within((3, 4), 3, 1.0) == 1


def test_a_long_look_back_is_affordable() -> None:
    """10 of 20, and within ten windows: all ten must agree, and one of them prove."""
    assert within((10, 20), 10, 0.5, 0.9) == pytest.approx(0.9**10 - 0.4**10)
