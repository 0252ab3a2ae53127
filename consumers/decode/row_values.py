"""What a path leads to: one value of the whole event, or one for each of its rows."""

from dataclasses import dataclass
from typing import Any

from consumers.decode.frame import Frame
from consumers.decode.record import Record
from consumers.decode.tables import Table


@dataclass(frozen=True, slots=True)
class PerRow:
    """Values, one for each row: a list, or moments as an array of numpy (n,)."""

    values: Any


def value_at(record: Record, table: Table, path: str, keys: tuple[str, ...]) -> Any:
    """Return the value at a path of the record, or else `PerRow` of the column of that name, or None."""
    value = record.at(keys)
    if value is not None and not isinstance(value, list):
        return value
    column = table.column(path)
    if column is None and isinstance(value, list) and len(value) == len(table) and isinstance(table, Frame):
        column = value
    return value if column is None else PerRow(column)
