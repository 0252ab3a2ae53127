"""The same rows in every format that driftline reads, by the encoders that people use where there are any.

A row is a mapping of names to numbers, texts or None. ``ENCODERS`` turn rows into records, each a value and headers.
"""

import base64
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import fastavro
import numpy as np
import pyarrow as pa
import zstandard
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from consumers.decode.lenient import Refused
from consumers.decode.schemas import Schema
from tests.inference_messages import message

Row: TypeAlias = Mapping[str, Any]
Encoded: TypeAlias = tuple[bytes, list[tuple[str, bytes]]]
Encoder: TypeAlias = Callable[[Sequence[Row]], Sequence[Encoded]]

NUMBERS, TEXTS = ("x", "y z"), ("c",)
NAMES = (*NUMBERS, *TEXTS)
CLIENT = SchemaRegistryClient.new_client({"url": "mock://encoders"})


class MockedRegistry:
    """What Confluent's own client holds in its mock."""

    def schema(self, ref: int | str) -> Schema:
        try:
            found = CLIENT.get_schema(ref) if isinstance(ref, int) else CLIENT.get_schema_by_guid(ref)
        except SchemaRegistryError as error:
            raise Refused("unknown_schema", str(error)) from None
        return Schema(found.schema_type or "AVRO", found.schema_str)


def avro_name(name: str) -> str:
    """Avro's names have no spaces."""
    return name.replace(" ", "_")


def _avro(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{avro_name(name): value for name, value in row.items()} for row in rows]


AVRO = {
    "type": "record",
    "name": "Row",
    "fields": [
        *({"name": avro_name(name), "type": ["null", "double"]} for name in NUMBERS),
        *({"name": avro_name(name), "type": ["null", "string"]} for name in TEXTS),
    ],
}
_to_avro = AvroSerializer(CLIENT, json.dumps(AVRO))
_to_avro_by_header = AvroSerializer(
    CLIENT, json.dumps(AVRO), conf={"schema.id.serializer": header_schema_id_serializer}
)
_to_json = JSONSerializer(json.dumps({"title": "Row", "type": "object"}), CLIENT)


def _dumped(document: Any) -> Encoded:
    return json.dumps(document).encode(), []


def one_each(document: Callable[[Row], Any]) -> Encoder:
    """Return an encoder of one record a row."""
    return lambda rows: [_dumped(document(row)) for row in rows]


def together(document: Callable[[Sequence[Row]], Any]) -> Encoder:
    """Return an encoder of one record for all rows."""
    return lambda rows: [_dumped(document(rows))]


def _grid(rows: Sequence[Row]) -> list[list[Any]]:
    return [[row[name] for name in NAMES] for row in rows]


def _columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in NAMES}


def _packed(pack: Callable[[bytes], bytes]) -> Encoder:
    return lambda rows: [(pack(json.dumps(row).encode()), []) for row in rows]


def _event(data: Any) -> CloudEvent:
    attributes = {
        "id": "a",
        "source": "/tests",
        "type": "row",
        "specversion": "1.0",
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, data)


def _binary(rows: Sequence[Row]) -> list[Encoded]:
    messages = [kafka.to_binary(_event(dict(row)), JSONFormat()) for row in rows]
    return [(bytes(message.value), list(message.headers.items())) for message in messages]


def _structured(rows: Sequence[Row]) -> list[Encoded]:
    messages = [kafka.to_structured(_event(dict(row)), JSONFormat()) for row in rows]
    return [(bytes(message.value), list(message.headers.items())) for message in messages]


def _logged(rows: Sequence[Row]) -> list[Encoded]:
    message = kafka.to_binary(_event({"instances": _grid(rows)}), JSONFormat())
    return [(bytes(message.value), list(message.headers.items()))]


def _tensors(rows: Sequence[Row]) -> dict[str, Any]:
    kinds = {**dict.fromkeys(NUMBERS, "FP64"), **dict.fromkeys(TEXTS, "BYTES")}
    return {
        "inputs": [
            {"name": name, "shape": [len(rows), 1], "datatype": kinds[name], "data": column}
            for name, column in _columns(rows).items()
        ]
    }


def _one_tensor(rows: Sequence[Row]) -> dict[str, Any]:
    data = [value for row in _grid(rows) for value in row]
    return {"inputs": [{"name": "input-0", "shape": [len(rows), len(NAMES)], "datatype": "FP64", "data": data}]}


def _binary_tensors(rows: Sequence[Row]) -> list[Encoded]:
    """Follow the binary tensor extension, which has no null."""
    inputs, tail = [], b""
    for name, column in _columns(rows).items():
        if name in NUMBERS:
            data = np.array(column, dtype="<f8").tobytes()
        else:
            texts = [text.encode() for text in column]
            data = b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        kind = "FP64" if name in NUMBERS else "BYTES"
        parameters = {"binary_data_size": len(data)}
        inputs.append({"name": name, "shape": [len(rows)], "datatype": kind, "parameters": parameters})
        tail += data
    head = json.dumps({"inputs": inputs}).encode()
    return [(head + tail, [("Inference-Header-Content-Length", str(len(head)).encode())])]


def _messages(*, raw: bool) -> Encoder:
    return lambda rows: [(message("ModelInferRequest", _columns(rows), raw=raw), [])]


def arrow_table(rows: Sequence[Row]) -> pa.Table:
    """Return rows as Arrow has them."""
    types = {**dict.fromkeys(NUMBERS, pa.float64()), **dict.fromkeys(TEXTS, pa.string())}
    return pa.table({name: pa.array(column, types[name]) for name, column in _columns(rows).items()})


def _arrow(rows: Sequence[Row]) -> list[Encoded]:
    table, sink = arrow_table(rows), io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(1, len(rows) // 2))
    return [(sink.getvalue(), [])]


def _avro_file(rows: Sequence[Row]) -> list[Encoded]:
    sink = io.BytesIO()
    fastavro.writer(sink, fastavro.parse_schema(AVRO), _avro(rows))
    return [(sink.getvalue(), [])]


def _framed(rows: Sequence[Row]) -> list[Encoded]:
    context = SerializationContext("rows", MessageField.VALUE)
    return [(_to_avro(row, context), []) for row in _avro(rows)]


def _framed_by_header(rows: Sequence[Row]) -> list[Encoded]:
    encoded = []
    for row in _avro(rows):
        context = SerializationContext("rows", MessageField.VALUE, [])
        encoded.append((_to_avro_by_header(row, context), list(context.headers)))
    return encoded


def _framed_by_guid(rows: Sequence[Row]) -> list[Encoded]:
    """Put the GUID before the value, as the second version of the frame does."""
    return [(headers[0][1] + value, []) for value, headers in _framed_by_header(rows)]


def _framed_json(rows: Sequence[Row]) -> list[Encoded]:
    context = SerializationContext("rows-json", MessageField.VALUE)
    return [(_to_json(dict(row), context), []) for row in rows]


def _message_class() -> Any:
    """Return a protobuf message with the fields of a row, each of which may be absent."""
    file = descriptor_pb2.FileDescriptorProto(name="row.proto", package="tests", syntax="proto3")
    file.message_type.add(name="Unused")
    message = file.message_type.add(name="Row")
    for number, name in enumerate(NAMES):
        message.oneof_decl.add(name=f"_{avro_name(name)}")
        kind = 1 if name in NUMBERS else 9
        place = {"number": number + 1, "oneof_index": number, "proto3_optional": True}
        message.field.add(name=avro_name(name), type=kind, label=1, **place)
    pool = descriptor_pool.DescriptorPool()
    return message_factory.GetMessageClass(
        pool.AddSerializedFile(file.SerializeToString()).message_types_by_name["Row"]
    )


_Message = _message_class()
_to_protobuf = ProtobufSerializer(_Message, CLIENT, {"use.deprecated.format": False})


def _framed_protobuf(rows: Sequence[Row]) -> list[Encoded]:
    context = SerializationContext("rows-protobuf", MessageField.VALUE)
    messages = [_Message(**{name: value for name, value in row.items() if value is not None}) for row in _avro(rows)]
    return [(_to_protobuf(message, context), []) for message in messages]


def _change(row: Row) -> dict[str, Any]:
    source = {"connector": "postgresql", "table": "rows", "snapshot": "false"}
    return {"before": None, "after": dict(row), "source": source, "op": "c", "ts_ms": 1_700_000_000_000}


def _lines(rows: Sequence[Row]) -> list[Encoded]:
    return [("\n".join(map(json.dumps, rows)).encode(), [])]


# Formats that have no null are marked by the second value.
ENCODERS: Mapping[str, tuple[Encoder, bool]] = {
    "object": (one_each(dict), True),
    "names and values": (together(lambda rows: {"names": NAMES, "values": _grid(rows)}), True),
    "columns": (together(_columns), True),
    "dataframe_split": (together(lambda r: {"dataframe_split": {"columns": NAMES, "data": _grid(r)}}), True),
    "dataframe_records": (together(lambda rows: {"dataframe_records": list(rows)}), True),
    "lines": (_lines, True),
    "gzip": (_packed(gzip.compress), True),
    "zstd": (_packed(zstandard.compress), True),
    "cloudevents binary": (_binary, True),
    "cloudevents structured": (_structured, True),
    "cloudevents base64": (
        one_each(
            lambda row: {
                "specversion": "1.0", "id": "a", "source": "/", "type": "row",
                "data_base64": base64.b64encode(json.dumps(row).encode()).decode(),
            }
        ),
        True,
    ),
    "cloudevents 0.3": (
        one_each(
            lambda row: {
                "specversion": "0.3", "id": "a", "source": "/", "type": "row", "datacontentencoding": "base64",
                "data": base64.b64encode(json.dumps(row).encode()).decode(),
            }
        ),
        True,
    ),
    "kserve": (together(lambda rows: {"instances": _grid(rows)}), True),
    "kserve objects": (together(lambda rows: {"instances": list(rows)}), True),
    "kserve logger": (_logged, True),
    "open inference": (together(_tensors), True),
    "open inference, one tensor": (together(_one_tensor), True),
    "open inference, binary": (_binary_tensors, False),
    "seldon": (together(lambda rows: {"data": {"names": NAMES, "ndarray": _grid(rows)}}), True),
    "seldon, jsonData": (together(lambda rows: {"jsonData": list(rows)}), True),
    "arrow": (_arrow, True),
    "debezium": (one_each(_change), True),
    "debezium with schemas": (one_each(lambda row: {"schema": {}, "payload": _change(row)}), True),
    "confluent json": (_framed_json, True),
    "avro file": (_avro_file, True),
    "confluent avro": (_framed, True),
    "confluent avro, header": (_framed_by_header, True),
    "confluent avro, guid": (_framed_by_guid, True),
    "confluent protobuf": (_framed_protobuf, True),
    "open inference protobuf": (_messages(raw=False), False),
    "open inference protobuf, raw": (_messages(raw=True), False),
    "pairs at a path": (
        one_each(lambda row: {"in": {"x.y": 1, "rows": [{"name": name, "value": row[name]} for name in NAMES]}}),
        True,
    ),
}  # fmt: skip
# What must stand under [events] for some of them; all others are told by themselves.
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "open inference protobuf": {"format": "open-inference-protobuf"},
    "open inference protobuf, raw": {"format": "open-inference-protobuf"},
    "pairs at a path": {"features": "in.rows"},
}
# Their features have names without spaces.
WITH_AVRO_NAMES = frozenset(name for name in ENCODERS if "avro" in name or name == "confluent protobuf")
