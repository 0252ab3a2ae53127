"""Arrow IPC: a record is a stream (or a file) of record batches, which become columns without a look at single values.

Source: the Arrow columnar format, "Serialization and Interprocess Communication". pyarrow is the extra ``arrow``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from consumers.decode.category_codes import CategoryCodes
from consumers.decode.extras import needed
from consumers.decode.format import Announced, Wanted
from consumers.decode.frame import Frame, Numbers
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.values import categorical_column, numeric_column
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, CategoricalColumn, NumericColumn

_STREAM, _FILE = b"\xff\xff\xff\xff", b"ARROW1"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is read of records of one schema: columns of plain floats (all there are, perhaps) together, others alone.

    ``floats`` and ``others`` are the places of columns by name.
    """

    schema: Any
    floats: Mapping[str, int]
    others: Mapping[str, int]

    @property
    def is_all_floats(self) -> bool:
        return bool(self.schema.names == list(self.floats))


class Arrow:
    """Reads the columns that are wanted, of all batches of a record together."""

    announced = Announced(prefixes=(_STREAM, _FILE))
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._features, self._wanted = wanted.features, wanted.columns
        self._plan: _Plan | None = None

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
        return self._frame(pa, batch)

    def _frame(self, pa: Any, batch: Any) -> Frame:
        plan = self._plan
        if plan is None or not plan.schema.equals(batch.schema):
            plan = self._plan = self._planned(pa, batch.schema)
        numbers, alone = _numbers(pa, batch, plan), plan.others
        if numbers is None:
            alone = {**plan.floats, **plan.others}
        columns = {name: ArrowColumn(batch.column(place), pa) for name, place in alone.items()}
        return Frame(columns, batch.num_rows, numbers)

    def _planned(self, pa: Any, schema: Any) -> _Plan:
        # Of columns with the same name the last counts.
        places = {name: place for place, name in enumerate(schema.names) if name in self._wanted}
        floats = {
            name: places[name]
            for name in self._features
            if name in places and schema.types[places[name]] == pa.float64()
        }
        return _Plan(schema, floats, {name: place for name, place in places.items() if name not in floats})


def _numbers(pa: Any, batch: Any, plan: _Plan) -> Numbers | None:
    """Return the plain floats in one array; None where a value is missing."""
    if not plan.floats:
        return Numbers()
    try:
        floats = batch if plan.is_all_floats else batch.select(list(plan.floats.values()))
        tensor = floats.to_tensor(row_major=False)
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None
    return Numbers(tuple(plan.floats), tensor.to_numpy().T)


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
    """A column as Arrow has it (with pyarrow itself), turned into rows' when it is known what it is for."""

    def __init__(self, column: Any, pa: Any) -> None:
        self._column, self._pa, self._types = column, pa, pa.types

    def __len__(self) -> int:
        return len(self._column)

    def tolist(self) -> Any:
        """Return plain values, or times as an array of numpy."""
        if self._types.is_timestamp(self._column.type) and not self._column.null_count:
            return self._column.to_numpy(zero_copy_only=False)
        return self._column.to_pylist()

    def take(self, index: Sequence[int]) -> "ArrowColumn":
        """Select rows by number."""
        return ArrowColumn(self._column.take(list(index)), self._pa)

    def joined(self, others: Sequence["ArrowColumn"]) -> "ArrowColumn | None":
        """Return the values of several columns in one; None where they are of different types."""
        if any(one._column.type != self._column.type for one in others):
            return None
        return ArrowColumn(self._pa.concat_arrays([self._column, *(one._column for one in others)]), self._pa)

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
