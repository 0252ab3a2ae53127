"""A column's way through the passes: a first look, and a second one only where the first could not keep everything.

Each state counts one pass and says at its end what became of the column: a reference, left out, or the next state.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from baselines.baseline import NUMERIC_SPECIALS, CategoricalReference, NumericReference, Reference
from baselines.cells import count_cells
from baselines.errors import BaselineError
from baselines.fitting.cells import Cells, Read, read_date
from baselines.fitting.names import NameSketch
from baselines.fitting.numbers import NumberSketch
from baselines.fitting.references import categorical_reference, numeric_reference

# Fewer rows than this may well be all different, or in order, by chance.
_IDENTIFIER_ROWS = 100
EPOCH_NOTE = "epoch milliseconds"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that makes no feature, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column's reference, and what people should know about how it was read."""

    reference: Reference
    remark: str = ""


class Counting(Protocol):
    """A column being counted in one pass over the rows."""

    def add(self, cells: Cells) -> None:
        """Count a chunk."""
        ...

    def finish(self, rows: int) -> "Outcome":
        """Say what became of the column after a pass of ``rows`` rows."""
        ...


Outcome: TypeAlias = Fitted | LeftOut | Counting


class Look:
    """The first pass over a column whose kind is to be found out, or was said to be numeric."""

    def __init__(self, name: str, keep: int, numeric: bool) -> None:
        self._name, self._keep, self._forced = name, keep, numeric
        self._sketch = NumberSketch()
        self._names = NameSketch()
        self._specials = Counter[str]()
        self._dates = 0

    def add(self, cells: Cells) -> None:
        """Sort the values into numbers, names and the rest."""
        read = cells.read()
        dates = {text: ms for text in read.words if (ms := read_date(text)) is not None}
        self._dates += sum(read.words[text] for text in dates)
        if self._forced and dates:
            read = _dates_as_numbers(read, dates)
        finite = np.isfinite(read.numbers)
        if not finite.all():
            self._count_specials(read)
        self._sketch.add(read.numbers[finite])
        self._names.add(read.words)
        self._specials["structures"] += read.structures

    def finish(self, rows: int) -> Outcome:
        """Decide the kind: what at least half of the values are."""
        self._sketch.settle()
        structures = self._specials.pop("structures", 0)
        numbers = self._sketch.n + self._specials.total()
        present = numbers + self._names.rows + structures
        if self._forced or (numbers and 2 * numbers >= present):
            self._specials["missing"] = rows - present
            self._specials["wrong_type"] = self._names.rows + structures
            return self._numeric()
        if not present:
            return LeftOut("no value in any row")
        if 2 * structures > present:
            return LeftOut("holds objects or lists, not values")
        if 2 * self._dates > present:
            return LeftOut(f"dates and times; --numeric {self._name} reads them as {EPOCH_NOTE}")
        if numbers:  # their names were not kept: count again, as names
            return NameCount(self._name, forced=False)
        return _categorical(self._name, self._names, rows, structures, forced=False)

    def _numeric(self) -> Outcome:
        sketch = self._sketch
        if not sketch.n:
            if self._forced:
                raise BaselineError(f"--numeric {self._name}: the column has no finite number in any row")
            return LeftOut("no finite number in any row")
        if not self._forced and sketch.n >= _IDENTIFIER_ROWS and sketch.sequence.runs:
            return LeftOut(f"whole numbers that only run on, as row numbers do; --numeric {self._name} keeps them")
        recount = CellCount(self._name, sketch, self._specials, self._keep, EPOCH_NOTE if self._dates else "")
        return recount if sketch.distinct is None else recount.finish_distinct()

    def _count_specials(self, read: Read) -> None:
        self._specials["nan"] += int(np.isnan(read.numbers).sum())
        self._specials["positive_infinity"] += int((read.numbers == np.inf).sum())
        self._specials["negative_infinity"] += int((read.numbers == -np.inf).sum())


class CellCount:
    """The second pass over a numeric column with too many distinct values: all rows into the candidates' cells."""

    def __init__(self, name: str, sketch: NumberSketch, specials: Counter[str], keep: int, note: str) -> None:
        self._name, self._sketch, self._specials, self._keep, self._note = name, sketch, specials, keep, note
        self._spread = sketch.spread()
        self._values = sketch.candidates() if sketch.distinct is None else sketch.distinct[0]
        self._cells = np.zeros(2 * len(self._values) + 1, dtype=np.int64)

    def add(self, cells: Cells) -> None:
        """Count a chunk's finite numbers."""
        read = cells.read()
        if self._note:
            read = _dates_as_numbers(read, {t: ms for t in read.words if (ms := read_date(t)) is not None})
        numbers = read.numbers[np.isfinite(read.numbers)]
        self._cells += count_cells(self._values, numbers)
        self._spread.add(numbers)

    def finish(self, rows: int) -> Outcome:
        """Thin the candidates out to those that the baseline keeps."""
        if int(self._cells.sum()) != self._sketch.n:
            raise BaselineError(f"column {self._name!r} changed while it was read: fit files that nobody writes to")
        return self._fitted()

    def finish_distinct(self) -> Outcome:
        """Finish without a second pass: the first kept every distinct value with its rows."""
        assert self._sketch.distinct is not None
        values, counts = self._sketch.distinct
        self._cells[1::2] = counts
        self._spread.add(values, counts)
        return self._fitted()

    def _fitted(self) -> Fitted:
        remark = f"read as {self._note}; events must carry it as a number too" if self._note else ""
        if wrong := self._specials["wrong_type"]:
            remark = f"{wrong:,} values are no numbers: counted as wrong_type"
        return Fitted(self._reference(), remark)

    def _reference(self) -> NumericReference:
        specials = {name: self._specials[name] for name in NUMERIC_SPECIALS}
        std = self._spread.std(self._sketch.n)
        return numeric_reference(
            self._name, self._values, self._cells, specials, (self._sketch.mean, std), self._keep, self._note
        )


class NameCount:
    """A pass over a column that is read as names, whatever its values look like."""

    def __init__(self, name: str, *, forced: bool) -> None:
        self._name, self._forced = name, forced
        self._names = NameSketch()
        self._structures = 0

    def add(self, cells: Cells) -> None:
        """Count a chunk's names."""
        names, structures = cells.names()
        self._names.add(names)
        self._structures += structures

    def finish(self, rows: int) -> Outcome:
        """Finish, or count the frequent ones of too many names again."""
        if self._forced and not self._names.rows:
            raise BaselineError(f"--categorical {self._name}: the column has no value in any row")
        return _categorical(self._name, self._names, rows, self._structures, forced=self._forced)


class NameRecount:
    """The second pass over a column with too many names: the candidates' rows, exactly."""

    def __init__(self, name: str, names: NameSketch, structures: int) -> None:
        self._name, self._names, self._structures = name, names, structures
        self._exact = dict.fromkeys(names.counts, 0)

    def add(self, cells: Cells) -> None:
        """Count those names of a chunk that could be frequent."""
        names, _ = cells.names()
        for name in names.keys() & self._exact.keys():
            self._exact[name] += names[name]

    def finish(self, rows: int) -> Outcome:
        """Keep the most frequent."""
        singletons = self._names.singletons
        reference = categorical_reference(self._name, self._exact, self._names.rows, singletons)
        return _fitted_names(reference, rows, self._names.rows, self._structures)


def _categorical(name: str, names: NameSketch, rows: int, structures: int, *, forced: bool) -> Outcome:
    if not forced and names.rows >= _IDENTIFIER_ROWS and names.all_different:
        return LeftOut(f"every value is different, as in an identifier; --categorical {name} keeps it")
    if not names.complete:
        return NameRecount(name, names, structures)
    reference = categorical_reference(name, names.counts, names.rows, names.singletons)
    return _fitted_names(reference, rows, names.rows, structures)


def _fitted_names(reference: CategoricalReference, rows: int, named: int, structures: int) -> Fitted:
    unseen = int(reference.counts[len(reference.categories)])
    reference.counts[-2:] = rows - named - structures, structures
    remark = f"{structures:,} values are objects or lists: counted as wrong_type" if structures else ""
    if unseen:
        remark = (
            f"more than {len(reference.categories):,} categories: {unseen:,} rows of the rarer ones count as unseen"
        )
    return Fitted(reference, remark)


def _dates_as_numbers(read: Read, dates: dict[str, float]) -> Read:
    moments = [ms for text, ms in dates.items() for _ in range(read.words[text])]
    words = Counter({text: count for text, count in read.words.items() if text not in dates})
    return Read(np.concatenate([read.numbers, np.array(moments)]), words, read.structures)
