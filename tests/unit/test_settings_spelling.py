"""Durations, budgets and persistence as people write them."""

import pytest

from consumers.settings.spelling import (
    format_budget,
    format_duration,
    parse_budget_per_ms,
    parse_duration_ms,
    parse_every_ms,
    parse_persist,
)


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [("500ms", 500), ("90s", 90_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000), ("1w", 604_800_000)],
)
def test_each_unit_means_what_it_says(text, duration_ms):
    """A duration is its number times its unit, in milliseconds."""
    assert parse_duration_ms(text) == duration_ms


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1.5h", "5M", "5min", "٥m", "hourly", 90, True, None])
def test_what_is_no_duration_is_refused_with_an_example(text):
    """Numbers without a unit, fractions, signs and unknown units are errors that show a right one."""
    with pytest.raises(ValueError, match='write for example "90s", "5m" or "1d"'):
        parse_duration_ms(text)


def test_a_duration_that_overflows_is_refused():
    """Ten years is the longest, far inside what the arithmetic holds."""
    with pytest.raises(ValueError, match='is too long; write "3650d" at most'):
        parse_duration_ms("999999999999999w")


@pytest.mark.parametrize(
    ("text", "duration_ms"), [("hourly", 3_600_000), ("daily", 86_400_000), ("weekly", 604_800_000)]
)
def test_every_takes_words_too(text, duration_ms):
    """The three words are durations for `every`, beside the usual spelling."""
    assert parse_every_ms(text) == duration_ms
    assert parse_every_ms("90s") == 90_000


def test_nothing_at_all_is_written_in_seconds():
    """Zero has a spelling that reads back as zero."""
    assert format_duration(0) == "0s"


def test_a_budget_is_a_rate_per_millisecond():
    """The number and the duration both count."""
    assert parse_budget_per_ms("1 per 30d") == 1 / (30 * 86_400_000)
    assert parse_budget_per_ms("2.5 per 1h") == 2.5 / 3_600_000
    assert format_budget(parse_budget_per_ms("3 per 60d")) == "1.5 per 30d"


@pytest.mark.parametrize(
    "text", ["", "1", "1 in 30d", "one per 30d", "0 per 30d", "1 per 0s", "-1 per 30d", "1 per day", 1]
)
def test_what_is_no_budget_is_refused_with_an_example(text):
    """Nothing, nonsense and zero are errors; each says how it is written."""
    with pytest.raises(ValueError, match="write for example"):
        parse_budget_per_ms(text)


@pytest.mark.parametrize(("text", "persist"), [("1 of 1", (1, 1)), ("2 of 3", (2, 3)), ("20 of 20", (20, 20))])
def test_persistence_is_a_pair(text, persist):
    """The pair is (needed, of)."""
    assert parse_persist(text) == persist


@pytest.mark.parametrize("text", ["0 of 1", "3 of 2", "1 of 21", "2/3", "2 of", "", 2])
def test_impossible_persistence_is_refused(text):
    """More than there are ticks, none, and more than twenty are errors."""
    with pytest.raises(ValueError, match='write for example "2 of 3"'):
        parse_persist(text)
