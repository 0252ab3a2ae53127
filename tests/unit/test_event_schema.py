"""Every drift event validates against the schema that ships, and the schema says no to what no event is."""

import copy

import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from consumers.event_schema import event_schema
from stream.policy import CHECKS, DEFAULT_THRESHOLDS, Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 3_600_000
VALIDATOR = Draft202012Validator(event_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
TEXTBOOK = Policy(
    correction="none",
    persist=(1, 1),
    alpha=dict.fromkeys(CHECKS, 1.0) | {"ks": 0.05, "chi2": 0.05},
    thresholds={**DEFAULT_THRESHOLDS, "ks": 0.0, "chi2": 0.0},
    min_samples=1,
)
POLICIES = [Policy(min_samples=50), Policy(persist=(1, 1), correction="bh", min_samples=2), TEXTBOOK]


def _columns(rng, rows, kind):
    """Return a window's columns: like training, or broken in one of many ways."""
    columns = {
        "x": rng.normal(0, 1, rows).round(2),
        "n": rng.poisson(4, rows).astype(float),
        "flat": np.full(rows, 7.0),
        "c": rng.choice(["a", "b", "c"], rows).astype(object),
    }
    if kind == "shift":
        columns["x"] += 3
    elif kind == "wide":
        columns["x"] *= 4
    elif kind == "empty":
        columns |= {"x": np.full(rows, np.nan), "c": np.full(rows, None)}
    elif kind == "broken":
        columns["x"][::3], columns["n"][::4], columns["flat"][::5] = np.inf, -np.inf, 1e300
    elif kind == "names":
        columns["c"] = np.array([f"new {i % 70}" for i in range(rows)], dtype=object)
    elif kind == "mix":
        columns["c"] = rng.choice(["a", "b"], rows, p=[0.95, 0.05]).astype(object)
    return columns


def _events(seed, policy, panes_per_window):
    rng = np.random.default_rng(seed)
    layout = layout_of(_columns(rng, 500, "same"), x=0.2, c=1.0, n=0.5)
    monitor = monitor_of(layout, Schedule(EVERY_MS, panes_per_window * EVERY_MS), policy)
    kinds = ["same", "same", "shift", "wide", "empty", "broken", "names", "mix", "same", "few", "one", "none"]
    panes = []
    for place, kind in enumerate(k for k in rng.permutation(kinds).tolist() for _ in range(3)):
        rows = {"few": 20, "one": 1, "none": 0}.get(kind, 150)
        times = place * EVERY_MS + np.arange(rows)
        panes += panes_of(layout, monitor.schedule, rows_of(layout, times, _columns(rng, rows, kind)))
    ticks = feed(monitor, panes, 40 * EVERY_MS)
    return [event.to_dict() for tick in ticks for event in tick.events]


@pytest.fixture(scope="module")
def events():
    return [
        event
        for number, policy in enumerate(POLICIES)
        for panes_per_window in (1, 2)
        for seed in range(3)
        for event in _events(10 * number + seed, policy, panes_per_window)
    ]


def test_the_schema_is_a_schema():
    """Of draft 2020-12."""
    Draft202012Validator.check_schema(event_schema())


def test_every_event_of_any_stream_validates(events):
    """Streams with every kind of trouble: all four types come, and each event is as the schema says, as JSON too."""
    assert {event["type"] for event in events} == {"drift.opened", "drift.changed", "drift.resolved", "monitor.health"}
    assert len(events) > 100
    for event in events:
        read = orjson.loads(orjson.dumps(event))
        VALIDATOR.validate(read)
        assert read == event


def test_an_event_says_what_it_should(events):
    """Ids do not repeat within a stream; features come by impact; the summary names the first."""
    for event in events:
        impacts = [feature["impact"] for feature in event["features"]]
        assert impacts == sorted(impacts, reverse=True)
        assert len(event["features"]) == event["features_total"]
        if event["type"] != "monitor.health":
            assert event["features"][0]["name"] in event["summary"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.pop("incident"),
        lambda event: event.update(extra=1),
        lambda event: event.update(type="drift.guessed"),
        lambda event: event.update(id="short"),
        lambda event: event.update(reason="insufficient"),
        lambda event: event["window"].update(start="yesterday"),
        lambda event: event["window"].update(n=-1),
        lambda event: event["features"][0].update(kind="colour"),
        lambda event: event["features"][0]["production"].update(mean=None),
        lambda event: event["features"][0]["checks"][0].update(p_value=1.5),
        lambda event: event["features"][0]["checks"][0].pop("drift"),
        lambda event: event["features"][0]["moved"].append({"category": "a", "reference_share": 0, "share": 1}),
        lambda event: event.update(features=[]),
        lambda event: event.update(offsets={"events": {"zero": [1, 2]}}),
        lambda event: event.update(offsets={"events": {"0": [1]}}),
    ],
)
def test_what_no_event_is_does_not_validate(events, spoil):
    """One thing wrong is enough."""
    event = copy.deepcopy(
        next(e for e in events if e["type"] == "drift.opened" and e["features"][0]["kind"] == "numeric")
    )
    assert VALIDATOR.is_valid(event)
    spoil(event)
    assert not VALIDATOR.is_valid(event)


def test_an_earlier_window_without_values_has_no_mean():
    """Nothing that JSON cannot say, as NaN: what is not there is left out."""
    rng = np.random.default_rng(3)
    layout = layout_of({"x": rng.normal(size=500)})
    monitor = monitor_of(
        layout, Schedule(EVERY_MS, EVERY_MS), Policy(comparators=("previous",), persist=(1, 1), min_samples=50)
    )
    windows = [np.full(150, np.nan), rng.normal(size=150), rng.normal(size=150)]
    panes = [
        pane
        for place, x in enumerate(windows)
        for pane in panes_of(layout, monitor.schedule, rows_of(layout, place * EVERY_MS + np.arange(150), {"x": x}))
    ]
    told = [event.to_dict() for tick in feed(monitor, panes, 4 * EVERY_MS) for event in tick.events]
    (feature,) = next(event for event in told if event["type"] == "drift.opened")["features"]
    assert feature["reference"]["n"] == 0
    assert "mean" not in feature["reference"]
    for event in told:
        VALIDATOR.validate(orjson.loads(orjson.dumps(event)))
