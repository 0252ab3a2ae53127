"""Subscriptions: which events a loop gets, when one is done, and what becomes of records that are none."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from consumers.alerts import AlertRecord, Interest, NotAnEvent, Subscription, read_event
from consumers.source import LogUnavailable, Place


class Shelf:
    """An alerts topic in a list; a commit may be refused, and polls may fail first."""

    def __init__(self, values: list[bytes | None], refused: int = 0, failing: int = 0) -> None:
        self._records = [AlertRecord(("alerts", 0), offset, value) for offset, value in enumerate(values)]
        self._next = 0
        self._refused, self._failing = refused, failing
        self.committed: list[int] = []
        self.closed = False
        self.arrived = threading.Event()

    def poll(self, timeout_s: float) -> AlertRecord | None:
        """Return the next one."""
        if self._failing:
            self._failing -= 1
            raise LogUnavailable("nobody answers")
        if self._next == len(self._records):
            self.arrived.wait(min(timeout_s, 0.02))
            return None
        self._next += 1
        return self._records[self._next - 1]

    def add(self, value: bytes) -> None:
        """Append a record."""
        self._records.append(AlertRecord(("alerts", 0), len(self._records), value))

    def commit(self, next_offsets: Mapping[Place, int]) -> None:
        """Note the position, unless it is refused."""
        if self._refused:
            self._refused -= 1
            raise LogUnavailable("rebalancing")
        self.committed.append(next_offsets["alerts", 0])

    def at_end(self) -> bool:
        """Tell whether all are read."""
        return self._next == len(self._records)

    def close(self) -> None:
        """Note it."""
        self.closed = True


def event(**fields: Any) -> dict[str, Any]:
    """Return a drift event as it stands on the topic."""
    window = {"start": "", "end": "", "start_ms": 0, "end_ms": 1, "n": 1, "coverage": 1.0}
    told = {"schema_version": 1, "id": "a", "incident": "i", "type": "drift.opened", "monitor": "m", "segment": {}}
    told |= {"severity": "critical", "summary": "it moved", "window": window, "baseline": {"fingerprint": "f", "n": 1}}
    return told | {"features_total": 0, "features": [], "offsets": {}, "advice": ""} | fields


def value(**fields: Any) -> bytes:
    """Return a drift event as bytes."""
    return json.dumps(event(**fields)).encode()


def subscription(shelf: Shelf, *, burst: bool = True, remembers: bool = True, **interest: Any) -> Subscription:
    """Return a subscription to a shelf."""
    return Subscription(shelf, Interest(**interest), remembers=remembers, burst=burst)


def test_a_real_event_comes_back_as_it_was_published(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """Read and written again, every event of a real stream is the same JSON."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    published = [record.value for record in made.log.records("alerts")]
    events = list(subscription(Shelf(published)))
    assert [event.type for event in events] == ["drift.opened", "drift.resolved"]
    assert [json.loads(one) for one in published] == [event.to_dict() for event in events]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (None, "no value"),
        (b"\xff", "not JSON"),
        (b"[1]", "not an object"),
        (b"{}", "schema_version"),
        (value(schema_version=2), "schema_version"),
        (json.dumps({"schema_version": 1}).encode(), "missing required field"),
        (value(severity="loud"), "severity"),
        (value(features={"a": 1}), "features"),
    ],
)
def test_what_is_no_event_is_told_and_repeats_nothing(bad: bytes | None, why: str) -> None:
    """Whatever stands on the topic, the reader says what is wrong with it."""
    with pytest.raises(NotAnEvent, match=why):
        read_event(bad)


def test_fields_of_a_later_release_are_passed_over() -> None:
    """A field that this release does not know changes nothing."""
    assert read_event(value(mood="blue")).id == "a"


def test_bad_records_are_logged_counted_and_passed(caplog: pytest.LogCaptureFixture) -> None:
    """The events around a bad record come, the log names its place, and the position moves behind it."""
    shelf = Shelf([value(id="a"), b"nonsense", value(id="b"), None])
    events = subscription(shelf)
    with caplog.at_level(logging.WARNING, "driftline.alerts"):
        assert [event.id for event in events] == ["a", "b"]
    assert events.skipped == 2
    assert ["alerts-0@1" in caplog.text, "alerts-0@3" in caplog.text, "nonsense" in caplog.text] == [True, True, False]
    assert shelf.committed[-1] == 4


def test_an_event_is_done_when_the_loop_asks_for_the_next_one() -> None:
    """While the body of the loop works on an event, the group still stands before it."""
    shelf = Shelf([value(id="a"), value(id="b")])
    stood = [(event.id, list(shelf.committed)) for event in subscription(shelf)]
    assert stood == [("a", []), ("b", [1])]
    assert shelf.committed == [1, 2]


def test_an_exception_in_the_loop_leaves_its_event_undone() -> None:
    """The event at which the body failed is read again by the next member."""
    shelf = Shelf([value(id="a"), value(id="b")])

    def work() -> None:
        with subscription(shelf) as events:
            for event in events:
                raise ZeroDivisionError(event.id)

    with pytest.raises(ZeroDivisionError, match="a"):
        work()
    assert (shelf.committed, shelf.closed) == ([], True)


def test_after_a_break_the_event_is_done() -> None:
    """Leaving the block without an exception says that the body was through with it."""
    shelf = Shelf([value(id="a"), value(id="b")])
    with subscription(shelf) as events:
        for _event in events:
            break
    assert (shelf.committed, shelf.closed) == ([1], True)


def test_a_position_that_could_not_be_written_is_written_with_the_next_one(caplog: pytest.LogCaptureFixture) -> None:
    """A refused commit is said, ends nothing, and is made up for."""
    shelf = Shelf([value(id="a"), value(id="b")], refused=1, failing=1)
    assert [event.id for event in subscription(shelf)] == ["a", "b"]
    assert shelf.committed[-1] == 2
    assert "rebalancing" in caplog.text
    assert "nobody answers; trying again" in caplog.text


def test_without_a_group_no_position_is_written() -> None:
    """Reading from now on leaves no trace."""
    shelf = Shelf([value()])
    assert len(list(subscription(shelf, remembers=False))) == 1
    assert shelf.committed == []


def test_a_stopped_loop_ends() -> None:
    """`stop` ends a loop that waits for events."""
    events = subscription(Shelf([]), burst=False)
    threading.Timer(0.05, events.stop).start()
    assert list(events) == []


def test_filters_pick_by_monitor_and_type() -> None:
    """A name alone is one name, not its letters."""
    values = [value(id="a", monitor="x"), value(id="b"), value(id="c", type="drift.changed")]
    assert [event.id for event in subscription(Shelf(values), monitors="m", types=["drift.changed"])] == ["c"]


def test_whoever_heard_of_an_incident_hears_of_its_end_and_nobody_else() -> None:
    """An end is always "info": it follows its incident, and comes where the beginning was not seen."""
    told = [("loud", "drift.opened", "critical"), ("low", "drift.opened", "warning"), ("grows", "drift.opened", "info")]
    told += [("grows", "drift.changed", "critical"), ("grows", "drift.changed", "warning")]
    told += [(incident, "drift.resolved", "info") for incident in ("loud", "low", "grows", "unseen")]
    values = [value(incident=incident, type=kind, severity=severity) for incident, kind, severity in told]
    events = subscription(Shelf(values), min_severity="critical")
    assert [(event.incident, event.type[6:], event.severity) for event in events] == [
        ("loud", "opened", "critical"),
        ("grows", "changed", "critical"),
        ("grows", "changed", "warning"),
        ("loud", "resolved", "info"),
        ("grows", "resolved", "info"),
        ("unseen", "resolved", "info"),
    ]


def test_health_ends_for_those_who_heard_it_begin() -> None:
    """`monitor.health` that has begun as a warning ends as information, for the same people."""
    states = [value(type="monitor.health", severity=s, reason="stalled", state=t) for s, t in
              (("warning", "begun"), ("info", "ended"))]  # fmt: skip
    assert len(list(subscription(Shelf(states), min_severity="warning"))) == 2
    assert len(list(subscription(Shelf(states), min_severity="critical"))) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"types": ["drift.open"]}, 'write "drift.opened"'), ({"min_severity": "loud"}, "info, warning, critical")],
)
def test_a_filter_that_is_none_is_refused(wrong: dict[str, Any], said: str) -> None:
    """A misspelt word would wait for ever in silence."""
    with pytest.raises(ValueError, match=said):
        Interest(**wrong)


def test_an_asynchronous_loop_is_the_same_loop() -> None:
    """Same events, same positions; the event loop goes on meanwhile."""
    shelf = Shelf([value(id="a"), value(id="b")])

    async def collect() -> list[str]:
        async with subscription(shelf) as events:
            return [event.id async for event in events]

    assert asyncio.run(collect()) == ["a", "b"]
    assert (shelf.committed[-1], shelf.closed) == (2, True)


def test_a_wait_that_was_cancelled_loses_no_event() -> None:
    """An event that came after the waiting had ended is the next one's; unasked for, it is not done."""
    shelf = Shelf([value(id="a")])

    async def impatient() -> list[str]:
        async with subscription(shelf, burst=False) as events:
            first = await anext(events)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(events), 0.05)
            shelf.add(value(id="b"))
            second = await asyncio.wait_for(anext(events), 5)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(events), 0.05)
            shelf.add(value(id="c"))
            await asyncio.sleep(0.1)
            return [first.id, second.id]

    assert asyncio.run(impatient()) == ["a", "b"]
    assert shelf.committed[-1] == 2
