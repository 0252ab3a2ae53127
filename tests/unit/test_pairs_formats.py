"""Predictions and labels in every format that events have: the same rows, ids and values, whoever wrote them."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import Refused
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.raw import RawRecord
from tests.encoders import ENCODERS, NAMES, SETTINGS, WITH_AVRO_NAMES, MockedRegistry, avro_name
from tests.inference_messages import message

ROW: dict[str, Any] = {"x": 1.5, "y z": -2.0, "c": "a"}
# Several rows in a record, which all of them have one id of.
MANY = [ROW, {"x": 0.25, "y z": 7.0, "c": "new"}]


def record_of(name: str, rows: list[dict[str, Any]]) -> RawRecord:
    """Return the first record of a format, with an id beside it."""
    value, headers = ENCODERS[name][0](rows)[0]
    return RawRecord(value, [*headers, ("request-id", b"r1")], b"k1")


def names_in(name: str) -> tuple[str, ...]:
    """Return the names of a row in a format."""
    return tuple(map(avro_name, NAMES)) if name in WITH_AVRO_NAMES else NAMES


def told(name: str, **more: Any) -> EventFormat:
    """Return what is configured for a format."""
    configured: Any = {**SETTINGS.get(name, {}), **more}
    return EventFormat(**configured)


@pytest.mark.parametrize("name", ENCODERS)
def test_a_prediction_is_read_in_every_format(name: str) -> None:
    """Its features by name, its id from a header, and the prediction from among its values."""
    reader = PredictionReader(told(name, id="@header.request-id"), "x", names_in(name), MockedRegistry())
    read = reader.read(record_of(name, [ROW]), 5)
    assert read is not None
    assert (read.id, read.time_ms, list(read.predictions)) == ("r1", 5, [1.5])
    (row,) = read.rows
    found = {key: value.decode() if isinstance(value, bytes) else value for key, value in row.items()}
    assert {key: found[key] for key in names_in(name)} == dict(zip(names_in(name), ROW.values(), strict=True))


@pytest.mark.parametrize("name", ENCODERS)
def test_a_label_is_read_in_every_format(name: str) -> None:
    """By its name; its id is the record's key. Requests of model servers are no labels, and somebody else's."""
    reader = LabelReader("@key", "c", told(name), MockedRegistry())
    if "kserve" in name or (name.startswith("open inference") and "protobuf" not in name):
        assert reader.read(record_of(name, [ROW]), 5) is None
        return
    if name.startswith("open inference protobuf"):
        # Bytes of the two messages cannot be told apart: these are a response's.
        value = message("ModelInferResponse", {"c": ["a"]}, raw="raw" in name)
        read = reader.read(RawRecord(value, (), b"k1"), 5)
    else:
        read = reader.read(record_of(name, [ROW]), 5)
    assert read is not None
    assert (read.id, read.time_ms, list(read.labels(1))) == ("k1", 5, ["a"])


@pytest.mark.parametrize("name", ["dataframe_split", "arrow", "avro file", "seldon"])
def test_rows_of_one_id_have_a_prediction_and_a_label_each(name: str) -> None:
    """As many as there are rows; another number of labels fits none of them."""
    events = PredictionReader(told(name, id="@key"), "x", names_in(name), MockedRegistry())
    read = events.read(record_of(name, MANY), 5)
    labels = LabelReader("@key", "c", told(name)).read(record_of(name, MANY), 5)
    assert read is not None
    assert labels is not None
    assert list(read.predictions) == [1.5, 0.25]
    assert [row["x"] for row in read.rows] == [1.5, 0.25]
    assert list(labels.labels(2)) == ["a", "new"]
    for rows in (1, 3):
        with pytest.raises(Refused, match="rows, and there is a list of 2"):
            labels.labels(rows)


def test_rows_of_several_ids_cannot_be_joined() -> None:
    """A record is one prediction: of a batch in which each row has an id of its own nothing is guessed."""
    reader = PredictionReader(told("arrow", id="c"), "x", NAMES)
    with pytest.raises(Refused) as refused:
        reader.read(record_of("arrow", MANY), 5)
    assert refused.value.reason == "many_events"
    same = reader.read(record_of("arrow", [ROW, ROW]), 5)
    assert same is not None
    assert same.id == "a"


def test_several_events_in_a_record_cannot_be_joined() -> None:
    """Lines of one record may each have an id; the record's offset is all that the log knows of them."""
    reader = PredictionReader(EventFormat(id="@key"), "x", NAMES)
    with pytest.raises(Refused, match="there are 2 events in the record"):
        reader.read(record_of("lines", MANY), 5)


@pytest.mark.parametrize(
    ("answer", "predictions"),
    [
        ({"predictions": [[0.25, 0.75]]}, [[0.25, 0.75]]),
        ({"data": {"names": ["t:0", "t:1"], "ndarray": [[0.25, 0.75]]}}, [[0.25, 0.75]]),
        ({"data": {"names": ["no", "yes"], "ndarray": [[0.25, 0.75]]}}, [{"no": 0.25, "yes": 0.75}]),
        ({"data": {"tensor": {"shape": [1, 1], "values": [0.5]}}}, [0.5]),
        ({"jsonData": {"no": 0.25, "yes": 0.75}}, [{"no": 0.25, "yes": 0.75}]),
        ({"outputs": [{"name": "p", "shape": [1, 2], "datatype": "FP64", "data": [0.25, 0.75]}]}, [[0.25, 0.75]]),
        ({"no": 0.25, "yes": 0.75}, [{"no": 0.25, "yes": 0.75}]),
    ],
    ids=str,
)
def test_a_message_of_a_model_server_within_an_event_is_read_as_one(answer: Any, predictions: list[Any]) -> None:
    """What the model answered, as its server writes it; any other object is the prediction as it stands."""
    reader = PredictionReader(EventFormat(id="id", features="in"), "out", ("x",))
    read = reader.read(RawRecord(json.dumps({"id": 1, "in": {"x": 1}, "out": answer}).encode()), 5)
    assert read is not None
    assert list(read.predictions) == predictions


def test_the_other_half_of_the_traffic_is_nobodys() -> None:
    """Requests are no labels, and responses no predictions."""
    request = RawRecord(b'{"instances": [[1.0]]}', (), b"k")
    response = RawRecord(b'{"predictions": [2.0]}', (), b"k")
    events = PredictionReader(EventFormat(id="@key"), None, ("x",))
    labels = LabelReader("@key", None, EventFormat())
    assert labels.read(request, 5) is None
    assert events.read(response, 5) is None
    assert events.read(request, 5) is not None


def test_answers_of_several_tensors_have_their_names() -> None:
    """A response may have a class and a score; each is a value of the row."""
    value = message("ModelInferResponse", {"class": ["cat"], "score": [0.75]}, raw=True)
    reader = LabelReader("@key", None, EventFormat(format="open-inference-protobuf"))
    read = reader.read(RawRecord(value, (), b"k"), 5)
    assert read is not None
    assert list(read.labels(1)) == [{"class": "cat", "score": 0.75}]


def test_moments_of_arrow_are_times_of_predictions() -> None:
    """A column of timestamps needs no unit, as when events are counted."""
    at = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    batch, sink = pa.record_batch({"x": [1.0], "at": pa.array([at], pa.timestamp("ns", "UTC"))}), io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    read = PredictionReader(EventFormat(timestamp="at", id="@key"), "x", ("x",)).read(
        RawRecord(sink.getvalue(), (), b"k"), 5
    )
    assert read is not None
    assert read.time_ms == 1_700_000_000_123
