"""How much a stream of Arrow would become, told before any of it is read: a few bytes may say any number of rows.

A column of nulls has no bytes, and compressed buffers are made as long as they say they are. Both stand in the
metadata of each message, a FlatBuffer. Source: the Arrow columnar format, "Encapsulated message format" and
Message.fbs; the FlatBuffers internals, "Tables".
"""

import struct
from collections.abc import Iterable
from typing import Any

from consumers.decode.compressed import LARGEST_BYTES
from consumers.decode.lenient import Refused

MOST_ROWS = 1_000_000
_I16, _I32, _I64, _BUFFER = (struct.Struct(f"<{kind}").unpack_from for kind in ("H", "i", "q", "qq"))
_BUFFER_BYTES = 16
# Places of fields in their tables: Message's header, DictionaryBatch's data, and those of RecordBatch.
_HEADER, _DATA = 2, 1
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3


def refuse_too_large(messages: Iterable[Any]) -> None:
    """Raise Refused where the batches among pyarrow's ``messages`` have too many rows, or become too many bytes.

    Raises struct.error for metadata that is damaged.
    """
    rows = size = 0
    for message in messages:
        if message.type in ("record batch", "dictionary"):
            found = _Metadata(message.metadata.to_pybytes()).batch(is_dictionary=message.type == "dictionary")
            rows = max(rows, found.length) if message.type == "dictionary" else rows + found.length
            size += found.size(message.body)
        if rows > MOST_ROWS:
            raise Refused("too_large", f"the Arrow stream has more than {MOST_ROWS} rows")
        if size > LARGEST_BYTES:
            raise Refused("too_large", f"the Arrow stream has more than {LARGEST_BYTES} bytes when decompressed")


class _Metadata:
    """The metadata of a message, and the batch that it tells of."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._batch = 0

    def batch(self, *, is_dictionary: bool) -> "_Metadata":
        """Go to the batch."""
        at = self._below(self._table(0), _HEADER)
        self._batch = self._below(at, _DATA) if is_dictionary else at
        return self

    @property
    def length(self) -> int:
        """How many rows the batch has."""
        at = self._field(self._batch, _LENGTH)
        return int(_I64(self._data, at)[0]) if at else 0

    def size(self, body: Any) -> int:
        """Return how many bytes the batch has when its buffers are decompressed."""
        if not self._field(self._batch, _COMPRESSION):
            return len(body)
        buffers = self._field(self._batch, _BUFFERS)
        if not buffers:
            return 0
        start = self._table(buffers)
        total = 0
        for number in range(_I32(self._data, start)[0]):
            offset, length = _BUFFER(self._data, start + 4 + number * _BUFFER_BYTES)
            # Each begins with what it is long without compression; -1 says that it has none.
            total += max(length, _I64(body, offset)[0]) if length else 0
        return total

    def _table(self, at: int) -> int:
        """Return what an offset leads to."""
        return at + int(_I32(self._data, at)[0])

    def _below(self, table: int, place: int) -> int:
        return self._table(self._field(table, place))

    def _field(self, table: int, place: int) -> int:
        """Return where a field of a table is; 0 where it has none."""
        vtable = table - int(_I32(self._data, table)[0])
        slot = 4 + 2 * place
        if slot >= _I16(self._data, vtable)[0]:
            return 0
        offset = int(_I16(self._data, vtable + slot)[0])
        return table + offset if offset else 0
