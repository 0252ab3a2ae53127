"""csv files: a header line, commas, quotes as in RFC 4180, UTF-8."""

import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from baselines.errors import BaselineError
from baselines.fitting.cells import Chunk, TextCells

if TYPE_CHECKING:
    from _csv import Reader

# Cells held at a time, whatever the number of columns: about 30 MB as text.
CHUNK_CELLS = 2**18


def read_csv(data: BinaryIO, path: Path) -> Iterator[Chunk]:
    """Yield chunks of a csv file; raises ``BaselineError`` with the line that is wrong."""
    first = (line.decode("utf-8-sig") for line in islice(data, 1))
    rows = csv.reader(chain(first, map(bytes.decode, data)), strict=True)
    try:
        yield from _read(rows, path)
    except UnicodeDecodeError as error:
        raise BaselineError(f"{path}, line {rows.line_num + 1}: not UTF-8: save the file as UTF-8") from error
    except csv.Error as error:
        raise BaselineError(f"{path}, line {rows.line_num}: not csv: {error}") from error


def _read(rows: "Reader", path: Path) -> Iterator[Chunk]:
    header = next((row for row in rows if row), [])
    _check_header(header, path)
    size = max(CHUNK_CELLS // len(header), 1)
    while chunk := list(islice(rows, size)):
        if set(map(len, chunk)) != {len(header)}:
            _check_rows(chunk, len(header), rows.line_num, path)
            chunk = [row for row in chunk if row]
        columns = zip(*chunk, strict=True)
        yield Chunk(len(chunk), {name: TextCells(list(cells)) for name, cells in zip(header, columns, strict=False)})


def _check_header(header: list[str], path: Path) -> None:
    if not header:
        raise BaselineError(f"{path}: the file is empty: it must begin with a line of column names")
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise BaselineError(f"{path}, line 1: one column named {header[0]!r}: columns must be separated by commas")
    for name in header:
        if header.count(name) > 1:
            raise BaselineError(f"{path}, line 1: two columns are named {name!r}: give every column a name of its own")


def _check_rows(chunk: list[list[str]], width: int, last_line: int, path: Path) -> None:
    """Name the first row of the wrong width; empty lines are no rows."""
    for number, row in enumerate(chunk):
        if row and len(row) != width:
            behind = sum(1 + sum(cell.count("\n") for cell in later) for later in chunk[number + 1 :])
            raise BaselineError(
                f"{path}, line {last_line - behind}: {len(row)} cells where the header has {width} columns"
            )
