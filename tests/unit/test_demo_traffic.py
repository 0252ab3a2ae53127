"""The demo's traffic: always the same, unruly as real traffic is, and changed where it says and nowhere else."""

import orjson
import pytest

from consumers.demo.traffic import (
    CHANGE_MS,
    DAY_EVENTS,
    RETURN_MS,
    SHIFTED,
    TRAINING_ROWS,
    Day,
    simulated_day,
    training,
    write_csv,
)
from stream.schedule import DAY_MS

PARTITIONS = 4


@pytest.fixture(scope="module")
def day() -> Day:
    """Return one simulated day."""
    return simulated_day(PARTITIONS)


def mean(values: list) -> float:
    """Return the mean of the values that are there."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known)


def split(day: Day, feature: str) -> tuple[list, list]:
    """Return a feature's values outside and inside the hours of the change."""
    values = list(zip(day.times_ms.tolist(), day.features[feature], strict=True))
    inside = [value for time_ms, value in values if CHANGE_MS <= time_ms < RETURN_MS]
    return [value for time_ms, value in values if not CHANGE_MS <= time_ms < RETURN_MS], inside


def test_every_day_is_the_same(day):
    """Nothing is drawn from a clock: two demos send the same events, byte for byte."""
    assert list(simulated_day(PARTITIONS).values(0)) == list(day.values(0))


def test_ages_rise_by_five_years_and_come_back(day):
    """The mean age between 09:00 and 17:00 lies five years above that of the other hours."""
    before, changed = split(day, "user_age")
    assert mean(changed) - mean(before) == pytest.approx(5, abs=0.3)


def test_mobile_goes_from_sixty_to_eighty_percent(day):
    """The share of mobile devices is 0.8 between 09:00 and 17:00, and 0.6 else."""
    shares = [side.count("mobile") / len(side) for side in split(day, "device_type")]
    assert shares == pytest.approx([0.6, 0.8], abs=0.01)


def test_nothing_else_changes(day):
    """Every other feature has the same mean, or the same most frequent value as often, at all hours."""
    for name in day.features.keys() - set(SHIFTED):
        sides = split(day, name)
        if isinstance(next(value for value in sides[0] if value is not None), str):
            common = max(set(sides[0]), key=sides[0].count)
            figures = [side.count(common) / len(side) for side in sides]
        else:
            figures = [mean(side) for side in sides]
        assert figures[1] == pytest.approx(figures[0], rel=0.06), name


def test_training_data_is_the_unchanged_traffic(day):
    """The baseline's rows have the day's columns and know nothing of the change."""
    columns = training()
    assert list(columns) == list(day.features)
    assert {len(values) for values in columns.values()} == {TRAINING_ROWS}
    assert mean(columns["user_age"]) == pytest.approx(mean(split(day, "user_age")[0]), abs=0.4)


def test_the_traffic_is_unruly():
    """There are missing values, many zeros and a heavy tail, as in real data."""
    columns = training()
    assert 0.02 < columns["asking_price"].count(None) / TRAINING_ROWS < 0.1
    assert 0.5 < columns["plot_area_m2"].count(0.0) / TRAINING_ROWS < 0.8
    assert max(columns["session_seconds"]) > 20 * mean(columns["session_seconds"])


def test_events_come_in_order_and_fill_the_day(day):
    """Times never go back, the first is midnight, and each partition has one more event after the next midnight."""
    times_ms = day.times_ms.tolist()
    assert times_ms == sorted(times_ms)
    assert times_ms[0] == 0
    assert times_ms[DAY_EVENTS - 1] < DAY_MS
    assert all(time_ms > DAY_MS + 30_000 for time_ms in times_ms[DAY_EVENTS:])
    assert len(day) == DAY_EVENTS + PARTITIONS == DAY_EVENTS + day.closing


def test_an_event_carries_its_time_and_its_features(day):
    """An event is JSON with an id, the time in UTC milliseconds and the features by name."""
    midnight_ms = 1_767_225_600_000
    events = [orjson.loads(value) for value in list(day.values(midnight_ms))[-1:]]
    assert events[0]["ts"] == midnight_ms + day.times_ms[-1]
    assert events[0]["id"] == f"request-{len(day) - 1}"
    assert list(events[0]["features"]) == list(day.features)


def test_events_sent_by_a_time_have_happened(day):
    """The count at a time takes in exactly the events up to it."""
    moment_ms = int(day.times_ms[9_000])
    sent = day.sent_by(moment_ms)
    assert day.times_ms[sent - 1] == moment_ms < day.times_ms[sent]


def test_a_missing_value_is_an_empty_field(tmp_path):
    """In the training file a missing value is empty, and a boolean is written as in JSON."""
    write_csv({"a": [1, None], "b": [True, False], "c": ["x", None]}, tmp_path / "train.csv")
    assert (tmp_path / "train.csv").read_text() == "a,b,c\n1,true,x\n,false,\n"
