"""The verdict: which of inputs, target and relation moved, and the sentence that says it."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from baselines import Layout
from consumers.event_schema import event_schema
from stream.concept import early_sign
from stream.labelled import Task
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of
from tests.labelled_rows import draw, fitted, labelled, window

HOUR_MS = 3_600_000
SCHEDULE = Schedule(HOUR_MS, HOUR_MS)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return the layout of held-out rows."""
    rows = labelled(*draw(np.random.default_rng(21), 8000), "classification")
    return Layout(fitted(tmp_path_factory.mktemp("concept") / "train.jsonl", rows, "classification"))


def opened(layout: Layout, task: Task = "classification", policy: Policy | None = None, **change: float) -> Any:
    """Return the event that opens where the stream changes like this in its fourth hour; None where none does."""
    rng = np.random.default_rng(22)
    monitor = monitor_of(layout, SCHEDULE, policy or Policy())
    events = []
    for hour in range(8):
        rows = labelled(*draw(rng, 2000, **(change if hour >= 3 else {})), task)
        panes = panes_of(layout, SCHEDULE, window(layout, rows, task, hour * HOUR_MS))
        ticks = feed(monitor, panes, (hour + 1) * HOUR_MS)
        events += [event.to_dict() for tick in ticks for event in tick.events]
    return next((event for event in events if event["type"] == "drift.opened"), None)


def verdict(event: Any) -> tuple[object, ...]:
    """Return what the event says of inputs, target and relation."""
    return tuple(event["concept"][part] for part in ("inputs", "target", "relation"))


@pytest.mark.parametrize("change", [{"flipped": 0.15}, {"turned": 0.7}])
def test_a_changed_relation_is_told_alone(layout: Layout, change: dict[str, float]) -> None:
    """Inputs and target are as they were, but not what comes of alike inputs."""
    event = opened(layout, **change)
    assert verdict(event) == (False, False, True)
    assert event["summary"].startswith("The relation between inputs and target changed: ")
    assert "The inputs are as they were." in event["summary"]
    assert "train" in event["advice"]


def test_moved_inputs_are_told_as_such(layout: Layout) -> None:
    """Far more is wrong, because harder questions are asked: no concept drift."""
    event = opened(layout, scale=0.45)
    assert verdict(event)[0::2] == (True, False)
    assert "driftline.error" in {one["name"] for one in event["features"]}
    assert "The inputs moved (a, b)" in event["concept"]["sentence"]
    assert event["concept"]["sentence"].endswith("because it is asked other questions.")


def test_a_prior_shift_moves_the_target(layout: Layout) -> None:
    """Fewer negative rows than in training: that the target moved is said, whatever else follows from it."""
    assert verdict(opened(layout, positives=0.4))[1] is True


def test_inputs_and_relation_may_both_move(layout: Layout) -> None:
    """One does not hide the other."""
    event = opened(layout, mean=0.7, flipped=0.2)
    assert verdict(event)[0::2] == (True, True)
    assert "The inputs moved (a, b)." in event["concept"]["sentence"]


def test_nothing_is_claimed_where_training_had_no_rows(layout: Layout) -> None:
    """All inputs are beyond what training covers: whether the relation changed cannot be told."""
    event = opened(layout, mean=9.0)
    assert verdict(event)[0::2] == (True, None)
    assert "too few labelled rows" in event["concept"]["sentence"]


def test_healthy_traffic_says_nothing(layout: Layout) -> None:
    """Eight hours of the same world."""
    assert opened(layout) is None


def test_the_event_names_the_strata_and_validates(layout: Layout) -> None:
    """Question, shares expected and observed, where; and the schema knows all of it."""
    event = opened(layout, flipped=0.2)
    error = next(one for one in event["features"] if one["name"] == "driftline.error")
    check = next(one for one in error["checks"] if one["check"] == "relation")
    assert check["question"] == "error"
    assert check["observed"] > check["expected"] + 0.05
    assert check["strata"][0]["where"] in (layout.baseline.relation.where if layout.baseline.relation else ())
    # As it travels: tuples are lists there.
    Draft202012Validator(event_schema()).validate(orjson.loads(orjson.dumps(event)))


def test_a_relation_found_by_itself_has_words_of_its_own(layout: Layout) -> None:
    """Where no other check of the error says anything, its sentence is that of alike inputs."""
    event = opened(layout, policy=Policy(checks=("relation",)), flipped=0.2)
    assert "driftline.error: error in " in event["summary"]
    assert "of rows where" in event["summary"]


def test_without_labels_drifting_answers_are_named_an_early_sign() -> None:
    """The tap's prediction and confidence move before any label is known; it is said what that is worth."""
    rng = np.random.default_rng(23)
    columns = {"x": rng.normal(size=2000), "confidence": rng.beta(8, 2, 2000)}
    layout = layout_of(columns)
    monitor = monitor_of(layout, SCHEDULE, Policy())
    events = []
    for hour in range(4):
        moved = {"x": rng.normal(size=500), "confidence": rng.beta(4, 4, 500)}
        panes = panes_of(layout, SCHEDULE, rows_of(layout, hour * HOUR_MS + np.arange(500), moved))
        events += [event for tick in feed(monitor, panes, (hour + 1) * HOUR_MS) for event in tick.events]
    assert "answers drift (confidence): an early sign that comes before any label" in events[0].advice
    assert events[0].concept is None


@pytest.mark.parametrize(
    ("names", "found"), [(["prediction_2"], True), (["confidence_interval", "x", "entropy_of_price"], False)]
)
def test_only_answers_are_taken_for_answers(names: list[str], found: bool) -> None:
    """The names that the tap gives; an input that is called nearly so is none."""
    assert (early_sign(names) is not None) is found


def test_fitting_from_a_path_needs_no_order(tmp_path: Path) -> None:
    """The same held-out rows give the same relation, read in one chunk or fitted again."""
    rows = labelled(*draw(np.random.default_rng(24), 1500), "classification")
    first, second = (fitted(tmp_path / name, rows, "classification") for name in ("a.jsonl", "b.jsonl"))
    assert first.fingerprint == second.fingerprint
