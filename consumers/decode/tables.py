"""Rows of one event as its format has them: objects, rows under common names, or columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

from consumers.decode.lenient import Refused

Row: TypeAlias = tuple[object, ...]
Names: TypeAlias = tuple[str, ...]


class Table(Protocol):
    """What every format makes of an event."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    @property
    def names(self) -> Names:
        """The names under which any row has a value."""
        ...

    def rows(self, names: Names) -> Iterable[Row]:
        """Return each row's values under these names, None where it has none."""
        ...

    def column(self, name: str) -> Sequence[object] | None:
        """Return the values under one name; None where no row has it."""
        ...

    def take(self, index: Sequence[int]) -> "Table":
        """Select rows by number."""
        ...


class Objects:
    """Rows that are objects; raises Refused where one is something else.

    ``has_columns`` False: the one row is of an event whose paths all lead from the event itself.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, has_columns: bool = True) -> None:
        if not set(map(type, rows)) <= {dict}:
            raise Refused("wrong_shape", "a row is not an object, as others are")
        self._rows, self._has_columns = rows, has_columns

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> Names:
        """See `Table.names`."""
        return tuple(dict.fromkeys(chain.from_iterable(self._rows)))

    def rows(self, names: Names) -> Iterable[Row]:
        """See `Table.rows`."""
        return [tuple(map(row.get, names)) for row in self._rows]

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        if not self._has_columns or not any(name in row for row in self._rows):
            return None
        return [row.get(name) for row in self._rows]

    def take(self, index: Sequence[int]) -> "Objects":
        """See `Table.take`."""
        return Objects([self._rows[i] for i in index], has_columns=self._has_columns)


class Grid:
    """Rows under common names; raises Refused where a row's length is not theirs."""

    def __init__(self, names: Names, rows: Sequence[Sequence[object]]) -> None:
        if set(map(len, rows)) - {len(names)}:
            odd = next(row for row in rows if len(row) != len(names))
            raise Refused("wrong_length", f"a row has {len(odd)} values; there are {len(names)} names for them")
        self._names, self._rows = names, rows

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def names(self) -> Names:
        """See `Table.names`."""
        return self._names

    def rows(self, names: Names) -> Iterable[Row]:
        """See `Table.rows`."""
        return map(_picker(self._names, names), self._rows)

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        if name not in self._names:
            return None
        return list(map(itemgetter(self._names.index(name)), self._rows))

    def take(self, index: Sequence[int]) -> "Grid":
        """See `Table.take`."""
        return Grid(self._names, [self._rows[i] for i in index])


class Frame:
    """Columns of one length: lists, arrays (n,) of numpy, or columns of Arrow; raises Refused where lengths differ."""

    def __init__(self, columns: Mapping[str, Any], n: int | None = None) -> None:
        lengths = {name: len(column) for name, column in columns.items()}
        self._n = next(iter(lengths.values()), 0) if n is None else n
        if set(lengths.values()) - {self._n}:
            told = ", ".join(f"{name} {n}" for name, n in list(lengths.items())[:5])
            raise Refused("wrong_length", f"the columns have different lengths: {told}")
        self.columns = columns

    @property
    def is_of_arrays(self) -> bool:
        """Whether the columns are something else than lists."""
        return not isinstance(next(iter(self.columns.values()), []), list)

    def __len__(self) -> int:
        return self._n

    @property
    def names(self) -> Names:
        """See `Table.names`."""
        return tuple(self.columns)

    def rows(self, names: Names) -> Iterable[Row]:
        """See `Table.rows`."""
        absent = [None] * self._n
        return zip(*(absent if (found := self.column(name)) is None else found for name in names), strict=True)

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        column = self.columns.get(name)
        return column if column is None or isinstance(column, list) else column.tolist()

    def take(self, index: Sequence[int]) -> "Frame":
        """See `Table.take`."""
        return Frame({name: _taken(column, index) for name, column in self.columns.items()}, len(index))


def unnamed(values: object, names: Names, what: str) -> Table:
    """Return the rows of a list that may be of objects, of lists of values, or of single values.

    Lists have their values under ``names``, in order. Raises Refused for everything else; ``what`` names the list.
    """
    if not isinstance(values, list):
        raise Refused("wrong_shape", f"{what} is not a list")
    kinds = set(map(type, values))
    if kinds == {list}:
        return Grid(names, values)
    if dict not in kinds and list not in kinds:
        return Grid(names, [(value,) for value in values])
    rows = _under_one_key(values, names)
    return Objects(values) if rows is None else Grid(names, rows)


def _under_one_key(rows: list[Any], names: Names) -> list[list[object]] | None:
    """Return the values of objects that have all of them in one list, under a name that is not theirs."""
    if set(map(type, rows)) != {dict} or any(len(row) != 1 for row in rows) or next(iter(rows[0])) in names:
        return None
    lists = [value for row in rows for value in row.values()]
    return lists if set(map(type, lists)) == {list} else None


@lru_cache(maxsize=64)
def _picker(have: Names, want: Names) -> Callable[[Sequence[object]], Row]:
    """Return what picks wanted values out of a row; of a name that stands twice, the first."""
    places = [have.index(name) if name in have else -1 for name in want]
    if -1 in places or len(places) < 2:
        return lambda row: tuple(None if place < 0 else row[place] for place in places)
    return itemgetter(*places)


def _taken(column: Any, index: Sequence[int]) -> Any:
    return [column[i] for i in index] if isinstance(column, list) else column.take(index)
