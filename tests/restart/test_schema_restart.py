"""How events are made, over a log: what a judge that dies has seen is not forgotten, and all refused is told, too."""

import json
from collections.abc import Callable
from typing import Any

import pytest

EVERY_S, PER_PANE = 10, 120
NO_FEATURES = b'{"ts": 1700000140000, "rows": []}'


def lines(incident_lines: list[bytes]) -> list[bytes]:
    """Return events whose ages are text in the middle."""
    events = [json.loads(line) for line in incident_lines[:250]]
    found: list[bytes] = []
    for number in range(14 * PER_PANE):
        features = dict(events[number % 250]["features"])
        if 5 <= number // PER_PANE < 9:
            features["age"] = str(features["age"])
        event = {"ts": 1_700_000_000_000 + number * EVERY_S * 1_000 // PER_PANE, "features": features}
        found.append(json.dumps(event).encode())
    return found


@pytest.fixture
def counted(stage: Callable[..., Any], incident_lines: list[bytes]) -> Callable[[], Any]:
    """Return a function that makes a new stage, on which everything is counted and nothing judged."""

    def make() -> Any:
        made = stage()
        counter = made.counter(most_records=60)
        for events in (lines(incident_lines), [NO_FEATURES] * 5 * PER_PANE):
            made.feed(events)
            while not counter.caught_up(counter.end_offsets()):
                counter.step(0.0)
        return made

    return make


def judged(stage: Any, dies_after: int) -> tuple[list[dict[str, Any]], int]:
    """Judge to the end by small steps, by a new judge after so many; return what is told, and the number of steps."""
    judge, steps = stage.judge(most_records=2), 0
    ends = judge.end_offsets()
    while not judge.caught_up(ends):
        judge.step(0.0)
        steps += 1
        if steps == dies_after:
            stage.log.expel_all("judges")
            judge = stage.judge(most_records=2)
    judge.finish()
    return [event for event in stage.events() if event["type"] == "monitor.health"], steps


def test_a_feature_of_another_type_and_events_that_cannot_be_read_are_told(counted: Callable[[], Any]) -> None:
    """By windows the one, by the log the other: no window ends any more when all events are refused."""
    told, _ = judged(counted(), 0)
    assert [(event["reason"], event["state"]) for event in told] == [
        ("schema_changed", "begun"), ("schema_changed", "ended"), ("schema_changed", "begun")
    ]  # fmt: skip
    assert told[0]["summary"] == "`age` is no longer a number in 100 % of the events."
    assert "no_features (for example events-" in told[2]["summary"]
    assert told[0]["incident"] == told[1]["incident"] != told[2]["incident"]


def test_a_judge_that_dies_at_any_step_tells_the_same_once(counted: Callable[[], Any]) -> None:
    """Its habits, tallies and votes stand beside its panes, in the same transaction."""
    expected, steps = judged(counted(), 0)
    assert steps > 10
    for dies_after in range(1, steps, 3):
        assert judged(counted(), dies_after)[0] == expected
