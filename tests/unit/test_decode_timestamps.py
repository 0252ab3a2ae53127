"""Event times in every unit and spelling."""

import pytest

from consumers.decode.timestamps import BAD_TIME_MS, LATEST_MS, to_ms


def one(value: object, unit: str = "auto") -> int:
    times, bad = to_ms([value], unit)
    assert (times[0] == BAD_TIME_MS) == (0 in bad)
    return int(times[0])


@pytest.mark.parametrize(
    ("value", "time_ms"),
    [
        (0, 0),
        (10**11 - 1, (10**11 - 1) * 1000),
        (10**11, 10**11),
        (10**14 - 1, 10**14 - 1),
        (10**14, 10**11),
        (10**17 - 1, 10**14 - 1),
        (10**17, 10**11),
        (LATEST_MS * 10**6 + 999_999, LATEST_MS),
    ],
)
def test_the_size_of_a_number_tells_its_unit(value: int, time_ms: int) -> None:
    """Seconds end at 1e11, milliseconds at 1e14, microseconds at 1e17; as text and in company it is the same."""
    assert one(value) == one(str(value)) == time_ms
    assert to_ms([value, value], "auto")[0].tolist() == [time_ms] * 2


@pytest.mark.parametrize(("unit", "time_ms"), [("s", 1_500_000), ("ms", 1_500), ("us", 1), ("ns", 0)])
def test_a_given_unit_is_taken_at_its_word(unit: str, time_ms: int) -> None:
    """With the unit configured, no size of the number is read as another."""
    assert one(1_500, unit) == one(1_500.0, unit) == one("1500", unit) == time_ms


def test_floats_of_seconds_keep_their_milliseconds() -> None:
    """A float of seconds, inexact as it is, gives back every millisecond that was written."""
    for ms in range(1_700_000_000_000, 1_700_000_002_000, 7):
        assert one(ms / 1000) == one(f"{ms / 1000:.3f}") == ms


def test_time_is_floored_not_rounded_up() -> None:
    """The last microsecond before a boundary belongs before it, whatever the unit."""
    assert (
        one(1_700_000_000_999_999) == one(1_700_000_000.999999) == one("2023-11-14T22:13:20.999999Z") == 1700000000999
    )


@pytest.mark.parametrize(
    "value",
    [
        *(-1, -0.5, LATEST_MS + 1, 10**30, 10**4000, float("nan"), float("inf"), 1e300, True, None, [], {}, "", "soon"),
        *("1" * 65, "1_000", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-01:00", "2023-02-30", "٣"),
    ],
    ids=lambda value: str(value)[:30] if not isinstance(value, int) or value < 10**31 else "huge",
)
def test_what_is_no_time_is_said_to_be_none(value: object) -> None:
    """Out of 1970 to 9999, or not a time at all: each gets a sentence, none an exception."""
    times, bad = to_ms([value], "ms")
    assert times.tolist() == [BAD_TIME_MS]
    assert 0 < len(bad[0]) < 200


def test_one_bad_time_leaves_its_neighbours() -> None:
    """Only the bad position is named; mixed units and kinds stand side by side."""
    times, bad = to_ms([1_700_000_000, "x", 1_700_000_000_000, "2023-11-14T22:13:20Z", 1.7e9], "auto")
    assert list(bad) == [1]
    assert times.tolist() == [1_700_000_000_000, BAD_TIME_MS, *[1_700_000_000_000] * 3]


def test_units_are_told_value_by_value() -> None:
    """A batch of integers in four units gives each its own time."""
    values = [1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000]
    assert to_ms(values, "auto")[0].tolist() == [1_700_000_000_000] * 4


def test_a_book_is_not_converted_to_a_number() -> None:
    """A text far longer than any time is refused as it stands, not by Python's limit on digits."""
    assert to_ms(["1" * 10_000], "auto")[1][0].endswith("is not a timestamp")


def test_small_letters_are_iso_too() -> None:
    """RFC 3339 allows t and z."""
    assert one("2023-11-14t22:13:20z") == 1_700_000_000_000


def test_iso_alone_takes_no_numbers() -> None:
    """Under the unit "iso" eight digits are a date, and a JSON number is refused."""
    assert one("20231114", "iso") == 1_699_920_000_000
    assert one(20231114, "iso") == BAD_TIME_MS


def test_no_values_are_no_times() -> None:
    """A batch without events has no times and no complaints."""
    times, bad = to_ms([], "auto")
    assert (len(times), bad) == (0, {})
