"""Opening training files: which format, which compression, and what to say when it does not work."""

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import zstandard

from baselines.errors import BaselineError
from baselines.fitting.arrow import read_feather, read_parquet
from baselines.fitting.cells import Chunk
from baselines.fitting.delimited import read_csv
from baselines.fitting.frame import Frame
from baselines.fitting.lines import read_lines
from baselines.zstd import ZstdReader

# Where training rows come from: a file, or a table in memory.
Training: TypeAlias = Path | Frame

_COMPRESSED = (".gz", ".zst")
_TEXT = {".csv": read_csv, ".jsonl": read_lines, ".ndjson": read_lines}
_COLUMNAR = {".parquet": read_parquet, ".pq": read_parquet, ".arrow": read_feather, ".feather": read_feather}
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)


def read_chunks(source: Training, features: str, beside: Sequence[str] = ()) -> Iterator[Chunk]:
    """Yield training rows in chunks of bounded size, in order.

    The ending of a file's name tells the format. ``beside`` are paths, columns here, that JSON lines may have outside
    the object at ``features``. Raises ``BaselineError`` with the file, and the line where there is one.
    """
    if isinstance(source, Frame):
        yield from source.chunks()
        return
    path, ending = source, _ending(source)
    with _explained(path):
        if ending in _COLUMNAR:
            yield from _COLUMNAR[ending](path)
            return
        with path.open("rb") as file, _decompressed(file, path.suffix.lower()) as data:
            if ending == ".csv":
                yield from read_csv(data, path)
            else:
                yield from read_lines(data, path, features, beside)


def check_source(source: Training) -> None:
    """Raise ``BaselineError`` for what cannot be fitted from, before anything is read."""
    if not isinstance(source, Frame):
        _check_file(source)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise BaselineError(f"{path}: no such file")
    if not path.is_file():
        raise BaselineError(f"{path}: not a regular file: fitting reads its files more than once, so save it first")
    if _ending(path) not in _TEXT | _COLUMNAR:
        raise BaselineError(
            f"{path}: the name must end in .csv, .jsonl (also .gz or .zst), .parquet, .arrow or .feather"
        )


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        text = suffixes[-2] if len(suffixes) > 1 else ""
        return text if text in _TEXT else ""
    return suffixes[-1] if suffixes else ""


@contextmanager
def _decompressed(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        with gzip.open(file, "rb") as data:
            yield cast("BinaryIO", data)
    elif suffix == ".zst":
        with io.BufferedReader(ZstdReader(file)) as data:
            yield data
    else:
        yield file


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise BaselineError(
            f"{path}: the compressed data is damaged or cut off ({error}): get the file again"
        ) from error
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
