"""From one window's chances to that of an incident: held against what can be worked out by hand."""

import numpy as np
import pytest

from stream.horizon import TRACE, _after, chance_within
from stream.persistence import NOVEL, OPENING


def within(persist: tuple[int, int], windows: int, opening: float, agreeing: float | None = None) -> float:
    """Return the chance where windows prove drift and agree with it so often; all that agree prove it, by default."""
    agreeing = opening if agreeing is None else agreeing
    return float(chance_within(persist, windows, np.array([[agreeing], [agreeing], [opening], [0.0]]))[0])


def within_new(persist: tuple[int, int], windows: int, tracing: float, proving: float) -> float:
    """Return the chance where windows prove what training never had so often, and else leave a trace or nothing."""
    return float(chance_within(persist, windows, np.array([[tracing], [proving], [proving], [proving]]))[0])


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


@pytest.mark.parametrize("one", [0.1, 0.5, 0.9])
def test_traces_agree_with_a_proof_of_something_new(one: float) -> None:
    """Before it and after it, with a clean window between them or none; with other proofs they do not."""
    assert within_new((1, 1), 3, 1.0, one) == pytest.approx(1 - (1 - one) ** 3)
    assert within_new((2, 3), 2, 1.0, one) == pytest.approx(1 - (1 - one) ** 2)
    proof, trace, none = one / 2, one / 2, 1 - one
    two = proof**2 + 2 * proof * trace
    # Not at the second, then: clean and two, one clean one, or two traces and a proof.
    at_the_third = 2 * none * two + trace**2 * proof
    assert within_new((2, 3), 3, one, proof) == pytest.approx(two + at_the_third)
    other = chance_within((2, 3), 3, np.array([[one], [proof], [proof], [0.0]]))
    assert float(other[0]) == pytest.approx(within((2, 3), 3, proof))


@pytest.mark.parametrize(("proofs", "opens"), [((NOVEL, OPENING), 1.0), ((OPENING, OPENING), 0.0)])
def test_a_later_proof_of_another_kind_does_not_hide_that_something_is_new(
    proofs: tuple[int, int], opens: float
) -> None:
    """3 of 4: a proof that something is new, another one, and a trace."""
    state: tuple[int, ...] | None = ()
    for said in (*proofs, TRACE):
        assert state is not None
        state = _after((3, 4), (*state, said))
    assert (state is None) == bool(opens)


def test_fewer_windows_than_must_agree_are_never_enough() -> None:
    """3 of 4 within two windows cannot be."""
    assert within((3, 4), 2, 1.0) == 0
    assert within((3, 4), 3, 1.0) == 1


def test_a_long_look_back_is_affordable() -> None:
    """10 of 20, and within ten windows: all ten must agree, and one of them prove."""
    assert within((10, 20), 10, 0.5, 0.9) == pytest.approx(0.9**10 - 0.4**10)
