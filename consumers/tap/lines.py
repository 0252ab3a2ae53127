"""Columns become events: a JSON object per row, as docs/events.md describes them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from consumers.tap.readings import Columns, as_array

# JSON has no infinity; a number beyond every float is read as one.
_INFINITY, _NEGATIVE_INFINITY = orjson.Fragment(b"1e999"), orjson.Fragment(b"-1e999")


def event_lines(
    columns: Columns, ids: Sequence[str], times_ms: Sequence[int], fields: Mapping[str, object]
) -> list[bytes]:
    """Return an event for each row: ``ts`` in UTC ms, ``id``, the fields that all have, and ``features``.

    A number is written as it is printed: 34.1 of a float32 tensor is 34.1, as in the training data, and not
    34.099998474121094. NaN is written as null, which counts as missing. Raises ValueError when a column is shorter
    or longer than the ids, and TypeError for a value that JSON has no form for.
    """
    names = list(columns)
    values = [plain_values(column) for column in columns.values()]
    rows = zip(*values, strict=True) if values else ((),) * len(ids)
    return [
        orjson.dumps({"ts": time_ms, "id": row_id, **fields, "features": dict(zip(names, row, strict=True))})
        for row_id, time_ms, row in zip(ids, times_ms, rows, strict=True)
    ]


def plain_values(column: Any) -> list[Any]:
    """Return a column as plain values that can be written: numbers, texts, truths, None."""
    if isinstance(column, (list, tuple)):
        return [_plain(value) for value in column]
    array = as_array(column)
    if array.ndim != 1:
        raise ValueError(f"a column has shape {array.shape}; a feature has one value per row")
    if array.dtype.kind != "f":
        return [_plain(value) for value in array.tolist()]
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    # There and back: orjson prints a float32 by its shortest form, and reads that as the float64 which people mean.
    values: list[Any] = orjson.loads(orjson.dumps(np.ascontiguousarray(array), option=orjson.OPT_SERIALIZE_NUMPY))
    for place in np.flatnonzero(np.isinf(array)).tolist():
        values[place] = _plain(float(array[place]))
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return _INFINITY if value > 0 else _NEGATIVE_INFINITY
    if isinstance(value, np.generic):
        return plain_values(np.atleast_1d(np.asarray(value)))[0]
    return value
