"""Confluent's framing: a record names the schema that wrote it, before the value or in a header.

Source: Confluent's wire format. Magic 0 and the schema's id in four bytes; or magic 1 and its GUID in sixteen, before
the value or as the header ``__value_schema_id``. The schema's type, which a registry tells, says how to read the rest:
JSON, Avro (extra ``avro``) or protobuf (extra ``protobuf``).
"""

import struct
from typing import Any
from uuid import UUID

from consumers.decode.avro import AvroSchema
from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.protobuf import FramedMessages
from consumers.decode.record import Record
from consumers.decode.schemas import Schema

HEADER = "__value_schema_id"
_ID, _GUID = struct.Struct(">xI"), 17


class Confluent:
    """Opens a framed record onto its value; schemas are read once."""

    announced = Announced(headers=(HEADER,), prefixes=(b"\x00", b"\x01"))
    is_envelope = True

    def __init__(self, wanted: Wanted) -> None:
        self._registry = wanted.registry
        self._readers: dict[int | str, Any] = {}

    def claims(self, record: Record) -> bool:
        """Tell whether there is room for a frame, or a header in its stead; no schema has the id 0."""
        if HEADER in record.headers and not record.around:
            return True
        value = record.value or b""
        return (value[:1] == b"\x00" and value[1:5] > b"\x00\x00\x00\x00") or (
            value[:1] == b"\x01" and len(value) > _GUID
        )

    def read(self, record: Record) -> list[Record]:
        """Return the value without its frame, read by its schema."""
        ref, payload = _split(record)
        around = {"schema": ref}
        if self._registry is None:
            if payload[:1] in (b"{", b"["):
                return [record.carrying(payload, around)]
            raise Refused("no_registry", f"the value was written by schema {ref}; set schema_registry.url to read it")
        if ref not in self._readers:
            self._readers[ref] = _reader_of(self._registry.schema(ref))
        reader = self._readers[ref]
        if reader is None:
            return [record.carrying(payload, around)]
        found = reader.read(payload)
        if not isinstance(found, dict):
            raise Refused("not_an_object", f"the value is not a record of fields: {str(found)[:40]!r}")
        return [record.carrying(None, around, found)]


def _split(record: Record) -> tuple[int | str, bytes]:
    """Return the schema's id or GUID, and the value behind the frame."""
    value, header = record.value or b"", record.headers.get(HEADER)
    if header is not None:
        if len(header) != _GUID or header[:1] != b"\x01":
            raise Refused("bad_frame", f"the header {HEADER} is not a GUID in {_GUID} bytes")
        return str(UUID(bytes=header[1:])), value
    if value[:1] == b"\x00" and len(value) >= _ID.size:
        return _ID.unpack_from(value)[0], value[_ID.size :]
    if value[:1] == b"\x01" and len(value) >= _GUID:
        return str(UUID(bytes=value[1:_GUID])), value[_GUID:]
    raise Refused("bad_frame", "the value does not begin with the id of a schema")


def _reader_of(schema: Schema) -> Any:
    """Return what reads values of a schema; None for JSON, which reads itself."""
    if schema.kind == "JSON":
        return None
    if schema.kind == "AVRO":
        return AvroSchema(schema.text, schema.references)
    if schema.kind == "PROTOBUF":
        return FramedMessages(schema.text, schema.references)
    raise Refused("bad_schema", f"schemas of type {schema.kind} are not read")
