"""Laws of shapes: what the quick reader takes for an event in an envelope, the patient reader takes for the same."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import Decoded, Headers, RawBatch

COUNTS = np.array([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
BASELINE = Baseline(
    2,
    (
        *(NumericReference(name, np.array([0.0, 1.0]), COUNTS, 2, 1, 0, 1, {}) for name in ("x", "y")),
        CategoricalReference("c", ("a", "b"), np.ones(5, np.int64), 0),
    ),
    "law",
)
# Everything by which one format is told from another, or rows from values.
TELLING = (
    "specversion", "type", "data", "data_base64", "time", "op", "payload", "schema", "source", "before", "after",
    "snapshot", "ts_ms", "inputs", "outputs", "instances", "predictions", "jsonData", "request", "ndarray", "tensor",
    "names", "values", "columns", "dataframe_split", "x", "f", "t",
)  # fmt: skip
ROWS = [[1.5, 2, "a"], [0, None, "new"]]
ODD: Sequence[Any] = (
    None, 1, True, "1.0", "c", "r", "false", [], {}, ROWS, ROWS[0], [[True, 1, "a"]], {"ndarray": ROWS}, {"x": 5},
    {"snapshot": "true"}, {"snapshot": "false", "table": "u"}, {"jsonData": {"x": 1}}, {"x": [1.0]},
    [{"x": 1, "c": "b"}],
    {"op": "c", "after": {"x": 3}, "source": {}}, [{"name": "x", "shape": [1], "data": [2]}], 10**12,
)  # fmt: skip
ROW: Mapping[str, Any] = {"x": 1.5, "y": 0, "c": "a"}
HEADERS = ([("trace", b"1")], [("Content-Type", b"application/cloudevents+json")], [("ce_specversion", b"1.0")])


def envelopes(path: str) -> Mapping[str, tuple[dict[str, Any], Sequence[str]]]:
    """Return an ordinary record in each envelope, and the keys that lead to the event in it."""
    inner: dict[str, Any] = {path: dict(ROW), "t": 10**12} if path else {**ROW, "t": 10**12}
    cloud = {"specversion": "1.0", "type": "t", "time": "2026-01-02T00:00:00Z", "id": "a"}
    source = {"snapshot": "false", "table": "t"}
    change = {"before": None, "after": inner, "source": source, "op": "c", "ts_ms": 10**12}
    return {
        "none": (inner, ()),
        "cloudevents": ({**cloud, "data": inner}, ("data",)),
        "debezium": (change, ("after",)),
        "debezium with schemas": ({"schema": {"type": "struct"}, "payload": change}, ("payload", "after")),
        "kserve": ({"instances": ROWS, "t": 10**12}, ()),
        "kserve response": ({"predictions": ROWS, "t": 10**12}, ()),
    }


def spoilt(record: dict[str, Any], keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the record with each odd value under each key of each object in it, and without each key."""
    for depth in range(len(keys) + 1):
        for key in TELLING:
            for value in (..., *ODD):
                copied = deepcopy(record)
                found = copied
                for step in keys[:depth]:
                    found = found[step]
                found.pop(key, None) if value is ... else found.update({key: value})
                yield copied


def decoded(told: EventFormat, batch: RawBatch, *, patient_only: bool) -> Decoded:
    decoder = EventDecoder(BASELINE, told)
    if patient_only:
        decoder.quick = None
    return decoder.decode(batch)


def as_plain(decoded: Decoded) -> list[Any]:
    """Return everything that counting sees, in a form that compares."""
    rows = decoded.rows
    plain: list[Any] = [rows.times_ms.tolist(), rows.offsets.tolist(), decoded.rejected, decoded.foreign]
    for column in rows.numeric:
        states = np.where(np.isnan(column.values), 1, 0) if column.states is None else column.states
        plain += [np.nan_to_num(column.values, nan=0.5).tolist(), states.tolist()]
    for texts in rows.categorical:
        plain += [texts.codes.tolist(), dict(texts.unseen)]
    segments = rows.segments
    return [*plain, None if segments is None else [segments.names[code] for code in segments.codes]]


CASES = (
    EventFormat(),
    EventFormat(features="f"),
    EventFormat("t"),
    EventFormat("t", features="f", where={"t": 10**12}),
    EventFormat("@time", segments=("@type",), format="cloudevents"),
    EventFormat(features="f", where={"@type": "t"}, format="cloudevents"),
    EventFormat("@ts_ms", where={"@op": "c"}),
    EventFormat("@ts_ms", features="f", segments=("@source.table",), format="debezium"),
    EventFormat(where={"@snapshot": False}, format="debezium"),
    EventFormat("t", segments=("c",), names=("c", "t", "x")),
    EventFormat(names=("y", "x", "c"), format="kserve"),
    EventFormat(side="response"),
    EventFormat("t", format="kserve", side="response"),
)


@pytest.mark.parametrize("told", CASES, ids=str)
def test_what_is_read_quickly_means_what_it_means_to_patience(told: EventFormat) -> None:
    """Envelopes with everything in the way that tells something else: same rows, rejects and foreign records."""
    for record, keys in envelopes(told.features).values():
        # After an ordinary record, the reader of its envelope is the one that is tried.
        values = [json.dumps(one).encode() for odd in spoilt(record, keys) for one in (record, odd)]
        batch = RawBatch("t", 0, range(len(values)), values, [10**12] * len(values))
        assert as_plain(decoded(told, batch, patient_only=False)) == as_plain(decoded(told, batch, patient_only=True))


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("told", CASES, ids=str)
def test_headers_that_tell_a_format_are_heard(told: EventFormat, headers: Headers) -> None:
    """Ordinary records in envelopes, with headers of any kind: same rows, rejects and foreign records."""
    ordinary = [record for record, keys in envelopes(told.features).values() if keys]
    values = [json.dumps(record).encode() for record in ordinary for _ in range(3)]
    batch = RawBatch("t", 0, range(len(values)), values, [10**12] * len(values), headers=[headers] * len(values))
    assert as_plain(decoded(told, batch, patient_only=False)) == as_plain(decoded(told, batch, patient_only=True))


@pytest.mark.parametrize(
    ("envelope", "told"),
    [
        ("none", EventFormat("t")),
        ("cloudevents", EventFormat("@time", segments=("@type",))),
        ("cloudevents", EventFormat("t", features="f", format="cloudevents")),
        ("debezium", EventFormat("@ts_ms", where={"@source.table": "t"})),
        ("debezium with schemas", EventFormat("@ts_ms", features="f")),
        ("kserve", EventFormat("t")),
        ("kserve response", EventFormat(side="response", format="kserve")),
    ],
)
def test_ordinary_records_in_envelopes_need_no_patience(envelope: str, told: EventFormat) -> None:
    """The shapes are those that the formats have: were they not, decoding would only be slow."""
    value = json.dumps(envelopes(told.features)[envelope][0]).encode()
    decoder = EventDecoder(BASELINE, told)
    assert decoder.quick is not None
    read = decoder.quick.read(RawBatch("t", 0, range(20), [value] * 20, [10**12] * 20))
    assert (list(read.rest), set(read.part.places.tolist())) == ([], set(range(20)))
