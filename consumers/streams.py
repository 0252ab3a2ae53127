"""Recorded events in files: JSON Lines, plain or compressed, read as one partition in the order of the files."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from baselines.zstd import ZstdReader
from consumers.errors import SettingsError
from consumers.raw import RawBatch

# Events of a batch share the cost of counting it, but far larger batches are memory that the system must clear first.
_BATCH_BYTES = 4_194_304
_BUFFER_BYTES = 131_072
_DAMAGED = (EOFError, OSError, zlib.error, zstandard.ZstdError)


def stream_batches(paths: Sequence[Path]) -> Iterator[RawBatch]:
    """Read files as batches; the offset is the line's number from 0 in its file, blank lines are no events.

    A value is its line with the line's end: JSON passes over it, and cutting it off would copy every event.
    Raises SettingsError for a file that cannot be read or is damaged.
    """
    for path in paths:
        number = 0
        with _opened(path) as file:
            while lines := file.readlines(_BATCH_BYTES):
                yield _batch(path.name, number, lines)
                number += len(lines)


def _batch(name: str, number: int, lines: list[bytes]) -> RawBatch:
    if not any(map(bytes.isspace, lines)):
        return RawBatch(name, 0, range(number, number + len(lines)), lines)
    kept = [place for place, line in enumerate(lines) if not line.isspace()]
    return RawBatch(name, 0, [number + place for place in kept], [lines[place] for place in kept])


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield _decompressed(file, path.suffix.lower())
    except _DAMAGED as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _decompressed(file: BinaryIO, suffix: str) -> BinaryIO:
    """Return the plain bytes of a file; the buffer finds lines in C, gzip in Python."""
    if suffix == ".gz":
        return BufferedReader(cast("RawIOBase", gzip.open(file)), _BUFFER_BYTES)
    if suffix == ".zst":
        return BufferedReader(ZstdReader(file), _BUFFER_BYTES)
    return file
