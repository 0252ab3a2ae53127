"""Rows of many records are made into columns together: each value is still what it is alone."""

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import RawBatch
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, Rows

COUNTS = np.array([0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
NUMBERS = tuple(NumericReference(name, np.array([0.0, 1.0]), COUNTS, 2, 1, 0, 1, {}) for name in ("x", "y"))
BASELINE = Baseline(2, (*NUMBERS, CategoricalReference("c", ("a", "1"), np.ones(5, np.int64), 0)), "unit")
NAN = float("nan")


def decoded(values: list[bytes]) -> Rows:
    batch = RawBatch("events", 0, range(len(values)), values, [1_700_000_000_000] * len(values))
    return EventDecoder(BASELINE, EventFormat()).decode(batch).rows


def states(rows: Rows, place: int) -> list[int]:
    column = rows.numeric[place]
    if column.states is None:
        return [MISSING if np.isnan(value) else PRESENT for value in column.values]
    return [int(state) for state in column.states]


def arrow(**columns: Any) -> bytes:
    sink, table = io.BytesIO(), pa.table(columns)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


ODD = [1, True, 0, False, None, "1", 2.5, NAN, [1]]
FOUND = [PRESENT, WRONG_TYPE, PRESENT, WRONG_TYPE, MISSING, WRONG_TYPE, PRESENT, NOT_A_NUMBER, WRONG_TYPE]


@pytest.mark.parametrize("kept", [range(9), range(4), (0, 2, 6), (0, 6, 7), (0, 1), (4,)])
@pytest.mark.parametrize(
    "written",
    [
        lambda values: [json.dumps({"dataframe_records": [{"x": one, "y": 1, "c": "a"} for one in values]})],
        lambda values: [json.dumps({"x": [*values, 3], "y": [1] * (len(values) + 1)})],
        lambda values: [json.dumps({"instances": [[one, 1, "a"]]}) for one in values],
    ],
    ids=["objects", "columns", "grids"],
)
def test_true_is_no_number_even_where_all_the_others_are(written: Any, kept: Any) -> None:
    """Numbers are packed at once, which takes true for 1: each value among them is told for what it is."""
    rows = decoded([text.encode() for text in written([ODD[place] for place in kept])])
    assert states(rows, 0)[: len(kept)] == [FOUND[place] for place in kept]
    assert set(states(rows, 1)) == {PRESENT}


def test_neighbouring_records_with_columns_of_other_types_change_nothing() -> None:
    """Arrays of several types, with nulls and without, joined: the values are those of each record alone."""
    records = [
        arrow(x=[0.5, 1.5], y=[1.0, 2.0], c=["a", "new"]),
        arrow(x=[0.5, NAN], y=[1.0, 2.0], c=["1", None]),
        arrow(x=[1, 0], y=[1, 2], c=[1, 2]),
        arrow(x=[True, False], y=[1.0, None], c=pa.array(["a", "b"]).dictionary_encode()),
        arrow(y=[1.0, 2.0], x=pa.array([1, None], pa.int16())),
        arrow(x=[1.0, 2.0]),
    ]
    together, alone = decoded(records * 2), [decoded([record]) for record in records] * 2
    assert together.offsets.tolist() == [place for place in range(12) for _ in range(2)]
    for place in range(2):
        np.testing.assert_array_equal(
            together.numeric[place].values, np.concatenate([rows.numeric[place].values for rows in alone])
        )
        assert states(together, place) == [state for rows in alone for state in states(rows, place)]
    texts = together.categorical[0]
    assert texts.codes.tolist() == [int(code) for rows in alone for code in rows.categorical[0].codes]
    assert texts.unseen == {1: "new", 5: "2", 7: "b", 13: "new", 17: "2", 19: "b"}
    assert states(together, 0)[:10] == [0, 0, 0, NOT_A_NUMBER, 0, 0, WRONG_TYPE, WRONG_TYPE, 0, MISSING]


def binary(kind: str, shape: list[int], **columns: list[Any]) -> bytes:
    """Return tensors in the binary form of the inference protocol, all of one type."""
    data = [np.array(column, NUMPY[kind]).tobytes() for column in columns.values()]
    told = {"shape": shape, "datatype": kind, "parameters": {"binary_data_size": len(data[0])}}
    return json.dumps({"inputs": [{"name": name, **told} for name in columns]}).encode() + b"".join(data)


NUMPY = {"FP64": "<f8", "FP32": "<f4", "INT16": "<i2", "UINT64": "<u8", "BOOL": "?"}


@pytest.mark.parametrize("kind", NUMPY)
@pytest.mark.parametrize("shape", [[2], [2, 1]])
def test_tensors_of_one_type_are_what_each_is_alone(kind: str, shape: list[int]) -> None:
    """Tensors that lie one behind the other are read in one step: values, and what true and false are."""
    rows = decoded([binary(kind, shape, y=[1, 0], more=[1, 1], x=[0, 1]), binary(kind, shape, x=[3, 1], c=[1, 2])])
    wanted = WRONG_TYPE if kind == "BOOL" else PRESENT
    assert states(rows, 0) == [wanted] * 4
    assert states(rows, 1) == [wanted] * 2 + [MISSING] * 2
    if kind != "BOOL":
        assert rows.numeric[0].values.tolist() == [0, 1, 3, 1]
        assert rows.numeric[1].values[:2].tolist() == [1, 0]
        assert rows.categorical[0].codes[2:].tolist() == [1, 2]


@pytest.mark.parametrize("shape", [[3], [1], [2, 2], [1, 2], [], [2.0], "2"])
def test_tensors_of_one_type_must_fit_their_shape(shape: Any) -> None:
    """A shape that says something else than the bytes is refused, whether all tensors share it or not."""
    value = binary("FP64", shape, y=[1.0, 0.0], x=[0.0, 1.0])
    batch = RawBatch("events", 0, [7], [value], [1_700_000_000_000])
    (rejected,) = EventDecoder(BASELINE, EventFormat()).decode(batch).rejected
    assert rejected.reason in ("wrong_shape", "wrong_length")
