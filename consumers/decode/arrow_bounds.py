"""How much a stream of Arrow would become: a few bytes may say any number of rows, or of bytes.

A column of nulls has no bytes at all. Compressed buffers are made as long as they say they are: where they lie stands
in the metadata of each message, a FlatBuffer, which is looked at before Arrow reads it. Source: the Arrow columnar
format, "Encapsulated message format" and Message.fbs; the FlatBuffers internals, "Tables".
"""

import struct

from consumers.decode.compressed import LARGEST_BYTES
from consumers.decode.lenient import Refused

MOST_ROWS = 1_000_000
_U16, _I32, _I64 = (struct.Struct(f"<{kind}").unpack_from for kind in ("H", "i", "q"))
# What a message begins with: a mark, and the length of its metadata; the end of a stream has the length 0.
_PREFIX, _MARK = struct.Struct("<ii"), -1
_BUFFER = struct.Struct("<qq")
# Kinds of messages that hold batches, and places of fields in their tables: Message, DictionaryBatch, RecordBatch.
_DICTIONARY, _BATCH = 2, 3
_KIND, _HEADER, _BODY_LENGTH = 1, 2, 3
_DATA = 1
_BUFFERS, _COMPRESSION = 2, 3


def refuse_too_many(rows: int) -> None:
    """Raise Refused for more rows than a record may have."""
    if rows > MOST_ROWS:
        raise Refused("too_large", f"the Arrow stream has more than {MOST_ROWS} rows")


def refuse_too_large(value: bytes, at: int) -> None:
    """Raise Refused where the stream that begins at a place becomes too many bytes when it is decompressed.

    Raises struct.error, IndexError or ValueError for a stream that is damaged.
    """
    size = buffers = 0
    while at + _PREFIX.size <= len(value):
        mark, length = _PREFIX.unpack_from(value, at)
        if mark != _MARK or length < 0:
            raise ValueError("a message does not begin as messages do")
        if length == 0:
            return
        at += _PREFIX.size
        message = _follow(value, at)
        body, found = at + length, _field(value, message, _BODY_LENGTH)
        body_length = _I64(value, found)[0] if found else 0
        if body_length < 0:
            raise ValueError("a message has less than no body")
        kind = _field(value, message, _KIND)
        if kind and value[kind] in (_DICTIONARY, _BATCH):
            header = _follow(value, _field(value, message, _HEADER))
            batch = _follow(value, _field(value, header, _DATA)) if value[kind] == _DICTIONARY else header
            if _field(value, batch, _COMPRESSION) and (listed := _field(value, batch, _BUFFERS)):
                start = _follow(value, listed)
                buffers += _I32(value, start)[0]
                if buffers * _BUFFER.size > len(value):
                    raise ValueError("there are more buffers than bytes that tell of them")
                size += _decompressed(value, start, body)
        if size > LARGEST_BYTES:
            raise Refused("too_large", f"the Arrow stream has more than {LARGEST_BYTES} bytes when decompressed")
        at = body + body_length


def _decompressed(value: bytes, start: int, body: int) -> int:
    """Return how many bytes the buffers have without compression whose list begins at ``start``."""
    total = 0
    for number in range(_I32(value, start)[0]):
        offset, length = _BUFFER.unpack_from(value, start + 4 + number * _BUFFER.size)
        if offset < 0:
            raise ValueError("a buffer lies before its batch")
        # Each begins with what it is long without compression; -1 says that it has none.
        total += max(length, _I64(value, body + offset)[0]) if length else 0
    return total


def _follow(value: bytes, at: int) -> int:
    """Return the place that an offset leads to."""
    return at + int(_I32(value, at)[0])


def _field(value: bytes, table: int, place: int) -> int:
    """Return where a field of a table is; 0 where it has none."""
    vtable = table - int(_I32(value, table)[0])
    slot = 4 + 2 * place
    if vtable < 0 or slot >= _U16(value, vtable)[0]:
        return 0
    offset = int(_U16(value, vtable + slot)[0])
    return table + offset if offset else 0
