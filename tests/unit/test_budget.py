"""What a calibration is worth to a monitor of other windows, comparators and persistence."""

import pytest

from baselines import Calibration, Movement
from stream.budget import budget, usable, why_unverified
from stream.policy import Policy
from stream.schedule import Schedule

HOUR_MS = 3_600_000
HOURLY = Schedule(HOUR_MS, HOUR_MS)
CHECKS = {"x": {"ks": Movement(50, 40.0, 0.1, 100.0, 0.2)}}


def learned(*comparators: str, every_ms: int = HOUR_MS) -> Calibration:
    """Return a calibration for these comparators."""
    return Calibration(every_ms, "UTC", 100, 2, 50, 0, 50 * every_ms, dict.fromkeys(comparators, CHECKS))


def said(calibration: Calibration | None, schedule: Schedule, policy: Policy) -> tuple[str, str | None]:
    """Return the word, and what to do."""
    return budget(usable(calibration, schedule, policy), schedule, policy), why_unverified(
        calibration, schedule, policy
    )


def test_without_calibration_the_budget_is_unverified() -> None:
    """Nothing known, nothing invented, and what to do about it."""
    word, why = said(None, HOURLY, Policy())
    assert word == "unverified"
    assert why is not None
    assert "--time" in why


def test_windows_as_in_the_learning_are_calibrated() -> None:
    """The same length and every comparator: there is nothing to say."""
    policy = Policy(comparators=("baseline", "last_day"))
    assert said(learned("baseline", "last_day", "previous"), HOURLY, policy) == ("calibrated", None)


def test_comparators_that_were_not_learned_are_named() -> None:
    """Data of less than a year says nothing about the last year."""
    word, why = said(learned("baseline"), HOURLY, Policy(comparators=("baseline", "last_year")))
    assert word == "calibrated, unverified for last_year"
    assert why is not None
    assert "did not reach back" in why


def test_a_longer_window_says_what_it_was_learned_from() -> None:
    """A mixture of shorter windows moves no further than they do; `previous` then looks further back than they did."""
    day = Schedule(HOUR_MS, 24 * HOUR_MS)
    assert said(learned("baseline"), day, Policy()) == ("calibrated for windows of 1h", None)
    both = Policy(comparators=("baseline", "previous"))
    assert said(learned("baseline", "previous"), day, both)[0] == (
        "calibrated for windows of 1h, unverified for previous"
    )


@pytest.mark.parametrize("window_ms", [HOUR_MS // 2, HOUR_MS * 3 // 2])
def test_windows_that_are_no_multiple_are_not_calibrated(window_ms: int) -> None:
    """Shorter windows move more, by an unknown amount."""
    word, why = said(learned("baseline"), Schedule(HOUR_MS // 2, window_ms), Policy())
    assert word == "unverified"
    assert why is not None
    assert "calibrated for windows of 1h, not of" in why


def test_a_comparator_that_looks_further_back_is_not_the_learned_one() -> None:
    """Persistence of 3 of 5 moves `previous` a window further; the same hour of the last day stays where it is."""
    policy = Policy(comparators=("previous", "last_day"), persist=(3, 5))
    assert said(learned("previous", "last_day"), HOURLY, policy)[0] == "calibrated, unverified for previous"


def test_a_calibration_without_any_of_the_comparators_is_none() -> None:
    """Then nothing of it may be used."""
    assert usable(learned("previous"), HOURLY, Policy()) is None


def test_what_is_known_of_weeks_stands_in_for_the_year() -> None:
    """And is said; of windows nearer to each other nothing is concluded."""
    weekly = Schedule(7 * 24 * HOUR_MS, 7 * 24 * HOUR_MS)
    policy = Policy(comparators=("baseline", "last_year"))
    weeks = learned("baseline", "previous", "last_week", every_ms=weekly.every_ms)
    assert said(weeks, weekly, policy) == ("calibrated, last_year as last_week", None)
    fitting = usable(weeks, weekly, policy)
    assert fitting is not None
    assert fitting.movements["last_year"] == weeks.movements["last_week"]
    assert said(learned("baseline", "last_day"), HOURLY, policy)[0] == "calibrated, unverified for last_year"
