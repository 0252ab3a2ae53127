"""Values of one feature as formats have them -> columns of rows.

Every value is said to be what it is, so that an odd one never costs the event. Batches change nothing: a value is read
alone, or together with others that are read in the same way.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain, islice, starmap
from operator import itemgetter
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray
from consumers.decode.category_codes import WRONG, CategoryCodes
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, CategoricalColumn, NumericColumn

_INFINITY = float("inf")
_PLAIN_CATEGORIES = {str, int, type(None)}
_NUMBER_KINDS = "fiu"


def numeric_column(values: Any) -> NumericColumn:
    """Return a column of n values: a list, an array of numpy, or what has ``numbers`` of its own."""
    if hasattr(values, "numbers"):
        column: NumericColumn = values.numbers()
        return column
    if isinstance(values, np.ndarray):
        if values.dtype.kind in _NUMBER_KINDS:
            return _with_nans_told(values.astype(np.float64, copy=False))
        values = values.tolist()
    packed = _packed(values)
    if packed is not None:
        return _with_nans_told(packed)
    if set(map(type, values)) <= {float, type(None)}:
        array = np.array(values, dtype=np.float64)
        # As many as there are None: all of them are missing.
        if np.count_nonzero(np.isnan(array)) == values.count(None):
            return NumericColumn(array)
    return _one_by_one(values)


def numeric_columns(columns: Sequence[Any]) -> tuple[NumericColumn, ...]:
    """Return columns of n values, each given as above."""
    if columns and set(map(type, columns)) <= {list, Lists}:
        pieces = [column.pieces if isinstance(column, Lists) else (column,) for column in columns]
        try:
            packed = b"".join([struct.pack(f"{len(piece)}d", *piece) for column in pieces for piece in column])
        except struct.error:
            pass
        else:
            numbers = np.frombuffer(packed).reshape(len(columns), -1)
            return _unless_odd(numbers, lambda place: list(chain.from_iterable(pieces[place])))
    return tuple(map(numeric_column, columns))


def present_columns(numbers: FloatArray) -> tuple[NumericColumn, ...]:
    """Return the columns that an array (k, n) of numbers holds, none of them missing."""
    if np.isnan(numbers).any():
        return tuple(map(_with_nans_told, numbers))
    return tuple(map(NumericColumn, numbers))


def numeric_columns_of(rows: Sequence[Sequence[object]], width: int) -> tuple[NumericColumn, ...]:
    """Return the first ``width`` values of each of n rows as columns."""
    pack = struct.Struct(f"{width}d").pack
    cut = rows if len(rows[0]) == width else map(itemgetter(slice(width)), rows)
    try:
        packed = np.frombuffer(b"".join(starmap(pack, cut)))
    except struct.error:
        return tuple(map(numeric_column, islice(zip(*rows, strict=True), width)))
    columns = np.ascontiguousarray(packed.reshape(len(rows), width).T)
    return _unless_odd(columns, lambda place: list(map(itemgetter(place), rows)))


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


class Lists:
    """Lists of one feature's values, one behind the other; numbers are packed list by list."""

    def __init__(self, pieces: Sequence[list[object]]) -> None:
        self.pieces = pieces

    def tolist(self) -> list[object]:
        """Return all values."""
        return list(chain.from_iterable(self.pieces))

    def numbers(self) -> NumericColumn:
        """See `numeric_column`."""
        return numeric_column(self.tolist())

    def categories(self, codes: CategoryCodes) -> CategoricalColumn:
        """See `categorical_column`."""
        return categorical_column(self.tolist(), codes)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class Pieces:
    """Columns of one feature, one behind the other, that are of several kinds."""

    def __init__(self, columns: Sequence[Any]) -> None:
        self._columns = columns

    def numbers(self) -> NumericColumn:
        """See `numeric_column`."""
        return NumericColumn.join(list(map(numeric_column, self._columns)))

    def categories(self, codes: CategoryCodes) -> CategoricalColumn:
        """See `categorical_column`."""
        return CategoricalColumn.join([categorical_column(column, codes) for column in self._columns])

    def __len__(self) -> int:
        return sum(map(len, self._columns))


def together(columns: Sequence[Any]) -> Any:
    """Return one column of what several hold, in any of the forms above: one large array is cheaper than small ones."""
    first, kinds = columns[0], set(map(type, columns))
    if len(columns) == 1:
        return first
    if kinds == {list}:
        return Lists(columns)
    if kinds == {np.ndarray}:
        return np.concatenate(columns) if len({column.dtype for column in columns}) == 1 else Pieces(columns)
    joined = first.joined(columns[1:]) if len(kinds) == 1 and hasattr(first, "joined") else None
    return Pieces(columns) if joined is None else joined


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


def _packed(values: Sequence[object]) -> FloatArray | None:
    """Return numbers as an array (n,); None where one of the values is no number."""
    try:
        array = np.frombuffer(struct.pack(f"{len(values)}d", *values))
    except struct.error:
        return None
    return None if np.any(_may_be_boolean(array)) and bool in set(map(type, values)) else array


def _unless_odd(columns: NDArray[np.float64], values: Callable[[int], Sequence[object]]) -> tuple[NumericColumn, ...]:
    """Return columns (k, n); those that need a look at single values are made of these."""
    odd = np.any(_may_be_boolean(columns) | np.isnan(columns), axis=1).tolist()
    return tuple(numeric_column(values(i)) if odd[i] else NumericColumn(column) for i, column in enumerate(columns))


def _may_be_boolean(numbers: FloatArray) -> NDArray[np.bool_]:
    """Tell which numbers may have been true or false, which pack as 1 and 0: to look at them is dearer than to pack."""
    return np.equal(numbers, 0) | np.equal(numbers, 1)


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
