"""How events are made: what is told of fields, of features and of the number of events, and what is not."""

import doctest
from copy import deepcopy

import msgspec
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from consumers.event_schema import event_schema
from stream import drift_event
from stream.drift_event import Identity
from stream.looks import RATE, Looks
from stream.panes import Pane
from stream.policy import Policy
from stream.schedule import DAY_MS, Schedule
from stream.schema_drift import SchemaState, SchemaWatch, words
from tests.builders import layout_of, panes_of, rows_of

HOUR_MS, ROWS = 3_600_000, 100
SCHEDULE, IDENTITY = Schedule(HOUR_MS, HOUR_MS), Identity("prices", "print", 200)
NAN = float("nan")
USUAL = {"kind": {"text": 20}, "session": {"text": 20}, "id": {"number": 20}}


@pytest.fixture(scope="module")
def layout():
    """Return a layout of a number that matters little and of a category."""
    return layout_of({"size": np.arange(200.0), "kind": ["a", "b"] * 100}, size=0.15, kind=0.9)


def stream(layout, policy=None):
    """Return a watch that has seen nothing."""
    return SchemaWatch(layout, SCHEDULE, policy or Policy())


def pane(layout, hour, fields=None, rows=ROWS, **columns) -> Pane:
    """Return a pane of rows, of which 20 were looked at."""
    times = hour * HOUR_MS + np.arange(rows) * (HOUR_MS // rows)
    values = {"size": np.arange(rows) % 200.0, "kind": ["a", "b"] * (rows // 2) + ["a"] * (rows % 2), **columns}
    (made,) = panes_of(layout, SCHEDULE, rows_of(layout, times, values))
    made.looks = Looks(20, deepcopy(USUAL if fields is None else fields))
    return made


def tell(watch, panes, first_hour=None):
    """Show panes to a watch, an hour after the other; return hour, reason, state and event of all that is said."""
    told = []
    for hour, one in enumerate(panes) if first_hour is None else enumerate(panes, first_hour):
        if one is not None:
            watch.seal([one])
        window = drift_event.TestedWindow(hour * HOUR_MS, (hour + 1) * HOUR_MS, ROWS)
        told += [(hour, event.reason, event.state, event) for event in watch.tick(IDENTITY, window)]
    return told


def hours(layout, n, first=0, **what):
    """Return panes of consecutive hours."""
    return [pane(layout, first + hour, **what) for hour in range(n)]


def brief(told):
    """Return what was said without the events."""
    return [entry[:3] for entry in told]


def test_a_stream_that_stays_as_it_is_says_nothing(layout):
    """A day of events, all alike."""
    assert tell(stream(layout), hours(layout, 30)) == []


def test_a_field_that_appears_is_told_once_and_ends_when_it_is_gone(layout):
    """Two of three stretches must agree, both times; nobody reads it, so it is only information."""
    more = {**USUAL, "loyalty_tier": {"text": 20}}
    panes = [*hours(layout, 4), *hours(layout, 5, 4, fields=more), *hours(layout, 6, 9)]
    told = tell(stream(layout), panes)
    assert brief(told) == [(5, "schema_changed", "begun"), (10, "schema_changed", "ended")]
    begun, ended = told[0][-1], told[1][-1]
    assert begun.summary == "`loyalty_tier` appeared: text, in 100 % of the events looked at."
    assert (begun.severity, begun.incident) == ("info", ended.incident)
    assert ended.summary == "As before again: `loyalty_tier`."
    assert begun.changes == [
        {
            "change": "appeared",
            "field": "loyalty_tier",
            "is_feature": False,
            "before": "",
            "after": "text",
            "share": 1.0,
        }
    ]
    for event in (begun, ended):
        Draft202012Validator(event_schema()).validate(event.to_dict())


def test_a_field_that_came_and_went_may_come_again(layout):
    """Once is news, a habit is none."""
    more = {**USUAL, "campaign": {"text": 20}}
    panes = [
        *hours(layout, 4),
        *hours(layout, 4, 4, fields=more),
        *hours(layout, 4, 8),
        *hours(layout, 4, 12, fields=more),
    ]
    assert len(tell(stream(layout), panes)) == 2


def test_a_field_that_stands_for_a_day_is_the_usual(layout):
    """After a day and 24 stretches it ends; that the field vanishes then is news again."""
    more = {**USUAL, "loyalty_tier": {"text": 20}}
    panes = [*hours(layout, 4), *hours(layout, 30, 4, fields=more), *hours(layout, 3, 34)]
    told = tell(stream(layout), panes)
    assert brief(told) == [
        (5, "schema_changed", "begun"), (29, "schema_changed", "ended"), (35, "schema_changed", "begun")
    ]  # fmt: skip
    assert told[1][-1].summary == "Usual from now on: `loyalty_tier`."
    assert told[2][-1].summary.startswith("`loyalty_tier` vanished")


def test_a_field_that_nobody_reads_vanishes_or_changes_its_kind(layout):
    """Both in one incident, where they come together."""
    other = {"kind": {"text": 20}, "id": {"text": 20}}
    told = tell(stream(layout), [*hours(layout, 4), *hours(layout, 4, 4, fields=other)])
    assert brief(told) == [(5, "schema_changed", "begun")]
    assert {(one["change"], one["field"]) for one in told[0][-1].changes} == {
        ("retyped", "id"),
        ("vanished", "session"),
    }
    assert "`id` is text now, was a number" in told[0][-1].summary


def test_a_change_in_the_middle_of_a_stretch_is_told_all_the_same(layout):
    """A stretch of which only the second half has the field neither hides it nor makes it a habit."""
    half, more = {**USUAL, "new": {"text": 8}}, {**USUAL, "new": {"text": 20}}
    panes = [*hours(layout, 4), pane(layout, 4, half), *hours(layout, 3, 5, fields=more)]
    assert brief(tell(stream(layout), panes)) == [(6, "schema_changed", "begun")]


def test_a_field_that_some_events_have_is_no_news(layout):
    """Whether it is there or not, it may be: optional fields come and go."""
    some = {**USUAL, "coupon": {"text": 7}}
    panes = [*hours(layout, 3, fields=some), *hours(layout, 4, 3), *hours(layout, 4, 7, fields=some)]
    assert tell(stream(layout), panes) == []


def test_keys_that_are_identifiers_are_never_told(layout):
    """Neither one that every event of a stretch has, nor the others that no look can tell any more."""
    ids = {f"user {i}": {"number": 1} for i in range(300)}
    watch, wide = stream(layout), {**USUAL, **ids, "new": {"text": 20}}
    assert tell(watch, [*hours(layout, 4), *hours(layout, 6, 4, fields=wide)]) == []


def test_fields_that_are_ignored_are_not_told(layout):
    """By pattern, as the configuration names them."""
    more = {**USUAL, "debug.a": {"text": 20}, "b": {"text": 20}}
    watch = stream(layout, Policy(schema_ignored=("debug.*", "b")))
    assert tell(watch, [*hours(layout, 4), *hours(layout, 4, 4, fields=more)]) == []


def test_nothing_is_told_where_nobody_asks(layout):
    """`schema_changes` false."""
    watch = stream(layout, Policy(schema_changes=False))
    assert tell(watch, hours(layout, 8, size=[NAN] * ROWS)) == []
    assert watch.state == SchemaState()


@pytest.mark.parametrize(("column", "severity"), [("size", "warning"), ("kind", "critical")])
def test_a_feature_that_is_gone_stays_told_until_it_is_back(layout, column, severity):
    """Held against training from the first window on; it is never taken for usual."""
    gone = {column: [NAN] * ROWS if column == "size" else [None] * ROWS}
    told = tell(stream(layout), [*hours(layout, 40, **gone), *hours(layout, 3, 40)])
    assert brief(told) == [(1, "schema_changed", "begun"), (41, "schema_changed", "ended")]
    assert told[0][-1].severity == severity
    assert (
        told[0][-1].summary == f"The feature `{column}` vanished: 0 % of the events have it, 100 % had it in training."
    )


def test_a_feature_of_another_kind_is_told_with_what_is_there_instead(layout):
    """Text where numbers were, and numbers where categories were: their order may have changed."""
    panes = hours(layout, 4)
    for hour in range(4, 8):
        made = pane(layout, hour, {"size": {"text": 20}, "kind": {"number": 20}}, kind=["1.5"] * ROWS)
        specials = layout.numeric_specials(0)
        made.counts.cells[layout.numeric_cells(0)] = 0
        made.counts.cells[specials.stop - 1] = ROWS
        panes.append(made)
    told = [entry for entry in tell(stream(layout), panes) if entry[2] == "begun"]
    summary = told[0][-1].summary
    assert "`size` is text now in 100 % of the events, was a number" in summary
    assert "`kind` is a number now in 100 % of the events, was a category" in summary
    assert summary.endswith("has their order changed?")


def test_another_stated_sampling_rate_is_told(layout):
    """The rate of CloudEvents, under a reason of its own."""
    before, after = {**USUAL, RATE: {"1": 20}}, {**USUAL, RATE: {"10": 20}}
    told = tell(stream(layout), [*hours(layout, 4, fields=before), *hours(layout, 4, 4, fields=after)])
    assert brief(told) == [(5, "sampling_changed", "begun")]
    assert told[0][-1].summary == "The stated sampling rate is 10, was 1."


def days(layout, n, rows):
    """Return panes of whole days; ``rows`` says how many an hour has, given its number."""
    return [pane(layout, hour, rows=rows(hour)) for hour in range(n * 24)]


def night(hour):
    """Return the rows of an hour: by night a tenth of those by day."""
    return 400 if 8 <= hour % 24 < 20 else 40


def test_a_night_is_no_sampling(layout):
    """Ten times as many events in the morning, ten times fewer in the evening, day after day."""
    assert tell(stream(layout), days(layout, 5, night)) == []


def test_another_sampling_is_told_and_ends_when_it_has_stood_for_a_day(layout):
    """A tenth of the events from the fourth day's noon on: against the hour before and the same hour of other days."""
    told = tell(stream(layout), days(layout, 6, lambda hour: night(hour) // (10 if hour >= 84 else 1)))
    assert [(reason, state) for _, reason, state, _ in told] == [
        ("sampling_changed", "begun"), ("sampling_changed", "ended")
    ]  # fmt: skip
    assert told[0][0] == 85
    assert "10 times as few events come as usual at this time, 40 instead of 400" in told[0][-1].summary
    assert 84 + 20 <= told[1][0] <= 84 + 30


def test_a_monday_is_no_sampling_in_the_first_week(layout):
    """Without another working day at that time, nothing is known of it."""
    thursday_midnight = 0  # 1970-01-01 was a Thursday
    week = days(layout, 12, lambda hour: 20 if (thursday_midnight + hour // 24) % 7 in (2, 3) else 400)
    first = 48  # begin on Saturday
    assert tell(stream(layout), week[first:], first) == []


def test_a_watch_restored_in_the_middle_says_what_the_other_would_have(layout):
    """Its state outlives the process, through the very bytes in which it is written."""
    more = {**USUAL, "new": {"text": 20}}
    panes = [*days(layout, 3, lambda hour: 200), *hours(layout, 5, 72, fields=more, rows=20), *hours(layout, 5, 77)]
    whole = tell(stream(layout), panes)
    assert {reason for _, reason, _, _ in whole} == {"schema_changed", "sampling_changed"}
    for cut in (10, 72, 73, 75, 78):
        first, second = stream(layout), stream(layout)
        told = tell(first, panes[:cut])
        second.state = msgspec.msgpack.decode(msgspec.msgpack.encode(first.state), type=SchemaState)
        assert told + tell(second, panes[cut:], cut) == whole


def test_small_panes_are_put_together_until_they_are_enough(layout):
    """Thirty rows and five looks an hour: the same is told, later."""

    def small(hour, **what):
        made = pane(layout, hour, rows=30, **what)
        made.looks = Looks(5, {name: dict.fromkeys(kinds, 5) for name, kinds in made.looks.fields.items()})
        return made

    more = {**USUAL, "new": {"text": 20}}
    panes = [*(small(hour) for hour in range(16)), *(small(hour, fields=more) for hour in range(16, 32))]
    told = tell(stream(layout), panes)
    assert brief(told) == [(19, "schema_changed", "begun")]


def test_a_gap_of_days_is_passed_over(layout):
    """Silence is nothing that a jump could be measured against."""
    panes = [*days(layout, 3, lambda hour: 400), *[None] * (DAY_MS * 4 // HOUR_MS), *hours(layout, 30, 168, rows=40)]
    assert [entry for entry in tell(stream(layout), panes) if entry[0] < 170] == []


def test_two_stretches_that_are_far_apart_do_not_agree(layout):
    """Of the latest three, two must."""
    gone = {"size": [NAN] * ROWS}
    panes = [pane(layout, hour, **(gone if hour in (4, 7) else {})) for hour in range(10)]
    assert tell(stream(layout), panes) == []


def test_what_stands_for_hours_is_not_yet_the_usual(layout):
    """Many stretches in a short time are not a day."""
    watch, said = stream(layout), []
    for number in range(60):
        fields = USUAL if number < 4 else {**USUAL, "new": {"text": 20}}
        watch.seal([pane(layout, number, fields)])
        said += watch.tick(IDENTITY, drift_event.TestedWindow(0, number * HOUR_MS // 10, ROWS))
    assert [event.state for event in said] == ["begun"]


def test_a_status_lists_what_lasts(layout):
    """Each change with the boundary at which it was told; nothing once it is over."""
    watch, gone = stream(layout), {"size": [NAN] * ROWS}
    tell(watch, hours(layout, 3, **gone))
    sentence = "the feature `size` vanished: 0 % of the events have it, 100 % had it in training"
    assert watch.told() == [{"since": "1970-01-01T02:00:00Z", "reason": "schema_changed", "change": sentence}]
    tell(watch, hours(layout, 3, 3), 3)
    assert watch.told() == []


def test_examples_do_what_they_say():
    """Each sentence of the docstrings is the one that is said."""
    assert doctest.testmod(words).attempted >= 3
    assert doctest.testmod(words).failed == 0
