"""Segments: the values by which a monitor's events are told apart, and watched apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from baselines.cells import IntArray

# The values of one segment, in the order in which the configuration names them.
Segment: TypeAlias = tuple[str, ...]
# The segment of a monitor whose events are not told apart.
WHOLE: Segment = ()
# The value in place of all those that are too many to be watched apart.
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class SegmentColumn:
    """The segment of each event of a batch: ``codes`` (n,), numbers of ``names``."""

    codes: IntArray
    names: tuple[Segment, ...]

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> "SegmentColumn":
        """Return the segments of a batch, numbered in the order in which they come."""
        numbers: dict[Segment, int] = {}
        codes = [numbers.setdefault(segment, len(numbers)) for segment in segments]
        return cls(np.array(codes, dtype=np.int64), tuple(numbers))

    @classmethod
    def join(cls, columns: Sequence["SegmentColumn"]) -> "SegmentColumn":
        """Put the columns of several batches one behind the other."""
        numbers: dict[Segment, int] = {}
        parts = []
        for column in columns:
            renumbered = [numbers.setdefault(name, len(numbers)) for name in column.names]
            parts.append(np.array(renumbered, dtype=np.int64)[column.codes])
        return cls(np.concatenate(parts), tuple(numbers))

    def take(self, index: IntArray) -> "SegmentColumn":
        """Select rows by number."""
        return SegmentColumn(self.codes[index], self.names)


@dataclass(frozen=True, slots=True)
class Division:
    """How a monitor's events are told apart: the names of a segment's values, and how many segments are watched.

    ``version_at`` is the place of the model's version among the names; None where events have none.
    """

    names: tuple[str, ...] = ()
    version_at: int | None = None
    most: int = 1

    @property
    def others(self) -> Segment:
        """The segment under which the events of all further ones are counted."""
        return (OTHER,) * len(self.names)

    def of_version(self, segment: Segment, version: str) -> Segment | None:
        """Return the same segment of another version of the model; None for that version's own."""
        if self.version_at is None or segment[self.version_at] == version:
            return None
        return (*segment[: self.version_at], version, *segment[self.version_at + 1 :])


UNDIVIDED = Division()
