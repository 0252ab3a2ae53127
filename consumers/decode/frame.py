"""Rows of one event as columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baselines.cells import FloatArray
from consumers.decode.lenient import Refused
from consumers.decode.tables import Names, Row
from consumers.decode.values import together


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers, none of them missing, as one array (k, n) of float64."""

    names: Names = ()
    values: FloatArray = field(default_factory=lambda: np.empty((0, 0)))


class Frame:
    """Columns of one length: lists, arrays (n,) of numpy, or columns of Arrow; raises Refused where lengths differ.

    Columns of numbers may come in one array: to handle each alone costs more than to decode it. ``stated`` gives the
    kinds of all columns of the event, those that are not read among them, where a schema has them.
    """

    def __init__(
        self,
        columns: Mapping[str, Any],
        n: int | None = None,
        numbers: Numbers | None = None,
        stated: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        lengths = {name: len(column) for name, column in columns.items()}
        self._n = next(iter(lengths.values()), 0) if n is None else n
        if set(lengths.values()) - {self._n}:
            told = ", ".join(f"{name} {n}" for name, n in list(lengths.items())[:5])
            raise Refused("wrong_length", f"the columns have different lengths: {told}")
        self._columns, self.numbers, self.stated = columns, numbers or Numbers(), stated

    @property
    def is_of_arrays(self) -> bool:
        """Whether there are columns that are no lists."""
        return bool(self.numbers.names) or not isinstance(next(iter(self._columns.values()), []), list)

    def __len__(self) -> int:
        return self._n

    @property
    def names(self) -> Names:
        """See `Table.names`."""
        return (*self.numbers.names, *self._columns)

    def rows(self, names: Names) -> Iterable[Row]:
        """See `Table.rows`."""
        absent = [None] * self._n
        return zip(*(absent if (found := self.column(name)) is None else found for name in names), strict=True)

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        column = self.at(name)
        return column if column is None or isinstance(column, list) else column.tolist()

    def at(self, name: str) -> Any:
        """Return a column in the form that it has; None where there is none."""
        if name in self.numbers.names:
            return self.numbers.values[self.numbers.names.index(name)]
        return self._columns.get(name)

    def take(self, index: Sequence[int]) -> "Frame":
        """See `Table.take`."""
        numbers = Numbers(self.numbers.names, self.numbers.values[:, index]) if self.numbers.names else None
        columns = {name: _taken(column, index) for name, column in self._columns.items()}
        return Frame(columns, len(index), numbers, self.stated)

    @property
    def key(self) -> tuple[Names, Names]:
        """See `Table.key`."""
        return self.numbers.names, tuple(self._columns)

    def joined(self, others: Sequence["Frame"]) -> "Frame":
        """See `Table.joined`."""
        frames = (self, *others)
        columns = {name: together([frame._columns[name] for frame in frames]) for name in self._columns}
        numbers = np.concatenate([frame.numbers.values for frame in frames], axis=1) if self.numbers.names else None
        block = None if numbers is None else Numbers(self.numbers.names, numbers)
        return Frame(columns, sum(map(len, frames)), block)


def _taken(column: Any, index: Sequence[int]) -> Any:
    return [column[i] for i in index] if isinstance(column, list) else column.take(index)
