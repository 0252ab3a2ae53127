"""From one window's chance to that of an incident: held against what can be worked out by hand."""

import pytest

from stream.horizon import chance_needed, chance_within


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_without_persistence_one_window_of_several_is_enough(one: float) -> None:
    """1 of 1 within k windows: all but the case that none of them votes."""
    for windows in (1, 2, 5):
        assert chance_within((1, 1), windows, one) == pytest.approx(1 - (1 - one) ** windows)


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_two_of_three_looks_back_over_three(one: float) -> None:
    """Within 2 windows both; within 3 any two; within 4 also the last two, or the second and the fourth."""
    none = 1 - one
    assert chance_within((2, 3), 1, one) == 0
    assert chance_within((2, 3), 2, one) == pytest.approx(one**2)
    assert chance_within((2, 3), 3, one) == pytest.approx(one**3 + 3 * one**2 * none)
    # Opens at the fourth: 0011, 0101 and no other (1001 has two too far apart).
    assert chance_within((2, 3), 4, one) == pytest.approx(one**3 + 3 * one**2 * none + 2 * one**2 * none**2)


def test_the_chance_needed_is_the_one_that_gives_the_power() -> None:
    """Put back, it gives what was asked for; more windows need less of each."""
    for persist in ((1, 1), (2, 3), (3, 4)):
        needed = [chance_needed(persist, windows, 0.8) for windows in (4, 6, 10)]
        for windows, one in zip((4, 6, 10), needed, strict=True):
            assert one is not None
            assert chance_within(persist, windows, one) == pytest.approx(0.8, abs=1e-4)
        assert needed == sorted(needed, reverse=True)  # type: ignore[type-var]


def test_fewer_windows_than_must_agree_are_never_enough() -> None:
    """3 of 4 within two windows cannot be."""
    assert chance_needed((3, 4), 2, 0.5) is None
    assert chance_needed((3, 4), 3, 0.5) is not None
