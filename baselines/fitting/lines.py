"""JSON lines: one object a line, the features in it or in an object below it."""

import json
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from baselines.errors import BaselineError
from baselines.fitting.cells import Chunk, ValueCells

_CHUNK_BYTES = 2**23
_CHUNK_ROWS = 2**16


def read_lines(data: BinaryIO, path: Path, features: str, beside: Sequence[str] = ()) -> Iterator[Chunk]:
    """Yield chunks of a file of JSON lines; raises ``BaselineError`` with the line that is wrong.

    ``beside`` are keys of the line itself, or dotted paths from it, that are read as columns beside those of the object
    at ``features``, where that has none of the same name.
    """
    steps = features.split(".") if features else []
    lines = enumerate(data, 1)
    while some := _some(lines):
        rows = [_row(line, steps, path, number, beside) for number, line in some if line.strip()]
        yield Chunk(len(rows), _columns(rows))


def _some(lines: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    some, size = [], 0
    for number, line in islice(lines, _CHUNK_ROWS):
        some.append((number, line))
        size += len(line)
        if size >= _CHUNK_BYTES:
            break
    return some


def _columns(rows: list[dict[str, Any]]) -> dict[str, ValueCells]:
    names = dict.fromkeys(chain.from_iterable(rows))
    return {name: _cells([row.get(name) for row in rows]) for name in names}


def _cells(values: list[Any]) -> ValueCells:
    """Leave out what is missing, and say where the rest stands."""
    if not any(value is None for value in values):
        return ValueCells(values)
    rows = [row for row, value in enumerate(values) if value is not None]
    return ValueCells([values[row] for row in rows], np.array(rows, dtype=np.int64))


def _row(line: bytes, steps: list[str], path: Path, number: int, beside: Sequence[str]) -> dict[str, Any]:
    whole = _decode(line, path, number)
    row = _at(whole, steps)
    if not isinstance(row, dict):
        what = f"no object at {'.'.join(steps)!r}" if steps else "not an object"
        raise BaselineError(f"{path}, line {number}: {what}: each line must be an object with the features")
    for name in beside:
        if name not in row and (value := whole.get(name, _at(whole, name.split(".")))) is not None:
            row[name] = value
    return row


def _at(value: Any, steps: list[str]) -> Any:
    try:
        return reduce(lambda inner, step: inner[step], steps, value)
    except (KeyError, TypeError, IndexError):
        return None


def _decode(line: bytes, path: Path, number: int) -> Any:
    """Decode quickly, and what that refuses (NaN, numbers too large for a float, a byte order mark) patiently."""
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        value = json.loads(line.decode("utf-8-sig"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except UnicodeError as error:
        raise BaselineError(f"{path}, line {number}: not UTF-8: save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(f"{path}, line {number}: not JSON: {error}") from error
    return value
