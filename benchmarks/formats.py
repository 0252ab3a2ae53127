"""CPU per row of decoding each format to columns, against the bare parser of that format over the same bytes.

Run ``python -m benchmarks.formats``. Both are timed in one run, turn by turn, and the quickest turn of each counts.
The bare parser makes Python objects (or Arrow's columns) and stops there; driftline makes columns for 24 features, with
times and places.
"""

import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import fastavro
import msgspec
import numpy as np
import pyarrow as pa

from benchmarks.decode import make_baseline
from benchmarks.turns import best_us_each
from consumers.decode import EventDecoder, EventFormat
from consumers.decode.schemas import Schema
from consumers.raw import RawBatch

ROWS, TURNS, FEATURES = 4_096, 9, 24
BASELINE = make_baseline(FEATURES, 0)
NAMES = [feature.name for feature in BASELINE.features]
NUMBERS = np.random.default_rng(7).normal(size=(ROWS, FEATURES)).round(4)
SCHEMA = {"type": "record", "name": "Row", "fields": [{"name": name, "type": "double"} for name in NAMES]}
PARSED = fastavro.parse_schema(SCHEMA)

_json = msgspec.json.Decoder().decode


class _Registry:
    def schema(self, ref: int | str) -> Schema:
        return Schema("AVRO", json.dumps(SCHEMA))


def _dicts(rows: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(NAMES, row, strict=True)) for row in rows.tolist()]


def _arrow(rows: np.ndarray) -> bytes:
    sink = io.BytesIO()
    table = pa.table(dict(zip(NAMES, rows.T, strict=True)))
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _avro(rows: np.ndarray) -> bytes:
    sink = io.BytesIO()
    fastavro.schemaless_writer(sink, PARSED, _dicts(rows)[0])
    return b"\x00\x00\x00\x00\x07" + sink.getvalue()


def _tensors(rows: np.ndarray) -> dict[str, Any]:
    shape = [len(rows), 1]
    columns = zip(NAMES, rows.T.tolist(), strict=True)
    return {"inputs": [{"name": n, "shape": shape, "datatype": "FP64", "data": data} for n, data in columns]}


def _binary(rows: np.ndarray) -> bytes:
    told = {"shape": [len(rows)], "datatype": "FP64", "parameters": {"binary_data_size": 8 * len(rows)}}
    return json.dumps({"inputs": [{"name": name, **told} for name in NAMES]}).encode() + rows.T.tobytes()


def _one_tensor(rows: np.ndarray) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "shape": list(rows.shape), "datatype": "FP64", "data": rows.ravel().tolist()}]}


def _dumps(document: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], bytes]:
    return lambda rows: json.dumps(document(rows)).encode()


def _event(rows: np.ndarray) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "a", "source": "/", "type": "t", "data": _dicts(rows)[0]}


def _change(rows: np.ndarray) -> dict[str, Any]:
    return {"before": None, "after": _dicts(rows)[0], "source": {}, "op": "c", "ts_ms": 0}


def _bare_binary(value: bytes) -> object:
    end = json.JSONDecoder().raw_decode(value.decode("latin-1"))[1]
    return _json(value[:end]), np.frombuffer(value[end:])


def _bare_avro(value: bytes) -> object:
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), PARSED, None)


Case = tuple[str, str, int, Callable[[np.ndarray], bytes], Callable[[bytes], object]]
CASES: Sequence[Case] = (
    ("plain JSON", "json", 1, _dumps(lambda rows: _dicts(rows)[0]), _json),
    ("plain JSON, columns", "json", 64, _dumps(lambda rows: dict(zip(NAMES, rows.T.tolist(), strict=True))), _json),
    ("plain JSON, records", "json", 64, _dumps(lambda rows: {"dataframe_records": _dicts(rows)}), _json),
    ("plain JSON, gzip", "json", 1, lambda rows: gzip.compress(json.dumps(_dicts(rows)[0]).encode()),
     lambda value: _json(gzip.decompress(value))),
    ("CloudEvents, structured", "cloudevents", 1, _dumps(_event), _json),
    ("Debezium", "debezium", 1, _dumps(_change), _json),
    ("KServe", "kserve", 1, _dumps(lambda rows: {"instances": rows.tolist()}), _json),
    ("KServe", "kserve", 64, _dumps(lambda rows: {"instances": rows.tolist()}), _json),
    ("Open Inference, one tensor", "open-inference", 64, _dumps(_one_tensor), _json),
    ("Open Inference, a tensor each", "open-inference", 64, _dumps(_tensors), _json),
    ("Open Inference, binary", "open-inference", 64, _binary, _bare_binary),
    ("Seldon", "seldon", 64, _dumps(lambda rows: {"data": {"names": NAMES, "ndarray": rows.tolist()}}), _json),
    ("Confluent, Avro", "confluent", 1, _avro, _bare_avro),
    ("Arrow IPC", "arrow", 64, _arrow, lambda value: pa.ipc.open_stream(value).read_all()),
    ("Arrow IPC", "arrow", 1024, _arrow, lambda value: pa.ipc.open_stream(value).read_all()),
    ("Arrow IPC", "arrow", 4096, _arrow, lambda value: pa.ipc.open_stream(value).read_all()),
)  # fmt: skip


def measure(case: Case) -> str:
    """Return the row of one format."""
    name, told, rows_each, encode, bare = case
    values = [encode(NUMBERS[start : start + rows_each]) for start in range(0, ROWS, rows_each)]
    batch = RawBatch("events", 0, range(len(values)), values, [0] * len(values))
    # The closer look at a sample of the events is left out: of a few large records, it would be at one in four.
    named = EventDecoder(BASELINE, EventFormat(format=told), _Registry(), looks=False)
    auto = EventDecoder(BASELINE, EventFormat(), _Registry(), looks=False)
    for decoder in (named, auto):
        assert len(decoder.decode(batch).rows) == ROWS, name
    tasks = {
        "alone": lambda: [bare(value) for value in values],
        "named": lambda: named.decode(batch),
        "auto": lambda: auto.decode(batch),
    }
    alone, by_name, by_itself = best_us_each(tasks, TURNS, ROWS).values()
    return f"| {name} | {rows_each} | {alone:.2f} | {by_name:.2f} | {by_name / alone:.1f} | {by_itself:.2f} |"


def main() -> None:
    print("| format | rows a record | bare parser, µs a row | named format | ratio | `auto` |")
    print("| --- | --- | --- | --- | --- | --- |")
    for case in CASES:
        print(measure(case), flush=True)


if __name__ == "__main__":
    main()
