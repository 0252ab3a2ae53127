"""What a model answered, or should have: the values of a message, row by row, whatever they are called.

A row's one value is that value; several without names are a list, several with names a mapping.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from consumers.decode.event_reader import EventReader
from consumers.decode.record import Record
from consumers.decode.tables import Table, numbered


def answers_of(table: Table, without: Collection[str] = ()) -> list[Any]:
    """Return each row's values, but those under the names that ``without`` has."""
    names = tuple(name for name in table.names if name not in without)
    rows = [tuple(map(plain_value, row)) for row in table.rows(names)]
    if len(names) == 1:
        return [row[0] for row in rows]
    if names == numbered(len(names)):
        return [list(row) for row in rows]
    return [dict(zip(names, row, strict=True)) for row in rows]


def plain_value(value: Any) -> Any:
    """Return what JSON would have: texts come as bytes in tensors, and numbers as decimals in Avro.

    >>> plain_value(b"cat"), plain_value(Decimal("1.5")), plain_value(None)
    ('cat', 1.5, None)
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return float(value) if isinstance(value, Decimal) else value


def answers_in(value: Any, reader: EventReader) -> Sequence[Any] | None:
    """Return the rows of a message that stands in an event; None for what is no message of a model server."""
    if type(value) is not dict:
        return None
    table = reader.message(Record(None, document=value))
    return None if table is None else answers_of(table)
