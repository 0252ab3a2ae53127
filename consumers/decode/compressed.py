"""Values that were compressed by their writer, told by their first bytes: gzip and zstd."""

import gzip
import zlib
from io import BytesIO

import zstandard

from consumers.decode.lenient import Refused

# What a record may become: far more than a broker takes, far less than a machine has.
LARGEST_BYTES = 64 * 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
# zlib's number for a gzip header and trailer.
_GZIP_WINDOW = 31


def is_compressed(value: bytes) -> bool:
    """Tell whether a value begins as gzip or zstd do; no text does.

    >>> is_compressed(b"{}"), is_compressed(bytes.fromhex("1f8b0800"))
    (False, True)
    """
    return value.startswith((_GZIP, _ZSTD))


def decompressed(value: bytes) -> bytes:
    """Return what was compressed; raises Refused for damaged data, and for more than ``LARGEST_BYTES``."""
    try:
        plain = _gunzip(value) if value.startswith(_GZIP) else unzstd(value, LARGEST_BYTES)
    except (zlib.error, zstandard.ZstdError, gzip.BadGzipFile, EOFError) as error:
        raise Refused("bad_compression", f"the value is compressed, but damaged: {error}") from None
    if len(plain) > LARGEST_BYTES:
        raise Refused("too_large", f"the value is compressed, and more than {LARGEST_BYTES} bytes without")
    return plain


def unzstd(value: bytes, most: int) -> bytes:
    """Decompress all frames of a zstd value, to at most one byte more than ``most``; raises ZstdError."""
    with zstandard.ZstdDecompressor().stream_reader(value, read_across_frames=True) as reader:
        plain = reader.read(most + 1)
    # A frame that was cut off ends quietly unless its size is known.
    size = zstandard.frame_content_size(value)
    if 0 <= len(plain) < size:
        raise zstandard.ZstdError("it ends too early")
    return plain


def _gunzip(value: bytes) -> bytes:
    """Decompress all members of a gzip value."""
    member = zlib.decompressobj(_GZIP_WINDOW)
    plain = member.decompress(value, LARGEST_BYTES + 1)
    if not member.eof and len(plain) <= LARGEST_BYTES:
        raise zlib.error("it ends too early")
    if not member.unused_data:
        return plain
    # Each of many members by itself would copy all that is behind it.
    with gzip.GzipFile(fileobj=BytesIO(member.unused_data)) as rest:
        return plain + rest.read(LARGEST_BYTES + 1 - len(plain))
