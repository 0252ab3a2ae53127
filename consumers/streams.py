"""Recorded events in files: JSON Lines, plain or compressed, read as one partition in the order of the files."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from consumers.errors import SettingsError
from consumers.raw import RawBatch

_BLOCK_BYTES = 8_388_608
_DAMAGED = (EOFError, OSError, zlib.error, zstandard.ZstdError)


def stream_batches(paths: Sequence[Path]) -> Iterator[RawBatch]:
    """Read files as batches; the offset is the line's number from 0 in its file, blank lines are no events.

    Raises SettingsError for a file that cannot be read or is damaged.
    """
    for path in paths:
        number = 0
        with _opened(path) as file:
            for lines in _line_blocks(file):
                yield _batch(path.name, number, lines)
                number += len(lines)


def _line_blocks(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield lines in blocks; splitting a block at once costs a fraction of iterating over its lines."""
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        yield lines
    if rest:
        yield [rest]


def _batch(name: str, number: int, lines: list[bytes]) -> RawBatch:
    blank = [place for place, line in enumerate(lines) if not line or line.isspace()]
    if not blank:
        return RawBatch(name, 0, range(number, number + len(lines)), lines)
    kept = sorted(set(range(len(lines))) - set(blank))
    return RawBatch(name, 0, [number + place for place in kept], [lines[place] for place in kept])


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield _decompressed(file, path.suffix.lower())
    except _DAMAGED as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _decompressed(file: BinaryIO, suffix: str) -> BinaryIO:
    if suffix == ".gz":
        return cast("BinaryIO", gzip.open(file))
    if suffix == ".zst":
        return cast("BinaryIO", zstandard.open(file, "rb"))
    return file
