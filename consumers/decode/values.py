"""Values of one feature as formats have them -> columns of rows.

Every value is said to be what it is, so that an odd one never costs the event. Batches change nothing: a value is read
alone, or together with others that are read in the same way.
"""

import struct
from collections import deque
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from baselines.cells import FloatArray
from consumers.decode.category_codes import WRONG, CategoryCodes
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, CategoricalColumn, NumericColumn

_INFINITY = float("inf")
_NUMBERS = {float, int}
_PLAIN_CATEGORIES = {str, int, type(None)}
_NUMBER_KINDS = "fiu"


def numeric_column(values: Any) -> NumericColumn:
    """Return a column of n values: a list, an array of numpy, or what has ``numbers`` of its own."""
    if hasattr(values, "numbers"):
        column: NumericColumn = values.numbers()
        return column
    if isinstance(values, np.ndarray):
        if values.dtype.kind in _NUMBER_KINDS:
            return _with_nans_told(values.astype(np.float64))
        values = values.tolist()
    if _are_floats(values):
        return _with_nans_told(np.frombuffer(struct.pack(f"{len(values)}d", *values)))
    kinds = set(map(type, values))
    if kinds <= _NUMBERS:
        try:
            return _with_nans_told(np.frombuffer(struct.pack(f"{len(values)}d", *values)))
        except (OverflowError, struct.error):
            pass
    elif kinds <= {float, type(None)}:
        array = np.array(values, dtype=np.float64)
        # As many as there are None: all of them are missing.
        if np.count_nonzero(np.isnan(array)) == values.count(None):
            return NumericColumn(array)
    return _one_by_one(values)


def categorical_column(values: Any, codes: CategoryCodes) -> CategoricalColumn:
    """Return a column of n values, given as above; ``codes`` are those of the feature."""
    if hasattr(values, "categories"):
        column: CategoricalColumn = values.categories(codes)
        return column
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if not set(map(type, values)) <= _PLAIN_CATEGORIES:
        values = list(map(read_category, values))
    return codes.column(values)


def read_category(value: Any) -> object:
    """Return a text or number, None for what is missing (NaN is); bool becomes text, see CategoryCodes."""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is bytes:
        return value.decode("utf-8", "replace")
    if kind is str or kind is int or value is None:
        return value
    if kind is float:
        return None if value != value else value  # noqa: PLR0124 - NaN
    return str(value) if isinstance(value, Decimal | UUID | date) else WRONG


def _are_floats(values: Sequence[object]) -> bool:
    """Tell whether all values are floats: a method of float refuses everything else, quicker than types compare."""
    try:
        deque(map(float.conjugate, values), maxlen=0)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _with_nans_told(array: FloatArray) -> NumericColumn:
    """Return present numbers; a NaN among them is one that somebody wrote, not a value that is not there."""
    nans = np.isnan(array)
    if not nans.any():
        return NumericColumn(array)
    return NumericColumn(array, np.where(nans, np.uint8(NOT_A_NUMBER), np.uint8(PRESENT)))


def _one_by_one(values: Sequence[object]) -> NumericColumn:
    array = np.full(len(values), np.nan)
    states = np.full(len(values), PRESENT, dtype=np.uint8)
    for i, value in enumerate(values):
        number, states[i] = _read_number(value)
        if number is not None:
            array[i] = number
    return NumericColumn(array, states)


def _read_number(value: object) -> tuple[float | None, int]:
    """Return a number, None where there is none, and the state of the value."""
    if value is None:
        return None, MISSING
    if type(value) is int:
        return _to_float(value), PRESENT
    if isinstance(value, float | Decimal):
        number = float(value)
        return number, PRESENT if number == number else NOT_A_NUMBER  # noqa: PLR0124 - not NaN
    return None, WRONG_TYPE


def _to_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return _INFINITY if number > 0 else -_INFINITY
