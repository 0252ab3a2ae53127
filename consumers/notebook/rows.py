"""A table's rows -> events, as a producer would write them: one JSON object a row, a field a column.

So are tables read that hold what JSON has no word for (dates, decimals, lists): it means what it means in the stream.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import orjson

from baselines.fitting.frame import Frame
from consumers.errors import SettingsError
from consumers.raw import RawBatch

# What drift events call the table; offsets are its row numbers from 0.
TOPIC = "rows"
BATCH_ROWS = 16_384


def row_batches(frame: Frame, time: str) -> Iterator[RawBatch]:
    """Yield the rows as batches of one partition; timestamps in the column ``time`` become UTC milliseconds.

    Raises SettingsError when there is no such column.
    """
    checked(frame, time)
    start = 0
    for batch in with_epoch_ms(frame.table, time).to_batches(max_chunksize=BATCH_ROWS):
        yield RawBatch(TOPIC, 0, range(start, start + batch.num_rows), lines_of(batch))
        start += batch.num_rows


def checked(frame: Frame, time: str) -> None:
    """Raise SettingsError when there is no column ``time``."""
    names = frame.table.column_names
    if time not in names:
        raise SettingsError(f"time: {frame} has no column {time!r}; its columns are {', '.join(names)}")


def is_moments(kind: Any) -> bool:
    """Tell whether a type of Arrow's holds moments or days."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def lines_of(batch: Any) -> list[bytes]:
    """Return a JSON object per row; NaN and infinities as Python writes them, as no JSON library else does."""
    rows = batch.to_pylist()
    lines = [orjson.dumps(row, default=_plain) for row in rows]
    for number in np.flatnonzero(_not_finite(batch)).tolist():
        lines[number] = json.dumps(rows[number], default=_plain).encode()
    return lines


def _not_finite(batch: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which rows hold a number that is NaN or infinite."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra

    found = np.zeros(batch.num_rows, dtype=np.bool_)
    for column in batch.columns:
        if pa.types.is_floating(column.type):
            present = column.is_valid().to_numpy(zero_copy_only=False)
            found |= present & ~np.isfinite(column.to_numpy(zero_copy_only=False).astype(np.float64))
    return found


def with_epoch_ms(table: Any, time: str) -> Any:
    """Return the table with its timestamps as milliseconds; without a zone they are UTC."""
    import pyarrow as pa  # noqa: PLC0415 - an optional extra

    column, place = table.column(time), table.column_names.index(time)
    if not is_moments(column.type):
        return table
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))
    epoch_ms = column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    return table.set_column(place, time, epoch_ms)


def _plain(value: object) -> object:
    """Spell what JSON has no word for: dates as ISO 8601, decimals as numbers, bytes as something without a value."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return []
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)
