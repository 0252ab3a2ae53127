"""Change detectors over the error of panes: what they hear, what they say, and that a restart changes nothing of it."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from baselines import Layout
from consumers.alerts.event import ends_incident
from consumers.alerts.interest import Interest
from consumers.event_schema import event_schema
from consumers.routes.kinds import KINDS
from consumers.settings.routes import RouteSettings
from stream.counts import Counts
from stream.detectors import MOST_PANES, Detectors, Fired
from stream.drift_event import DriftEvent
from stream.memory import Memory
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, monitor_of, panes_of
from tests.labelled_rows import counts, draw, fitted, labelled, window

HOUR_MS = 3_600_000
SCHEDULE = Schedule(HOUR_MS, HOUR_MS)
NAMES = ("adwin", "page_hinkley", "ddm", "hddm")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return the layout of held-out rows."""
    rows = labelled(*draw(np.random.default_rng(41), 4000), "classification")
    return Layout(fitted(tmp_path_factory.mktemp("detectors") / "train.jsonl", rows, "classification"))


@pytest.fixture(scope="module")
def hours(layout: Layout) -> list[Counts]:
    """Return 80 hours of 200 rows, of which labels are flipped from the 50th on."""
    rng = np.random.default_rng(42)
    rows = [labelled(*draw(rng, 200, flipped=0.25 if hour >= 50 else 0.0), "classification") for hour in range(80)]
    return [counts(layout, one, "classification") for one in rows]


def heard(detectors: Detectors, hours: list[Counts], first: int = 0) -> list[Fired]:
    """Add the hours one by one, asking after each; return all that fired."""
    fired = []
    for hour, one in enumerate(hours, first):
        detectors.add(hour * HOUR_MS, one)
        fired += detectors.fired()
    return fired


@pytest.mark.parametrize("name", NAMES)
def test_each_detector_hears_the_change_and_no_other(layout: Layout, hours: list[Counts], name: str) -> None:
    """Nothing in 50 hours of the same world; the change within a day."""
    fired = heard(Detectors(layout, [name]), hours)
    assert fired
    assert 50 * HOUR_MS <= fired[0].start_ms <= 74 * HOUR_MS
    assert fired[0].detector == name
    assert fired[0].observed > fired[0].expected + 0.05


def test_what_fired_is_said_once(layout: Layout, hours: list[Counts]) -> None:
    """They are fed anew each time, and do not repeat themselves."""
    fired = heard(Detectors(layout, NAMES), hours)
    assert len(fired) == len({(one.detector, one.start_ms) for one in fired})


def test_a_restart_changes_nothing_of_what_is_said(layout: Layout, hours: list[Counts]) -> None:
    """What is remembered is enough to go on from, wherever the process ended."""
    whole = heard(Detectors(layout, NAMES), hours)
    for end in (0, 1, 30, 52, 79):
        before, after = Detectors(layout, NAMES), Detectors(layout, NAMES)
        said = heard(before, hours[:end])
        after.errors = before.errors
        assert said + heard(after, hours[end:], end) == whole


def test_the_error_is_read_off_the_counts(layout: Layout, hours: list[Counts]) -> None:
    """Rows and share of wrong predictions, as they were counted."""
    detectors = Detectors(layout, ["adwin"])
    detectors.add(0, hours[60])
    place = next(i for i, one in enumerate(layout.baseline.categorical) if one.name == "driftline.error")
    right, wrong = hours[60].cells[layout.categorical_cells(place)][:2].tolist()
    (pane,) = detectors.errors.panes
    assert (pane.rows, pane.mean) == (200, wrong / (right + wrong))


def test_the_mean_loss_is_that_of_the_rows(tmp_path: Path) -> None:
    """Where the error is a number, its mean over the pane."""
    rng = np.random.default_rng(43)
    rows = labelled(*draw(rng, 1000), "probability")
    layout = Layout(fitted(tmp_path / "train.jsonl", rows, "probability"))
    detectors = Detectors(layout, ["page_hinkley"])
    now = labelled(*draw(rng, 300), "probability")
    detectors.add(0, counts(layout, now, "probability"))
    given = np.where(np.array(now[2]) == 1, np.array(now[1]), 1 - np.array(now[1]))
    assert detectors.errors.panes[0].mean == pytest.approx(float(-np.log(given).mean()), rel=1e-6)


def test_memory_is_bounded_and_empty_panes_say_nothing(layout: Layout, hours: list[Counts]) -> None:
    """The oldest panes are forgotten; a pane without a labelled row is none."""
    detectors = Detectors(layout, ["ddm"])
    detectors.add(0, Counts.zero(layout))
    assert detectors.errors.panes == []
    for hour in range(MOST_PANES + 10):
        detectors.add(hour, hours[hour % 50])
    assert len(detectors.errors.panes) == MOST_PANES


def events_of(layout: Layout, detectors: tuple[str, ...], restarted_at: int | None = None) -> list[DriftEvent]:
    """Return what a monitor with these detectors says of a stream whose labels are flipped from the 21st hour on.

    Another may take over from what it remembered, as bytes.
    """
    rng = np.random.default_rng(44)
    policy = Policy(detectors=detectors, checks=("ks",))
    monitor = monitor_of(layout, SCHEDULE, policy)
    events: list[DriftEvent] = []
    for hour in range(30):
        if hour == restarted_at:
            memory = msgspec.msgpack.decode(msgspec.msgpack.encode(monitor.remember()), type=Memory)
            kept = [pane for start in monitor.pane_starts() if (pane := monitor.pane(start)) is not None]
            monitor = monitor_of(layout, SCHEDULE, policy)
            monitor.restore(memory, kept)
        rows = labelled(*draw(rng, 300, flipped=0.3 if hour >= 20 else 0.0), "classification")
        panes = panes_of(layout, SCHEDULE, window(layout, rows, "classification", hour * HOUR_MS))
        events += [event for tick in feed(monitor, panes, (hour + 1) * HOUR_MS) for event in tick.events]
    return events


def test_what_fired_is_an_event_of_its_own(layout: Layout) -> None:
    """It opens nothing, is information, says that it has no budget, and fits the schema."""
    fired = [event for event in events_of(layout, ("page_hinkley",)) if event.type == "detector.fired"]
    assert fired
    assert fired[0].severity == "info"
    assert fired[0].summary.startswith("page_hinkley: the error changed: driftline.error is 0.")
    assert fired[0].summary.endswith("no budget of false alarms.")
    Draft202012Validator(event_schema()).validate(orjson.loads(orjson.dumps(fired[0].to_dict())))


def test_a_monitor_that_takes_over_says_the_same(layout: Layout) -> None:
    """Before the change, in the middle of it, and after: ids and contents are those of an undisturbed monitor."""
    whole = events_of(layout, NAMES)
    assert "detector.fired" in {event.type for event in whole}
    for hour in (3, 21, 24):
        assert events_of(layout, NAMES, restarted_at=hour) == whole


def test_without_detectors_nothing_of_them_is_said(layout: Layout) -> None:
    """They are off unless they are asked for."""
    assert not [event for event in events_of(layout, ()) if event.type == "detector.fired"]


def test_what_fired_opens_nothing_that_would_stay_open(layout: Layout) -> None:
    """Nobody is paged by it for ever: services that keep incidents get an end; its severity is asked for as any is."""
    fired = next(event for event in events_of(layout, ("page_hinkley",)) if event.type == "detector.fired")
    assert ends_incident(fired)
    route = RouteSettings.model_validate({"kind": "pagerduty", "key": "k" * 32})
    request = KINDS["pagerduty"](fired, None, route, datetime(2026, 11, 21, tzinfo=UTC))
    assert orjson.loads(request.body)["event_action"] == "resolve"
    assert Interest(types=["detector.fired"]).wants(fired)
    assert not Interest(min_severity="warning").wants(fired)
