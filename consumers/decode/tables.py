"""Rows of one event as its format has them: objects, rows under common names, or columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import countOf, itemgetter
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

    @property
    def key(self) -> object:
        """What tables of one class have in common if they can be joined."""
        ...

    def joined(self, others: Sequence[Any]) -> "Table":
        """Return these rows and those of others behind them, which are of the same class and key."""
        ...


class Objects:
    """Rows that are objects; raises Refused where one is something else.

    ``has_columns`` False: the one row is of an event whose paths all lead from the event itself.
    """

    # See `Table.key`.
    key = None

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, has_columns: bool = True) -> None:
        if countOf(map(type, rows), dict) != len(rows):
            raise Refused("wrong_shape", "a row is not an object, as others are")
        self._rows, self._has_columns = rows, has_columns

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def objects(self) -> Sequence[Mapping[str, Any]]:
        """The rows as they are."""
        return self._rows

    @property
    def names(self) -> Names:
        """See `Table.names`."""
        return tuple(dict.fromkeys(chain.from_iterable(self._rows)))

    def rows(self, names: Names) -> Iterable[Row]:
        """See `Table.rows`."""
        try:
            # A third of the time of looking for what may be absent.
            return list(map(_getter(names), self._rows))
        except KeyError:
            return [tuple(map(row.get, names)) for row in self._rows]

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        if not self._has_columns or not any(name in row for row in self._rows):
            return None
        return [row.get(name) for row in self._rows]

    def take(self, index: Sequence[int]) -> "Objects":
        """See `Table.take`."""
        return Objects([self._rows[i] for i in index], has_columns=self._has_columns)

    def joined(self, others: Sequence["Objects"]) -> "Objects":
        """See `Table.joined`."""
        return Objects([row for table in (self, *others) for row in table._rows])


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
        rows: Iterable[Any] = self._rows
        return rows if self._names == names else map(picker(self._names, names), rows)

    def column(self, name: str) -> Sequence[object] | None:
        """See `Table.column`."""
        if name not in self._names:
            return None
        return list(map(itemgetter(self._names.index(name)), self._rows))

    def take(self, index: Sequence[int]) -> "Grid":
        """See `Table.take`."""
        return Grid(self._names, [self._rows[i] for i in index])

    @property
    def key(self) -> Names:
        """See `Table.key`."""
        return self._names

    def joined(self, others: Sequence["Grid"]) -> "Grid":
        """See `Table.joined`."""
        return Grid(self._names, [row for table in (self, *others) for row in table._rows])


def unnamed(values: object, names: Names | None, what: str) -> Table:
    """Return the rows of a list that may be of objects, of lists of values, or of single values.

    Lists have their values under ``names``, in order, or under numbers (None). Raises Refused for everything else;
    ``what`` names the list.
    """
    if not isinstance(values, list):
        raise Refused("wrong_shape", f"{what} is not a list")
    kinds = set(map(type, values))
    if kinds == {list}:
        return _grid(names, values)
    if dict not in kinds and list not in kinds:
        return _grid(names, [(value,) for value in values])
    rows = _under_one_key(values, names or ())
    return Objects(values) if rows is None else _grid(names, rows)


@lru_cache(maxsize=64)
def numbered(width: int) -> Names:
    """Return the names of values that have none, nor are to have any: their places.

    >>> numbered(3)
    ('0', '1', '2')
    """
    return tuple(map(str, range(width)))


def _grid(names: Names | None, rows: Sequence[Sequence[object]]) -> Grid:
    return Grid(numbered(len(rows[0]) if rows else 0) if names is None else names, rows)


def _under_one_key(rows: list[Any], names: Names) -> list[list[object]] | None:
    """Return the values of objects that have all of them in one list, under a name that is not theirs."""
    if set(map(type, rows)) != {dict} or any(len(row) != 1 for row in rows) or next(iter(rows[0])) in names:
        return None
    lists = [value for row in rows for value in row.values()]
    return lists if set(map(type, lists)) == {list} else None


@lru_cache(maxsize=64)
def _getter(names: Names) -> Callable[[Mapping[str, Any]], Row]:
    """Return what takes values out of an object; it raises KeyError where one is absent."""
    if len(names) < 2:
        return lambda row: tuple(row[name] for name in names)
    return itemgetter(*names)


@lru_cache(maxsize=64)
def picker(have: Names, want: Names) -> Callable[[Sequence[object]], Row]:
    """Return what picks wanted values out of a row; of a name that stands twice, the first."""
    places = [have.index(name) if name in have else -1 for name in want]
    if -1 in places or len(places) < 2:
        return lambda row: tuple(None if place < 0 else row[place] for place in places)
    return itemgetter(*places)
