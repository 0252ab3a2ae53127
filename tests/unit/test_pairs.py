"""What is read of an event and of a label record, and why some are neither."""

import json
from typing import Any

import pytest

from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import Refused
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.raw import RawRecord

EVENTS = PredictionReader(
    EventFormat(timestamp="at", features="in.x", id="meta.id", where={"model": "m"}, segments=("meta.country",)),
    "out.score",
)
LABELS = LabelReader("event.id", "y", EventFormat(timestamp="at"))
PLAIN = LabelReader("id", "label", EventFormat())
GOOD: dict[str, Any] = {
    "at": 1_700_000_000,
    "model": "m",
    "meta": {"id": "a", "country": "DE"},
    "in": {"x": {"age": 1}},
    "out": {"score": 0.3},
}


def raw(document: dict[str, Any]) -> RawRecord:
    """Return a record of plain JSON."""
    return RawRecord(json.dumps(document).encode())


def test_an_event_is_read_along_its_paths() -> None:
    """Id, time, features, prediction and segment, each from where the settings say."""
    read = EVENTS.read(raw(GOOD), None)
    assert read is not None
    assert (read.id, read.time_ms, read.rows, read.predictions) == ("a", 1_700_000_000_000, [{"age": 1}], [0.3])
    assert read.told_apart == {"meta.country": "DE"}


def test_features_of_several_objects_are_those_of_one_event() -> None:
    """Of a name that both have, the first one's value; where neither is there, the event is refused."""
    reader = PredictionReader(EventFormat("at", features="in.x", more_features=("user",)), "out.score")
    told = {**GOOD, "id": "a", "user": {"age": 2, "plan": "b"}}
    read = reader.read(raw(told), None)
    assert read is not None
    assert read.rows == [{"age": 1, "plan": "b"}]
    only = reader.read(raw({**told, "in": {}}), None)
    assert only is not None
    assert only.rows == [{"age": 2, "plan": "b"}]
    with pytest.raises(Refused) as refused:
        reader.read(raw({**told, "in": {}, "user": 3}), None)
    assert refused.value.reason == "wrong_shape"


def test_events_of_others_are_none() -> None:
    """What `where` does not let through is somebody else's, even if it has no prediction."""
    assert EVENTS.read(raw({"model": "other"}), None) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"meta": {}}, "no_id"),
        ({"meta": {"id": None}}, "no_id"),
        ({"meta": {"id": ""}}, "bad_id"),
        ({"meta": {"id": True}}, "bad_id"),
        ({"meta": {"id": ["a"]}}, "bad_id"),
        ({"out": {}}, "no_prediction"),
        ({"in": {"x": 3}}, "no_features"),
        ({"at": None}, "no_timestamp"),
        ({"at": "yesterday"}, "bad_timestamp"),
    ],
)
def test_an_event_without_what_joining_needs_is_refused(change: dict[str, Any], reason: str) -> None:
    """With a reason that becomes an entry of the ledger."""
    with pytest.raises(Refused) as refused:
        EVENTS.read(raw({**GOOD, **change}), None)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "empty"),
        (b"{", "bad_json"),
        (b"[]", "not_an_object"),
        (b"\xff", "not_utf8"),
        (b'{"y": 1}', "no_id"),
        (b'{"event": {"id": 1}}', "no_label"),
        (b'{"event": {"id": 1}, "y": 1}', "no_timestamp"),
    ],
)
def test_a_record_that_is_no_label_is_refused(value: bytes | None, reason: str) -> None:
    """Bytes of any kind end in a reason, none in an exception of another kind."""
    with pytest.raises(Refused) as refused:
        LABELS.read(RawRecord(value), 5)
    assert refused.value.reason == reason


def test_a_label_has_its_own_time_or_that_of_its_record() -> None:
    """Where a path is set the record must have a time there; where none is, the record's own counts."""
    timed = LABELS.read(RawRecord(b'{"event": {"id": "a"}, "y": 1, "at": 1700000000}'), 5)
    plain = PLAIN.read(RawRecord(b'{"id": "a", "label": NaN}'), 5)
    assert timed is not None
    assert plain is not None
    assert (timed.time_ms, plain.time_ms) == (1_700_000_000_000, 5)
    with pytest.raises(Refused, match="no timestamp"):
        PLAIN.read(RawRecord(b'{"id": "a", "label": 1}'), None)


def test_an_id_is_the_same_as_text_and_as_a_number() -> None:
    """Programs that write labels often do not know of which type the id was."""
    read = [PLAIN.read(RawRecord(b'{"id": %b, "label": 1}' % text), 5) for text in (b"7", b'"7"', b"7.0")]
    assert {label.id for label in read if label is not None} == {"7"}
