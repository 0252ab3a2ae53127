"""Records of a few bytes that say endless things: each is refused at once, with a reason, or read as what it is."""

import gzip
import io
import json
import struct
import zlib
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pytest

from consumers.decode import EventDecoder, EventFormat
from consumers.decode.avro import AvroSchema
from consumers.decode.confluent import Confluent
from consumers.decode.format import Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.schemas import Schema
from consumers.raw import Decoded, RawBatch
from tests.builders import layout_of

BASELINE = layout_of({"x": [1.0, 2.0], "c": ["a", "b"]}).baseline
HUGE = 2**40


def decode(value: bytes) -> Decoded:
    """Return what becomes of one record."""
    return EventDecoder(BASELINE, EventFormat()).decode(RawBatch("t", 0, [0], [value], timestamps_ms=[5]))


def reason(value: bytes) -> str:
    """Return why a record is refused."""
    (rejected,) = decode(value).rejected
    return rejected.reason


def long(number: int) -> bytes:
    """Return a long as Avro writes it."""
    sink = io.BytesIO()
    fastavro.schemaless_writer(sink, "long", number)
    return sink.getvalue()


def avro_file(schema: Any, n: int, block: bytes, codec: str = "null") -> bytes:
    """Return a file of one block, of which it is said that it has ``n`` values."""
    sink = io.BytesIO()
    fastavro.writer(sink, schema, [], codec=codec)
    header = sink.getvalue()
    return header + long(n) + long(len(block)) + block + header[-16:]


def record_of(field: Any, name: str = "R") -> dict[str, Any]:
    """Return the schema of a record whose one field is ``x``."""
    return {"type": "record", "name": name, "fields": [{"name": "x", "type": field}]}


def array_of(items: Any) -> dict[str, Any]:
    """Return the schema of a record with an array."""
    return record_of({"type": "array", "items": items})


NOTHING = {"type": "record", "name": "Nothing", "fields": []}
TWICE = {"type": "record", "name": "E1", "fields": [{"name": name, "type": "Nothing"} for name in "ab"]}


@pytest.mark.parametrize(
    "schema",
    [
        array_of("null"),
        array_of({"type": "fixed", "name": "F", "size": 0}),
        array_of(NOTHING),
        array_of(record_of(NOTHING, "Outer")),
        array_of(record_of({"type": "null"}, "Inner")),
        record_of(["null", "R"]),
        array_of("R"),
        record_of("R"),
        {"type": "record", "name": "R", "fields": [{"name": f"n{i}", "type": "null"} for i in range(40)]},
        [NOTHING, TWICE, array_of("E1")],
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_a_schema_whose_values_have_no_bounds_is_not_read(schema: Any) -> None:
    """Items of no bytes may be 2^40, types that lead back to themselves break the reader's stack: neither is tried."""
    value = avro_file(schema, 1, long(HUGE) + b"\x00" + b"\x02" * 100_000)
    assert reason(value) == "bad_avro"
    with pytest.raises(Refused) as refused:
        AvroSchema(json.dumps(schema), {})
    assert refused.value.reason == "bad_schema"


def test_a_chain_of_types_is_not_followed_for_ever() -> None:
    """Types that lead to one another by name are as deep as there are types, whatever the text's own depth."""
    chain: list[Any] = [record_of("int", "T0")]
    chain += [record_of(f"T{i - 1}", f"T{i}") for i in range(1, 2000)]
    with pytest.raises(Refused, match="nested more than"):
        AvroSchema(json.dumps(chain), {})


def test_a_schema_that_a_registry_puts_together_is_bounded_as_well() -> None:
    """What is referred to is looked at with what refers to it."""

    class Registry:
        def schema(self, ref: int | str) -> Schema:
            return Schema("AVRO", json.dumps(array_of("Nothing")), {"nothing": json.dumps(NOTHING)})

    with pytest.raises(Refused, match="have no bytes"):
        Confluent(Wanted(("x",), EventFormat(), Registry())).read(Record(b"\x00\x00\x00\x00\x01" + long(HUGE)))


@pytest.mark.parametrize("schema", ["null", NOTHING], ids=str)
def test_a_file_of_rows_without_bytes_is_not_read(schema: Any) -> None:
    """A block says how many values it has, and these would need none of its bytes."""
    assert reason(avro_file(schema, HUGE, b"")) == "bad_avro"


@pytest.mark.parametrize("n", [HUGE, -1])
def test_a_block_that_says_too_many_values_ends_with_its_bytes(n: int) -> None:
    """Values that have bytes are read until there are no more of those."""
    assert reason(avro_file(record_of("boolean"), n, b"\x01" * 100)) == "bad_avro"


def test_a_block_that_was_compressed_from_too_much_is_not_decompressed() -> None:
    """100 MB of zeros are 100 kB in the file."""
    packer = zlib.compressobj(wbits=-15)
    block = packer.compress(bytes(100 << 20)) + packer.flush()
    assert reason(avro_file(record_of("boolean"), 100 << 20, block, "deflate")) == "too_large"


def test_a_decimal_of_a_million_digits_is_none() -> None:
    """Turning it into a number takes minutes, and more than four times as long for twice as many."""
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    assert reason(avro_file(record_of(decimal), 1, long(500_000) + b"\x7f" * 500_000)) == "bad_avro"
    assert decode(avro_file(record_of(decimal), 1, long(2) + b"\x04\xd2")).rows.numeric[0].values.tolist() == [12.34]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_files_of_every_codec_are_read(codec: str) -> None:
    """What fastavro writes is what is read, block by block."""
    sink = io.BytesIO()
    fastavro.writer(sink, record_of("double"), [{"x": n / 2} for n in range(500)], codec=codec, sync_interval=100)
    assert decode(sink.getvalue()).rows.numeric[0].values.tolist() == [n / 2 for n in range(500)]
    assert reason(sink.getvalue()[:-20]) == "bad_avro"


def arrow(columns: dict[str, Any], compression: str | None = None) -> bytes:
    """Return a stream of one batch."""
    batch, sink = pa.record_batch(columns), io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def replaced(value: bytes, number: int, by: int) -> bytes:
    """Return bytes in which every number of 64 bits that is ``number`` is another one."""
    told = struct.pack("<q", number)
    assert told in value
    return value.replace(told, struct.pack("<q", by))


@pytest.mark.parametrize("prefix", [b"", b"ARROW1\x00\x00"])
def test_arrow_rows_without_bytes_are_counted_before_they_are_made(prefix: bytes) -> None:
    """A column of nulls says how long it is, and nothing else: 224 bytes of stream, 2^40 rows."""
    assert reason(prefix + replaced(arrow({"x": pa.nulls(12_345)}), 12_345, HUGE)) == "too_large"
    assert len(decode(arrow({"x": pa.nulls(12_345)})).rows) == 12_345
    nothing = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.nulls(12_345))
    assert reason(prefix + replaced(arrow({"x": nothing}), 12_345, HUGE)) == "too_large"


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_arrow_buffers_are_decompressed_to_a_bound(codec: str) -> None:
    """Each says how long it becomes; all of them together may be 64 MiB."""
    assert reason(arrow({name: np.zeros(900_000) for name in "xabdefghij"}, codec)) == "too_large"
    assert reason(replaced(arrow({"x": np.zeros(90_000)}, codec), 720_000, HUGE)) == "too_large"
    assert decode(arrow({"x": np.zeros(90_000)}, codec)).rows.numeric[0].values.tolist() == [0.0] * 90_000


def test_arrow_values_that_many_rows_share_are_made_once() -> None:
    """A dictionary, and runs of values, of one long text: as many references as rows, and one text."""
    text = "z" * 500_000
    shared = pa.DictionaryArray.from_arrays(pa.array(np.zeros(200_000, np.int32)), pa.array([text]))
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([200_000], pa.int32()), pa.array([text]))
    for column in (shared, runs):
        rows = decode(arrow({"x": column, "c": column})).rows
        assert set(rows.numeric[0].states.tolist()) == {3} if rows.numeric[0].states is not None else False
        assert len(set(rows.categorical[0].unseen.values())) == 1


def test_arrow_views_of_one_text_are_not_all_written_out() -> None:
    """Views of the same half a megabyte, 2,000 times: a gigabyte, refused; a few of them are read."""
    _, views, text = pa.array(["z" * 500_000], pa.string_view()).buffers()
    many = pa.Array.from_buffers(pa.string_view(), 2000, [None, pa.py_buffer(views.to_pybytes() * 2000), text])
    assert reason(arrow({"c": many})) == "too_large"
    short = pa.array(["a", None, "b"], pa.string_view())
    assert decode(arrow({"c": short})).rows.categorical[0].codes.tolist() == [0, 3, 1]
    only = EventDecoder(BASELINE, EventFormat(where={"c": "b"})).decode(
        RawBatch("t", 0, [0], [arrow({"c": short})], [5])
    )
    assert only.rows.categorical[0].codes.tolist() == [1]


def test_arrow_lists_of_nothing_are_not_made() -> None:
    """A list of nulls may be 2^31 long in eight bytes of offsets: a value of the wrong type, and never made."""
    column = pa.ListArray.from_arrays(pa.array([0, 2**31 - 1], pa.int32()), pa.nulls(2**31 - 1))
    rows = decode(arrow({"x": column})).rows
    assert rows.numeric[0].states is not None
    assert rows.numeric[0].states.tolist() == [3]


def test_a_shape_of_a_million_sizes_is_no_shape() -> None:
    """Their product would be a number of millions of digits."""
    tensor = {"name": "x", "shape": [9] * 1_000_000, "datatype": "FP64", "data": [1.0]}
    assert reason(json.dumps({"inputs": [tensor]}).encode()) == "wrong_shape"


def test_thousands_of_gzip_members_are_read_in_one_go() -> None:
    """Each by itself would copy all that is behind it; together they are one value."""
    empty = gzip.compress(b"")
    value = empty * 30_000 + gzip.compress(b'{"x": 1.5, "c": "a"}')
    assert decode(value).rows.numeric[0].values.tolist() == [1.5]
    assert reason(value[:-4]) == "bad_compression"
    assert reason(value + b"x") == "bad_compression"


def test_json_of_any_depth_ends_in_a_reason() -> None:
    """Parsers give up at a depth of their own, and no stack breaks."""
    for value in (b"[" * 1_000_000, b'{"x":' * 200_000 + b"1" + b"}" * 200_000):
        assert reason(value) == "bad_json"
    nested = b'{"instances":' + b"[" * 900 + b"]" * 900 + b"}"
    assert reason(nested) == "wrong_length"
