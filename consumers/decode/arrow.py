"""Arrow IPC: a record is a stream (or a file) of record batches, which become columns without a look at single values.

Source: the Arrow columnar format, "Serialization and Interprocess Communication". pyarrow is the extra ``arrow``. A
file is a stream between marks: it is read as one, without the table of its batches at the end.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from consumers.decode.arrow_bounds import refuse_too_large, refuse_too_many
from consumers.decode.arrow_column import ArrowColumn
from consumers.decode.extras import needed
from consumers.decode.format import Announced, Wanted
from consumers.decode.frame import Frame, Numbers
from consumers.decode.lenient import Refused
from consumers.decode.record import Record

_STREAM, _FILE = b"\xff\xff\xff\xff", b"ARROW1"
# The mark of a file, filled up to eight bytes.
_FILE_MARK_BYTES = 8
# What values are called, and pyarrow's tests of types that tell it.
_KINDS: Mapping[str, Sequence[str]] = {
    "boolean": ("boolean",),
    "number": ("integer", "floating", "decimal"),
    "text": ("string", "large_string", "string_view", "binary", "large_binary"),
    "time": ("temporal",),
    "array": ("list", "large_list", "fixed_size_list"),
    "object": ("struct", "map"),
    "null": ("null",),
}


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
        needed("pyarrow.compute", "arrow", "Arrow IPC")
        value = record.value or b""
        start = _FILE_MARK_BYTES if value.startswith(_FILE) else 0
        try:
            refuse_too_large(value, start)
            batch = _one_batch(pa, pa.py_buffer(value).slice(min(start, len(value))))
            # Lengths and offsets that a broken writer left must not be followed into the void.
            batch.validate(full=True)
        except (pa.ArrowException, OSError, ValueError, IndexError, struct.error) as error:
            raise Refused("bad_arrow", f"the Arrow stream is damaged: {str(error)[:100]}") from None
        return self.frame(batch)

    def frame(self, batch: Any) -> Frame:
        """Return the wanted columns of a record batch of pyarrow."""
        pa = needed("pyarrow", "arrow", "Arrow IPC")
        plan = self._plan
        if plan is None or not plan.schema.equals(batch.schema):
            plan = self._plan = self._planned(pa, batch.schema)
        numbers, alone = _numbers(pa, batch, plan), plan.others
        if numbers is None:
            alone = {**plan.floats, **plan.others}
        columns = {name: ArrowColumn(batch.column(place), pa) for name, place in alone.items()}
        return Frame(columns, batch.num_rows, numbers, partial(_kinds, pa.types, plan.schema))

    def _reads(self, name: str) -> bool:
        return self._wanted is None or name in self._wanted

    def _planned(self, pa: Any, schema: Any) -> _Plan:
        # Of columns with the same name the last counts.
        places = {name: place for place, name in enumerate(schema.names) if self._reads(name)}
        floats = {
            name: places[name]
            for name in self._features
            if name in places and schema.types[places[name]] == pa.float64()
        }
        return _Plan(schema, floats, {name: place for name, place in places.items() if name not in floats})


def _kinds(types: Any, schema: Any) -> Mapping[str, str]:
    """Return what kind of values each column of a schema has."""
    return {
        one.name: next((kind for kind, tests in _KINDS.items() if _is(types, tests, one.type)), "other")
        for one in schema
    }


def _is(types: Any, tests: Sequence[str], column_type: Any) -> bool:
    held = column_type.value_type if types.is_dictionary(column_type) else column_type
    return any(getattr(types, f"is_{test}")(held) for test in tests)


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


def _one_batch(pa: Any, value: Any) -> Any:
    """Return all batches as one, without copying where there is one."""
    # A pool of threads costs more than it brings for what fits into a message.
    with pa.ipc.open_stream(value, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
        batches = [*reader]
        refuse_too_many(sum(map(len, batches)))
        if len(batches) == 1:
            return batches[0]
        for batch in batches:
            batch.validate(full=True)
        columns = [
            pa.concat_arrays([batch.column(i) for batch in batches]) if batches else pa.array([], field.type)
            for i, field in enumerate(reader.schema)
        ]
        return pa.record_batch(columns, schema=reader.schema)
