"""Parquet and arrow files, batch by batch, through pyarrow, which is an optional extra."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from baselines.cells import IntArray
from baselines.errors import BaselineError
from baselines.fitting.cells import Cells, Chunk, NumberCells, ValueCells
from baselines.fitting.delimited import CHUNK_CELLS


def read_parquet(path: Path) -> Iterator[Chunk]:
    """Yield chunks of a parquet file; raises ``BaselineError`` when it is damaged or pyarrow is not installed."""
    pa = _pyarrow(path)
    import pyarrow.parquet as pq  # noqa: PLC0415 - an optional extra

    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            check_columns(file.schema_arrow.names, path)
            rows = max(CHUNK_CELLS // len(file.schema_arrow.names), 1)
            for batch in file.iter_batches(batch_size=rows):
                yield _chunk(pa, batch)
    except pa.ArrowInvalid as error:
        raise BaselineError(f"{path}: not a whole parquet file: {error}") from error


def read_feather(path: Path) -> Iterator[Chunk]:
    """Yield chunks of an arrow file, of the file or the stream format; raises ``BaselineError`` as ``read_parquet``."""
    pa = _pyarrow(path)
    try:
        with pa.memory_map(str(path)) as source:
            for batch in _batches(pa, source, path):
                rows = max(CHUNK_CELLS // batch.num_columns, 1)
                for start in range(0, batch.num_rows, rows):
                    yield _chunk(pa, batch.slice(start, rows))
    except pa.ArrowInvalid as error:
        raise BaselineError(f"{path}: not a whole arrow file: {error}") from error


def read_table(table: Any) -> Iterator[Chunk]:
    """Yield chunks of a table in memory, as ``read_parquet`` would of the same table in a file."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra

    rows = max(CHUNK_CELLS // table.num_columns, 1)
    for batch in table.to_batches(max_chunksize=rows):
        yield _chunk(pa, batch)


def _batches(pa: ModuleType, source: Any, path: Path) -> Iterator[Any]:
    try:
        file = pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        stream = pa.ipc.open_stream(source)
        check_columns(stream.schema.names, path)
        yield from stream
        return
    check_columns(file.schema.names, path)
    yield from map(file.get_batch, range(file.num_record_batches))


def _pyarrow(path: Path) -> ModuleType:
    try:
        import pyarrow as pa  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise BaselineError(f"{path}: reading this format needs pyarrow: pip install 'driftline[parquet]'") from error
    module: ModuleType = pa
    return module


def check_columns(names: list[str], place: object) -> None:
    """Raise ``BaselineError`` for a table without columns, or with two of one name."""
    if not names:
        raise BaselineError(f"{place}: there are no columns")
    for name in names:
        if names.count(name) > 1:
            raise BaselineError(f"{place}: two columns are named {name!r}: give every column a name of its own")


def _chunk(pa: ModuleType, batch: Any) -> Chunk:
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return Chunk(batch.num_rows, {name: _cells(pa, column.drop_null(), _rows(column)) for name, column in columns})


def _rows(column: Any) -> IntArray | None:
    """Return the rows of a column that are not null; None where all of them are."""
    return np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False)) if column.null_count else None


def _cells(pa: ModuleType, column: Any, rows: IntArray | None) -> Cells:
    """Turn a column without nulls into numbers or plain values; dates become ISO text, as they stand in csv."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return NumberCells(column.to_numpy(zero_copy_only=False), rows)
    if pa.types.is_decimal(kind):
        return NumberCells(np.array([float(value) for value in column.to_pylist()], dtype=np.float64), rows)
    if pa.types.is_timestamp(kind):  # Python's datetime ends at microseconds
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    values = column.to_pylist()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return ValueCells([value.isoformat() for value in values], rows)
    return ValueCells([[] if isinstance(value, bytes) else value for value in values], rows)
