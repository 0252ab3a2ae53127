"""Arrow IPC: a record is a stream (or a file) of record batches, which become columns without a look at single values.

Source: the Arrow columnar format, "Serialization and Interprocess Communication". pyarrow is the extra ``arrow``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from consumers.decode.category_codes import CategoryCodes
from consumers.decode.extras import needed
from consumers.decode.format import Announced, Wanted
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tables import Frame
from consumers.decode.values import categorical_column, numeric_column
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, CategoricalColumn, NumericColumn

_STREAM, _FILE = b"\xff\xff\xff\xff", b"ARROW1"


class Arrow:
    """Reads the columns that are wanted, of all batches of a record together."""

    announced = Announced(prefixes=(_STREAM, _FILE))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted.columns

    def claims(self, record: Record) -> bool:
        """Tell whether the first bytes are Arrow's: no text begins like them."""
        return True

    def read(self, record: Record) -> Frame:
        """Return the wanted columns."""
        pa = needed("pyarrow", "arrow", "Arrow IPC")
        value = record.value or b""
        # A pool of threads costs more than it brings for what fits into a message.
        options = pa.ipc.IpcReadOptions(use_threads=False)
        try:
            batch = _one_batch(pa, pa.py_buffer(value), options, is_file=value.startswith(_FILE))
            # Lengths and offsets that a broken writer left must not be followed into the void.
            batch.validate(full=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Refused("bad_arrow", f"the Arrow stream is damaged: {str(error)[:100]}") from None
        names = enumerate(batch.schema.names)
        return Frame(
            {name: ArrowColumn(batch.column(i), pa.types) for i, name in names if name in self._wanted}, batch.num_rows
        )


def _one_batch(pa: Any, value: Any, options: Any, *, is_file: bool) -> Any:
    """Return all batches as one, without copying where there is one."""
    with (pa.ipc.open_file if is_file else pa.ipc.open_stream)(value, options=options) as reader:
        batches = [reader.get_batch(i) for i in range(reader.num_record_batches)] if is_file else [*reader]
        if len(batches) == 1:
            return batches[0]
        for batch in batches:
            batch.validate(full=True)
        columns = [
            pa.concat_arrays([batch.column(i) for batch in batches]) if batches else pa.array([], field.type)
            for i, field in enumerate(reader.schema)
        ]
        return pa.record_batch(columns, schema=reader.schema)


class ArrowColumn:
    """A column as Arrow has it (with pyarrow's tests of types), turned into rows' when it is known what it is for."""

    def __init__(self, column: Any, types: Any) -> None:
        self._column, self._types = column, types

    def __len__(self) -> int:
        return len(self._column)

    def tolist(self) -> Any:
        """Return plain values, or times as an array of numpy."""
        if self._types.is_timestamp(self._column.type) and not self._column.null_count:
            return self._column.to_numpy(zero_copy_only=False)
        return self._column.to_pylist()

    def take(self, index: Sequence[int]) -> "ArrowColumn":
        """Select rows by number."""
        return ArrowColumn(self._column.take(list(index)), self._types)

    def numbers(self) -> NumericColumn:
        """Return the values as numbers; what is null is missing."""
        kind = self._column.type
        if not (self._types.is_integer(kind) or self._types.is_floating(kind)):
            return numeric_column(self._column.to_pylist())
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
                return categorical_column(encoded.to_pylist(), codes)
            encoded = encoded.dictionary_encode()
        # The last one stands for null.
        known = categorical_column([*encoded.dictionary.to_pylist(), None], codes)
        index = encoded.indices.fill_null(len(known.codes) - 1).to_numpy(zero_copy_only=False)
        return known.take(index.astype(np.int64))
