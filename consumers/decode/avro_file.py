"""Avro data files in a record (``Obj1``): blocks of values behind a header that has their schema.

Source: the Apache Avro specification 1.12, "Object Container Files". Blocks are taken apart here and not by fastavro,
which would decompress a block of any size.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

import zstandard

from consumers.decode.avro import DAMAGED, AvroSchema
from consumers.decode.compressed import LARGEST_BYTES, unzstd
from consumers.decode.extras import needed
from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tables import Objects

_MAGIC, _SYNC_BYTES = b"Obj\x01", 16
_HEADER: Mapping[str, Any] = {
    "type": "record",
    "name": "org.apache.avro.file.Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": len(_MAGIC)}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": _SYNC_BYTES}},
    ],
}
# zlib's number for a stream without a header.
_RAW = -15
# Of each codec, what decompresses a block to at most so many bytes, or one more where there are more.
_CODECS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "null": lambda block, _: block,
    "deflate": lambda block, most: zlib.decompressobj(_RAW).decompress(block, most + 1),
    "bzip2": lambda block, most: bz2.BZ2Decompressor().decompress(block, most + 1),
    "xz": lambda block, most: lzma.LZMADecompressor(memlimit=2 * LARGEST_BYTES).decompress(block, most + 1),
    "zstandard": unzstd,
}


class AvroFile:
    """Reads the rows of a data file that brings its schema with it."""

    announced = Announced(prefixes=(_MAGIC,))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        """Take nothing: the file says all there is to know."""
        # Files of one topic mostly have one schema.
        self._latest: tuple[bytes, AvroSchema] | None = None

    def claims(self, record: Record) -> bool:
        """Tell whether the first bytes are Avro's: no text begins like them."""
        return True

    def read(self, record: Record) -> Objects:
        """Return the rows."""
        fastavro, value = needed("fastavro", "avro", "Avro"), record.value or b""
        data = BytesIO(value)
        try:
            meta = fastavro.schemaless_reader(data, _HEADER, None)["meta"]
            codec, schema = meta.get("avro.codec", b"null").decode(), self._schema(meta["avro.schema"])
            return Objects(
                [row for n, block in _blocks(value, data.tell(), codec) for row in schema.read_many(block, n)]
            )
        except (*DAMAGED, lzma.LZMAError, zstandard.ZstdError) as error:
            raise Refused("bad_avro", f"the Avro file is damaged: {str(error)[:100]}") from None

    def _schema(self, text: bytes) -> AvroSchema:
        if self._latest is None or self._latest[0] != text:
            try:
                self._latest = text, AvroSchema(text.decode(), {}, moments=True)
            except Refused as refused:
                raise Refused("bad_avro", refused.detail) from None
        return self._latest[1]


def _blocks(value: bytes, at: int, codec: str) -> Iterator[tuple[int, bytes]]:
    """Yield the number of values in each block, and its bytes as they were before they were compressed."""
    if codec not in _CODECS:
        raise Refused("bad_avro", f"the codec {codec[:20]!r} is not read; these are: {', '.join(_CODECS)}")
    left = LARGEST_BYTES
    while at < len(value):
        n, at = _long(value, at)
        size, at = _long(value, at)
        if not (n >= 0 and 0 <= size <= len(value) - at - _SYNC_BYTES):
            raise ValueError("a block is longer than the file")
        plain = _CODECS[codec](value[at : at + size], left)
        left -= len(plain)
        if left < 0:
            raise Refused("too_large", f"the Avro file has more than {LARGEST_BYTES} bytes when decompressed")
        yield n, plain
        at += size + _SYNC_BYTES


def _long(value: bytes, at: int) -> tuple[int, int]:
    """Return a long of Avro's (zigzag, seven bits a byte), and where it ends."""
    number = 0
    for shift in range(0, 64, 7):
        number |= (value[at] & 0x7F) << shift
        at += 1
        if value[at - 1] < 0x80:
            return (number >> 1) ^ -(number & 1), at
    raise ValueError("a number has no end")
