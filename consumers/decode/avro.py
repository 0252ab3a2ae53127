"""Avro: data files in a record (``Obj1``), and single values by a schema from elsewhere.

Source: the Apache Avro specification 1.12, "Object Container Files" and "Binary encoding". fastavro is the extra
``avro``. Times stay the numbers that they are; decimals become numbers.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from decimal import DecimalException
from io import BytesIO
from typing import Any

from consumers.decode.extras import needed
from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tables import Objects

# What fastavro is known to raise for damaged bytes.
DAMAGED = (
    ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, StopIteration, AttributeError, MemoryError,
    AssertionError, RecursionError, struct.error, zlib.error, DecimalException, OSError,
)  # fmt: skip
_KEPT_LOGICAL = ("decimal", "uuid")


class AvroFile:
    """Reads the rows of a data file that brings its schema with it."""

    announced = Announced(prefixes=(b"Obj\x01",))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        """Take nothing: the file says all there is to know."""

    def claims(self, record: Record) -> bool:
        """Tell whether the first bytes are Avro's: no text begins like them."""
        return True

    def read(self, record: Record) -> Objects:
        """Return the rows."""
        fastavro = needed("fastavro", "avro", "Avro")
        try:
            return Objects([*fastavro.reader(BytesIO(record.value or b""))])
        except (*DAMAGED, fastavro.schema.SchemaParseException) as error:
            raise Refused("bad_avro", f"the Avro file is damaged: {str(error)[:100]}") from None


class AvroSchema:
    """Reads single values of one schema; ``named`` are the texts of the schemas that it refers to, in order."""

    def __init__(self, text: str, named: Mapping[str, str]) -> None:
        self._fastavro = needed("fastavro", "avro", "Avro")
        known: dict[str, Any] = {}
        try:
            for schema in named.values():
                self._fastavro.parse_schema(_without_logical_types(json.loads(schema)), named_schemas=known)
            self._schema = self._fastavro.parse_schema(_without_logical_types(json.loads(text)), named_schemas=known)
        except (*DAMAGED, self._fastavro.schema.SchemaParseException) as error:
            raise Refused("bad_schema", f"the registry's Avro schema cannot be used: {str(error)[:100]}") from None

    def read(self, value: bytes) -> Any:
        """Return the value that these bytes are, all of them."""
        data = BytesIO(value)
        try:
            found = self._fastavro.schemaless_reader(data, self._schema, None)
        except DAMAGED as error:
            raise Refused("bad_avro", f"the value is none of its Avro schema: {str(error)[:100]}") from None
        if data.tell() != len(value):
            raise Refused("bad_avro", f"there are {len(value) - data.tell()} bytes behind the Avro value")
        return found


def _without_logical_types(node: Any) -> Any:
    """Return a schema whose times and dates are plain numbers: what they mean, paths and units say."""
    if isinstance(node, list):
        return [_without_logical_types(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_logical_types(part) for key, part in node.items() if key != "logicalType"}
    return kept | {"logicalType": node["logicalType"]} if node.get("logicalType") in _KEPT_LOGICAL else kept
