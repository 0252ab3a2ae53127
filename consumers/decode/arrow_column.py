"""A column of Arrow, turned into rows' when it is known what it is for.

Values that many rows share are made once: a dictionary of one long text and a million indices into it must not become a
million long texts.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from consumers.decode.arrow_bounds import MOST_ROWS, refuse_too_many
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.lenient import Refused
from consumers.decode.values import categorical_column, numeric_column
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, CategoricalColumn, NumericColumn

# So many values the lists of a column may have together.
_MOST_LISTED = 8 * MOST_ROWS
# Far more than a broker takes; the columns of many records are kept at a time.
_MOST_VIEWED_BYTES = 8 * 1024 * 1024
# A view is its length in four bytes, and twelve of others.
_VIEW_INTS = 4


class ArrowColumn:
    """A column as Arrow has it; ``pa`` is pyarrow."""

    def __init__(self, column: Any, pa: Any) -> None:
        self._pa, self._types = pa, pa.types
        kind = column.type
        if pa.types.is_run_end_encoded(kind):
            column = _of_runs(column, pa)
        elif pa.types.is_dictionary(kind):
            refuse_too_many(len(column.dictionary))
        elif pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
            column = _of_views(column, pa)
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def tolist(self) -> Any:
        """Return plain values, or times as an array of numpy; lists of lists, and what else is nested, as ()."""
        column, kind = self._column, self._column.type
        if self._types.is_timestamp(kind) and not column.null_count:
            return column.to_numpy(zero_copy_only=False)
        if self._types.is_dictionary(kind):
            values = [*ArrowColumn(column.dictionary, self._pa).tolist(), None]
            return [values[place] for place in column.indices.fill_null(len(values) - 1).to_pylist()]
        if self._types.is_nested(kind) and not self._is_list(column):
            return [None if is_null else () for is_null in column.is_null().to_pylist()]
        return column.to_pylist()

    def take(self, index: Sequence[int]) -> "ArrowColumn":
        """Select rows by number."""
        return ArrowColumn(self._column.take(self._pa.array(index, self._pa.int64())), self._pa)

    def joined(self, others: Sequence["ArrowColumn"]) -> "ArrowColumn | None":
        """Return the values of several columns in one; None where they are of different types."""
        if any(one._column.type != self._column.type for one in others):
            return None
        return ArrowColumn(self._pa.concat_arrays([self._column, *(one._column for one in others)]), self._pa)

    def numbers(self) -> NumericColumn:
        """Return the values as numbers; what is null is missing."""
        kind = self._column.type
        if not (self._types.is_integer(kind) or self._types.is_floating(kind)):
            return numeric_column(self.tolist())
        values = self._column.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        nans = np.isnan(values)
        if int(nans.sum()) == self._column.null_count:
            return NumericColumn(values)
        nulls = self._column.is_null().to_numpy(zero_copy_only=False)
        states = np.where(nans, np.uint8(NOT_A_NUMBER), np.uint8(PRESENT))
        return NumericColumn(values, np.where(nulls, np.uint8(MISSING), states))

    def categories(self, codes: CategoryCodes) -> CategoricalColumn:
        """Return the values as categories: each distinct one is looked up once."""
        encoded = self._column
        if not self._types.is_dictionary(encoded.type):
            if not (self._types.is_string(encoded.type) or self._types.is_large_string(encoded.type)):
                return categorical_column(self.tolist(), codes)
            encoded = encoded.dictionary_encode()
        # The last one stands for null.
        known = categorical_column([*ArrowColumn(encoded.dictionary, self._pa).tolist(), None], codes)
        index = encoded.indices.fill_null(len(known.codes) - 1).to_numpy(zero_copy_only=False)
        return known.take(index.astype(np.int64))

    def _is_list(self, column: Any) -> bool:
        """Tell whether these are lists of plain values, and not too many of those."""
        types, kind = self._types, column.type
        if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
            return False
        is_plain = types.is_primitive(kind.value_type) or types.is_string(kind.value_type)
        return bool(is_plain and len(column.flatten()) <= _MOST_LISTED)


def _of_runs(column: Any, pa: Any) -> Any:
    """Return runs of values as indices into them."""
    places = pa.array(np.arange(len(column.values), dtype=np.int32))
    runs = pa.RunEndEncodedArray.from_arrays(column.run_ends, places)
    return pa.DictionaryArray.from_arrays(pa.compute.run_end_decode(runs), column.values)


def _of_views(column: Any, pa: Any) -> Any:
    """Return texts of their own; raises Refused where views, which may all show the same bytes, show too many."""
    lengths = np.frombuffer(column.buffers()[1] or b"", "<i4")[::_VIEW_INTS]
    if int(lengths.sum(dtype=np.int64)) > _MOST_VIEWED_BYTES:
        raise Refused("too_large", f"the texts of an Arrow column have more than {_MOST_VIEWED_BYTES} bytes")
    return column.cast(pa.large_string() if pa.types.is_string_view(column.type) else pa.large_binary())
