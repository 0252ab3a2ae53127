"""What a closer look sees of an event, in which format it comes."""

import json
from itertools import chain

import numpy as np
import pyarrow as pa
import pytest

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import RawBatch
from stream.looks import RATE, chosen

SIZE = NumericReference("size", np.array([1.0]), np.array([0, 1, 0, 0, 0, 0, 0, 0]), 1, 0, 1, 1, {})
KIND = CategoricalReference("kind", ("a", "b"), np.ones(5, np.int64), 0)
BASELINE = Baseline(1, (SIZE, KIND), "unit")
NESTED = EventFormat(timestamp="ts", features="data.f")
# An offset that is looked at, and one that is not.
LOOKED, PASSED = (int(np.flatnonzero(chosen(np.arange(1_000)) == wanted)[0]) for wanted in (True, False))


def shape(value, event_format, headers=()):
    """Return the look at one record, as a mapping; None where there is none."""
    batch = RawBatch("t", 0, [LOOKED], [value], [1_700_000_000_000], headers=[headers])
    rows = EventDecoder(BASELINE, event_format).decode(batch).rows
    assert len(rows) > 0
    return None if rows.looks is None else dict(chain.from_iterable(rows.looks.shapes[0]))


def test_fields_have_their_paths_and_kinds():
    """All that stands beside the features and on the way to them; numbers where numbers belong, and nulls, are not."""
    event = {"ts": 1, "data": {"f": {"size": 1, "kind": "a", "new": [1], "none": None}, "by": {"x": 1}}, "ok": True}
    seen = {"kind": "text", "data.f.new": "array", "data.by": "object", "ts": "number", "ok": "boolean"}
    assert shape(json.dumps(event).encode(), NESTED) == seen


def test_a_feature_with_another_kind_of_value_is_seen():
    """An event that is read patiently is looked at as others are."""
    event = {"ts": 1, "data": {"f": {"size": "1", "kind": 3}}}
    assert shape(json.dumps(event).encode(), NESTED) == {"size": "text", "kind": "number", "ts": "number"}


def test_what_cannot_be_parsed_in_a_field_that_is_not_read_costs_the_look_alone():
    """The event counts, as it did before."""
    value = b'{"ts": 1, "data": {"f": {"size": 1.0, "kind": "a"}}, "odd": "\xff"}'
    assert shape(value, NESTED) is None


def test_most_events_are_not_looked_at():
    """The offset alone decides."""
    batch = RawBatch("t", 0, [PASSED], [b'{"ts": 1, "data": {"f": {"size": 1.0}}}'])
    assert EventDecoder(BASELINE, NESTED).decode(batch).rows.looks is None


def test_the_first_row_stands_for_all_of_an_event():
    """An event of many rows has one look, at its first row."""
    value = b'{"instances": [{"size": 1, "kind": "a", "x": 1}, {"size": 2, "kind": "b"}]}'
    batch = RawBatch("t", 0, [LOOKED], [value], [1_700_000_000_000])
    rows = EventDecoder(BASELINE, EventFormat()).decode(batch).rows
    assert (len(rows), rows.looks.rows.tolist()) == (2, [0])
    assert dict(chain.from_iterable(rows.looks.shapes[0])) == {"kind": "text", "x": "number"}


def test_columns_that_nobody_reads_are_seen_in_the_schema_of_an_arrow_batch():
    """Their values stay untouched."""
    columns = {"size": ["1"], "kind": pa.array(["a"]).dictionary_encode(), "more": [1.5], "when": [None], "l": [[1]]}
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    seen = {"size": "text", "kind": "text", "more": "number", "l": "array"}
    assert shape(sink.getvalue().to_pybytes(), EventFormat()) == seen


@pytest.mark.parametrize("values", [[1.0, 0.0], [[1.0, 0.0]]])
def test_tensors_are_looked_at_under_the_names_that_their_values_get(values):
    """Two numbers under the baseline's names: the second is no category."""
    tensor = {"name": "x", "shape": [1, 2], "datatype": "FP64", "data": values}
    assert shape(json.dumps({"inputs": [tensor]}).encode(), EventFormat()) == {"kind": "number"}


def test_the_stated_sampling_rate_of_a_cloudevent_is_seen():
    """The one value that a look takes along."""
    event = {"specversion": "1.0", "type": "t", "id": "1", "source": "s", "sampledrate": 10, "data": {"size": 1}}
    assert shape(json.dumps(event).encode(), EventFormat()) == {RATE: "10"}
