"""The judge: what it publishes, in which transaction, and what it goes on from."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from consumers.judge import alert_record
from consumers.source import LogUnavailable
from stream.drift_event import DriftEvent


@pytest.fixture
def counted(stage: Callable[..., Any], incident_lines: list[bytes]) -> Any:
    """Return a stage whose stream is counted, and not yet judged."""
    made = stage()
    made.feed(incident_lines)
    counter = made.counter()
    ends = counter.end_offsets()
    while not counter.caught_up(ends):
        counter.step(0.0)
    return made


def test_events_are_returned_only_when_they_are_published(counted: Any) -> None:
    """A step whose commit fails returns none; the one that publishes them returns them, the same."""
    judge = counted.judge()
    counted.log.fail_next("refused")
    with pytest.raises(LogUnavailable):
        judge.step(0.0)
    assert counted.events() == []
    told = judge.step(0.0)
    assert [event.id for event in told] == [event["id"] for event in counted.events()]
    assert [event.type for event in told] == ["drift.opened", "drift.resolved"]


def test_panes_status_events_and_offsets_are_one_commit(counted: Any) -> None:
    """Everything that a step has to say is written at once, with the position that it was made from."""
    before = counted.log.commits
    counted.judge().step(0.0)
    assert counted.log.commits == before + 1
    assert all(counted.log.records(topic) for topic in ("panes", "status", "alerts"))
    (position,) = counted.log.committed("judges").values()
    assert position.offset == len(counted.log.records("counts"))


def test_status_is_the_latest_tick(counted: Any) -> None:
    """The status names the last window tested, who drifts, and the ledger; its key is the monitor."""
    counted.judge().step(0.0)
    record = counted.log.records("status")[-1]
    status = json.loads(record.value)
    assert record.key == b"stage"
    assert status["status"] == "tested"
    assert (status["incident"], status["drifting"]) == (None, [])
    assert status["ledger"]["counted"] == 1440
    assert status["window"]["end_ms"] == 1_700_000_110_000


def test_expired_panes_are_deleted_from_the_topic(counted: Any) -> None:
    """What the panes topic holds after compaction is the window and what is open, however long the stream was."""
    judge = counted.judge(most_records=4)
    ends = judge.end_offsets()
    while not judge.caught_up(ends):
        judge.step(0.0)
    judge.finish()
    live = dict(counted.log.pairs("panes"))
    assert None in live.values()
    assert len([key for key, value in live.items() if value is not None and b"|pane|" in key]) == 2
    assert len([key for key, value in live.items() if value is not None and key.endswith(b"memory")]) == 1


def test_a_successor_goes_on_with_the_open_incident(counted: Any) -> None:
    """A judge that takes over in the middle of an incident resolves that incident, and opens no other."""
    first = counted.judge(most_records=6)
    while not counted.events():
        first.step(0.0)
    counted.log.expel_all("judges")
    second = counted.judge()
    second.step(0.0)
    opened, *_, resolved = counted.events()
    assert (opened["type"], resolved["type"]) == ("drift.opened", "drift.resolved")
    assert opened["incident"] == resolved["incident"]


def test_records_of_strangers_are_passed_over(counted: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What is no record of driftline on the counts topic is said, and stops nobody."""
    counted.log.append("counts", b"not ours")
    counted.log.append("counts", None)
    judge = counted.judge()
    judge.step(0.0)
    assert len(counted.events()) == 2
    assert len([record for record in caplog.records if "left out" in record.getMessage()]) == 2


def test_an_alert_is_a_cloud_event(counted: Any) -> None:
    """Headers are CloudEvents 1.0 in binary mode; the key is monitor and segment, the value the event."""
    event = DriftEvent(
        "id", "incident", "drift.opened", "prices", {"b": "2", "a": "1"}, "info", "it moved", {"end": "then"}, {}
    )
    record = alert_record("alerts", event)
    assert record.key == b"prices|a=1|b=2"
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"id",
        "ce_type": b"driftline.drift.opened",
        "ce_source": b"driftline/prices",
        "ce_time": b"then",
        "content-type": b"application/json",
    }
    assert json.loads(record.value or b"") == event.to_dict()
