"""A column's part of a chunk, as the file format gave it, and how it is read as numbers and as names.

Only values that are there are kept: what is missing is the difference to the number of rows, so that a column that a
file or a line does not have at all needs no special treatment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from baselines.categories import canonical
from baselines.cells import FloatArray, IntArray
from baselines.fitting.in_order import STRUCTURE, Numbers

# How csv files spell a missing value besides the empty cell; "nan" is not among them: it is a number that is not one.
MISSING_TEXTS = frozenset({"", "NA", "N/A", "null", "None", "NULL"})
BOOLEAN_TEXTS = frozenset({"true", "false"})
_DATE_LENGTH = len("2026-01-31")


@dataclass(frozen=True, slots=True)
class Read:
    """Values read as numbers as far as possible.

    ``numbers`` (any length, in row order) may hold NaN and infinities; ``words`` are the other values' names with their
    rows; ``structures`` counts objects and lists.
    """

    numbers: FloatArray
    words: Counter[str] = field(default_factory=Counter)
    structures: int = 0


class Cells(Protocol):
    """A column's values of one chunk."""

    @property
    def rows(self) -> IntArray | None:
        """The row of the chunk that each value stands in; None where every row has one."""
        ...

    def read(self) -> Read:
        """Read them as numbers, and as names what is no number."""
        ...

    def names(self) -> tuple[Counter[str], int]:
        """Read all of them as names; the second is the number of objects and lists, which have none."""
        ...

    def plain(self) -> list[Any]:
        """Return the values one by one, as the file gave them."""
        ...

    def numbers_in_order(self, *, dates: bool) -> Numbers:
        """Read the values one by one as ``read`` does, dates as their epoch milliseconds where ``dates`` says so."""
        ...

    def names_in_order(self) -> list[object]:
        """Read the values one by one as ``names`` does; None is a missing one, ``STRUCTURE`` an object or a list."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file, column by column; a column may be absent."""

    rows: int
    columns: Mapping[str, Cells]

    def numbers(self, name: str, *, dates: bool) -> FloatArray:
        """Return a column as numbers, shape (rows,), NaN where a row has none."""
        numbers = np.full(self.rows, np.nan)
        if (cells := self.columns.get(name)) is not None:
            numbers[slice(None) if cells.rows is None else cells.rows] = cells.numbers_in_order(dates=dates).numbers
        return numbers


class TextCells:
    """Cells of a csv file: everything is text, and a number is what reads as one."""

    rows = None

    def __init__(self, cells: list[str]) -> None:
        self._cells = cells

    def read(self) -> Read:
        """Read numbers in one go where there is nothing else."""
        numbers = self._all_numbers()
        return self._read_mixed() if numbers is None else Read(numbers)

    def names(self) -> tuple[Counter[str], int]:
        """Keep every text as it stands."""
        counts = Counter(self._cells)
        for text in [text for text in counts if text.strip() in MISSING_TEXTS]:
            del counts[text]
        return counts, 0

    def plain(self) -> list[Any]:
        """Return the texts."""
        return self._cells

    def numbers_in_order(self, *, dates: bool) -> Numbers:
        """Read numbers in one go where there is nothing else, and each different text once where there is."""
        numbers = self._all_numbers()
        if numbers is not None:
            return Numbers.of(numbers)
        known = {text: _number_or_missing(text, dates) for text in set(self._cells)}
        return Numbers.of_each(known[text] for text in self._cells)

    def names_in_order(self) -> list[object]:
        """Keep every text as it stands."""
        return [None if text.strip() in MISSING_TEXTS else text for text in self._cells]

    def _all_numbers(self) -> FloatArray | None:
        try:
            numbers = np.fromiter(map(float, self._cells), dtype=np.float64, count=len(self._cells))
        except ValueError:
            return None
        # Python reads 1_000 as a number; nobody else does.
        return None if "_" in "".join(self._cells) else numbers

    def _read_mixed(self) -> Read:
        words, _ = self.names()
        numbers = {text: number for text in words if (number := read_number(text)) is not None}
        for text in numbers:
            del words[text]
        return Read(np.array([numbers[text] for text in self._cells if text in numbers], dtype=np.float64), words)


class ValueCells:
    """Values with types of their own, as in JSON; none of them is None."""

    def __init__(self, values: list[Any], rows: IntArray | None = None) -> None:
        self._values, self.rows = values, rows

    def read(self) -> Read:
        """Take numbers as numbers; text stays text even where it spells one."""
        all_numbers = self._all_numbers()
        if all_numbers is not None:
            return Read(all_numbers)
        numbers = [_float(value) for value in self._values if _is_number(value)]
        words, structures = _count_names(value for value in self._values if not _is_number(value))
        return Read(np.array(numbers, dtype=np.float64), words, structures)

    def names(self) -> tuple[Counter[str], int]:
        """Spell every value in its canonical way."""
        return _count_names(self._values)

    def plain(self) -> list[Any]:
        """Return the values."""
        return self._values

    def numbers_in_order(self, *, dates: bool) -> Numbers:
        """Take numbers as numbers, and texts as dates where that is asked for."""
        numbers = self._all_numbers()
        if numbers is not None:
            return Numbers.of(numbers)
        return Numbers.of_each(_number_of(value, dates) for value in self._values)

    def names_in_order(self) -> list[object]:
        """Spell every value in its canonical way."""
        return [STRUCTURE if (name := _name(value)) is None else name for value in self._values]

    def _all_numbers(self) -> FloatArray | None:
        if set(map(type, self._values)) <= {int, float}:
            try:
                return np.array(self._values, dtype=np.float64)
            except OverflowError:
                pass
        return None


class NumberCells:
    """Numbers of a typed file, without the missing ones."""

    def __init__(self, values: NDArray[Any], rows: IntArray | None = None) -> None:
        self._values, self.rows = values, rows

    def read(self) -> Read:
        """Take them as they are."""
        return Read(self._values.astype(np.float64))

    def names(self) -> tuple[Counter[str], int]:
        """Spell each different number once."""
        values, counts = np.unique(self._values, return_counts=True)
        return Counter(dict(zip(map(canonical, values.tolist()), counts.tolist(), strict=True))), 0

    def plain(self) -> list[Any]:
        """Return the numbers."""
        values: list[Any] = self._values.tolist()
        return values

    def numbers_in_order(self, *, dates: bool) -> Numbers:
        """Take them as they are."""
        return Numbers.of(self._values.astype(np.float64))

    def names_in_order(self) -> list[object]:
        """Spell each different number once."""
        values, places = np.unique(self._values, return_inverse=True)
        names = np.array([canonical(value) for value in values.tolist()], dtype=object)
        spelled: list[object] = names[places].tolist()
        return spelled


def read_number(text: str) -> float | None:
    """Return the number that a csv cell spells, or None."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def read_date(text: str) -> float | None:
    """Return the epoch milliseconds of an ISO 8601 date or timestamp (no offset: UTC), or None for other text."""
    if len(text) < _DATE_LENGTH or text[4] != "-" or text[7] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000.0


def _number_or_missing(text: str, dates: bool) -> float | str | None:
    """Return what a csv cell stands for: a number, "" where there is none, or None for another text."""
    if text.strip() in MISSING_TEXTS:
        return ""
    number = read_number(text)
    return read_date(text) if number is None and dates else number


def _number_of(value: object, dates: bool) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _float(value)
    return read_date(value) if dates and isinstance(value, str) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _count_names(values: Iterable[Any]) -> tuple[Counter[str], int]:
    counts = Counter(map(_name, values))
    structures = counts.pop(None, 0)
    return Counter({name: count for name, count in counts.items() if name is not None}), structures


def _name(value: object) -> str | None:
    return canonical(value) if isinstance(value, str | int | float) else None
