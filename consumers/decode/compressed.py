"""Values that were compressed by their writer, told by their first bytes: gzip and zstd."""

import zlib

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
        plain = _gunzip(value) if value.startswith(_GZIP) else _unzstd(value)
    except (zlib.error, zstandard.ZstdError) as error:
        raise Refused("bad_compression", f"the value is compressed, but damaged: {error}") from None
    if len(plain) > LARGEST_BYTES:
        raise Refused("too_large", f"the value is compressed, and more than {LARGEST_BYTES} bytes without")
    return plain


def _gunzip(value: bytes) -> bytes:
    """Decompress all members of a gzip value."""
    parts, left = [], value
    size = 0
    while left and size <= LARGEST_BYTES:
        member = zlib.decompressobj(_GZIP_WINDOW)
        parts.append(member.decompress(left, LARGEST_BYTES + 1 - size))
        size += len(parts[-1])
        if not member.eof and size <= LARGEST_BYTES:
            raise zlib.error("it ends too early")
        left = member.unused_data
    return b"".join(parts)


def _unzstd(value: bytes) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(value, read_across_frames=True) as reader:
        plain = reader.read(LARGEST_BYTES + 1)
    # A frame that was cut off ends quietly unless its size is known.
    size = zstandard.frame_content_size(value)
    if 0 <= len(plain) < size:
        raise zstandard.ZstdError("it ends too early")
    return plain
