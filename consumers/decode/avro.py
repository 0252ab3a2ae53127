"""Values of Avro by a schema that is known: behind Confluent's frame, or in a data file.

Source: the Apache Avro specification 1.12, "Binary encoding". fastavro is the extra ``avro``. Decimals become numbers.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from decimal import Context, Decimal, DecimalException
from functools import cache
from io import BytesIO
from typing import Any

from consumers.decode.avro_bounds import SchemaWalk
from consumers.decode.extras import needed
from consumers.decode.lenient import Refused

# What fastavro is known to raise for damaged bytes.
DAMAGED = (
    ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, StopIteration, AttributeError, MemoryError,
    AssertionError, RecursionError, struct.error, zlib.error, DecimalException, OSError,
)  # fmt: skip
# Our own name for decimals: fastavro's reader of them takes a minute for a megabyte.
_DECIMAL = "driftline-decimal"
_LONGEST_DECIMAL_BYTES = 1024
_EXACT = Context(prec=3 * _LONGEST_DECIMAL_BYTES)
_NOT_TIMES = ("decimal", "uuid")


class AvroSchema:
    """Reads values of one schema; ``named`` are the texts of the schemas that it refers to, in order.

    Times and dates are the numbers that they are written as, unless they are to be ``moments``. Raises Refused for
    what is no schema, and for one whose values are not bounded by their bytes.
    """

    def __init__(self, text: str, named: Mapping[str, str], *, moments: bool = False) -> None:
        self._fastavro = needed("fastavro", "avro", "Avro")
        _read_decimals(self._fastavro)
        known: dict[str, Any] = {}
        walk = SchemaWalk()
        try:
            for schema in named.values():
                walk.check(self._parsed(schema, known, moments))
            self._schema = self._parsed(text, known, moments)
            walk.check_rows(self._schema)
        except (*DAMAGED, self._fastavro.schema.SchemaParseException) as error:
            raise Refused("bad_schema", f"the Avro schema cannot be used: {str(error)[:100]}") from None

    def read(self, value: bytes) -> Any:
        """Return the value that these bytes are, all of them."""
        return self.read_many(value, 1)[0]

    def read_many(self, data: bytes, n: int) -> list[Any]:
        """Return so many values that stand one behind the other, and are all there is."""
        stream, read = BytesIO(data), self._fastavro.schemaless_reader
        try:
            found = [read(stream, self._schema, None) for _ in range(n)]
        except DAMAGED as error:
            raise Refused("bad_avro", f"the value is none of its Avro schema: {str(error)[:100]}") from None
        if stream.tell() != len(data):
            raise Refused("bad_avro", f"there are {len(data) - stream.tell()} bytes behind the Avro value")
        return found

    def _parsed(self, text: str, known: dict[str, Any], moments: bool) -> Any:
        return self._fastavro.parse_schema(_with_our_types(json.loads(text), moments), named_schemas=known)


def _with_our_types(node: Any, moments: bool) -> Any:
    """Return a schema whose decimals are ours, and whose times are plain numbers unless they are to be moments."""
    if isinstance(node, list):
        return [_with_our_types(part, moments) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _with_our_types(part, moments) for key, part in node.items() if key != "logicalType"}
    logical = node.get("logicalType")
    if logical is None or not (moments or logical in _NOT_TIMES):
        return kept
    return kept | {"logicalType": _DECIMAL if logical == "decimal" else logical}


@cache
def _read_decimals(fastavro: Any) -> None:
    """Teach fastavro our decimals, as it provides for (its documentation, "Custom Logical Types")."""
    for kind in ("bytes", "fixed"):
        fastavro.read.LOGICAL_READERS[f"{kind}-{_DECIMAL}"] = _decimal


def _decimal(data: bytes, schema: Mapping[str, Any], _: Any = None) -> Decimal:
    if len(data) > _LONGEST_DECIMAL_BYTES:
        raise ValueError(f"a decimal of {len(data)} bytes is no number")
    return Decimal(int.from_bytes(data, "big", signed=True)).scaleb(-schema.get("scale", 0), _EXACT)
