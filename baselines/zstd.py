"""Reading .zst files: all frames of a file, and an error where it ends too early.

The library's own file object stops after the first frame, which is all that an appended log keeps there, and takes a
file that was cut off for one that is complete.
"""

import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Small, so that what one piece expands to stays small, too.
_PACKED_BYTES = 16_384


class ZstdReader(io.RawIOBase):
    """Decompresses frame after frame; reading raises ZstdError or EOFError where the file is damaged."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._within = False
        self._packed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill the buffer as far as one piece goes; return the number of bytes, 0 at the end."""
        while not self._plain:
            packed = self._packed or self._file.read(_PACKED_BYTES)
            if not packed:
                if self._within:
                    raise EOFError("the file ends within a compressed frame")
                return 0
            self._expand(packed)
        room = memoryview(buffer).cast("B")
        n = min(len(room), len(self._plain))
        room[:n], self._plain = self._plain[:n], self._plain[n:]
        return n

    def _expand(self, packed: bytes) -> None:
        self._plain = memoryview(self._frame.decompress(packed))
        self._within, self._packed = not self._frame.eof, b""
        if self._frame.eof:
            self._packed = self._frame.unused_data
            self._frame = zstandard.ZstdDecompressor().decompressobj()
