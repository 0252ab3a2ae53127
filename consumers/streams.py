"""Recorded events in files: JSON Lines, plain or compressed, read as one partition in the order of the files."""

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from consumers.errors import SettingsError
from consumers.raw import RawBatch

_LINES_PER_BATCH = 20_000
_DAMAGED = (EOFError, OSError, zlib.error, zstandard.ZstdError)


def stream_batches(paths: Sequence[Path]) -> Iterator[RawBatch]:
    """Read files as batches; the offset is the line's number from 0 in its file, blank lines are no events.

    Raises SettingsError for a file that cannot be read or is damaged.
    """
    for path in paths:
        with _opened(path) as lines:
            numbered = enumerate(lines)
            while some := list(islice(numbered, _LINES_PER_BATCH)):
                kept = [(number, line) for number, line in some if not line.isspace()]
                yield RawBatch(path.name, 0, [number for number, _ in kept], [line for _, line in kept])


@contextmanager
def _opened(path: Path) -> Iterator[Iterable[bytes]]:
    try:
        with path.open("rb") as file:
            yield _decompressed(file, path.suffix.lower())
    except _DAMAGED as error:
        raise SettingsError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _decompressed(file: BinaryIO, suffix: str) -> Iterable[bytes]:
    if suffix == ".gz":
        return gzip.open(file)
    if suffix == ".zst":
        return cast("BinaryIO", zstandard.open(file, "rb"))
    return file
