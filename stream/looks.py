"""Looks: which fields a sample of the events has, and what is in them, as counts that add and merge in any order.

Cells say how the values of features lie. What else an event holds is only in its bytes, so the counter looks closer at
some events: which ones, their offsets alone decide. What it sees are names and kinds ("number", "text"), never values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import IntArray
from stream.unseen import LONGEST_NAME, keep_bottom, merge_names

# Fields of an object, each with the kind of its value; and those of all objects of an event that were looked at.
Fields: TypeAlias = tuple[tuple[str, str], ...]
Shape: TypeAlias = tuple[Fields, ...]
# So many names are told apart. Events whose keys are identifiers have more, and then nothing is said of names.
MOST_FIELDS = 256
# The CloudEvents extension of the sampling rate: of so many events like this one, only this one was sent. Its value
# stands where other fields have the kind of theirs.
RATE = "@sampledrate"
# One event in so many is looked at.
EVENTS_PER_LOOK = 192
# Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): neighbours are spread evenly. Every 192nd offset
# as it stands would miss all events of a producer whose transactions put a marker behind each.
_MULTIPLIER, _BOUND = np.uint64(0x9E3779B97F4A7C15), np.uint64(2**64 // EVENTS_PER_LOOK)


def chosen(offsets: IntArray) -> NDArray[np.bool_]:
    """Tell which events are looked at, by their offsets (n,)."""
    hashes = offsets.astype(np.uint64) * _MULTIPLIER
    found: NDArray[np.bool_] = hashes < _BOUND
    return found


@dataclass(frozen=True, slots=True)
class LookColumn:
    """The looks at a batch of rows: ``rows`` (k,) are the numbers of those looked at, rising, with their shapes."""

    rows: IntArray
    shapes: tuple[Shape, ...]

    @classmethod
    def join(cls, columns: Sequence["LookColumn | None"], lengths: Sequence[int]) -> "LookColumn | None":
        """Put the columns of batches of these lengths one behind the other; None where there are none."""
        starts = np.cumsum([0, *lengths])
        found = [(column, start) for column, start in zip(columns, starts.tolist(), strict=False) if column is not None]
        if not found:
            return None
        rows = np.concatenate([column.rows + start for column, start in found])
        return cls(rows, tuple(shape for column, _ in found for shape in column.shapes))

    def take(self, index: IntArray) -> "LookColumn | None":
        """Select rows by number; None where none of them was looked at."""
        hits = np.flatnonzero(np.isin(index, self.rows))
        known = dict(zip(self.rows.tolist(), self.shapes, strict=True))
        shapes = tuple(known[row] for row in index[hits].tolist())
        return LookColumn(hits, shapes) if shapes else None


@dataclass(slots=True)
class Looks:
    """How many events were looked at (``n``), and of each field how many had it with which kind of value."""

    n: int = 0
    fields: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, column: LookColumn | None) -> "Looks":
        """Count the looks at a batch."""
        looks = cls()
        if column is not None:
            looks.n = len(column.shapes)
            # By identity: who looks hands out the same tuple for objects that are alike, and to compare them costs.
            known = {id(fields): fields for fields in chain.from_iterable(column.shapes)}
            for which, times in Counter(map(id, chain.from_iterable(column.shapes))).items():
                for name, kind in known[which]:
                    kinds = looks.fields.setdefault(name[:LONGEST_NAME], {})
                    kinds[kind] = kinds.get(kind, 0) + times
            looks.fields = {name: merge_names([kinds]) for name, kinds in looks.fields.items()}
            looks._bound()
        return looks

    @property
    def is_full(self) -> bool:
        """Whether there may be more names than are told apart: then nothing is known of one that is not here."""
        return len(self.fields) >= MOST_FIELDS

    def add(self, other: "Looks") -> None:
        """Add in place."""
        self.n += other.n
        for name, kinds in other.fields.items():
            self.fields[name] = merge_names([self.fields.get(name, {}), kinds])
        self._bound()

    def in_order(self) -> "Looks":
        """Return the same with the names in order: the same bytes, whatever order they were counted in."""
        return Looks(self.n, {name: dict(sorted(kinds.items())) for name, kinds in sorted(self.fields.items())})

    def share(self, name: str) -> float:
        """Return in which share of the events a field was."""
        return sum(self.fields.get(name, {}).values()) / self.n if self.n else 0.0

    def _bound(self) -> None:
        if len(self.fields) > MOST_FIELDS:
            self.fields = {name: self.fields[name] for name in keep_bottom(self.fields, MOST_FIELDS)}
