"""The seam of formats: what every one of them fills, and what it is made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from consumers.decode.event_format import EventFormat
from consumers.decode.record import Record
from consumers.decode.schemas import Registry
from consumers.decode.tables import Names, Table

# Rows; or the records inside an envelope; or None, where it holds nothing that this monitor watches.
Opened: TypeAlias = Table | Sequence[Record] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What formats are made for: the baseline's features, where an event keeps what is read, and who knows schemas.

    ``also`` are paths to more than that. Without features, everything is wanted that there is.
    """

    features: Names
    event_format: EventFormat
    registry: Registry | None = None
    also: Names = ()

    @property
    def names(self) -> Names | None:
        """The names of values that come without; None for numbers in their stead, as many as there are."""
        return self.event_format.names or self.features or None

    @property
    def paths(self) -> frozenset[str]:
        """The paths to what is read beside the features."""
        told = self.event_format
        return frozenset((*filter(None, (told.timestamp,)), *told.where, *told.segments, *self.also))

    @property
    def columns(self) -> frozenset[str] | None:
        """The names of all columns that may be read; None for all there are."""
        return self.paths.union(self.features) if self.features else None


@dataclass(frozen=True, slots=True)
class Announced:
    """What says that a record may be of a format: (lower-case) names of headers, first bytes, keys of a JSON object."""

    headers: Names = ()
    prefixes: tuple[bytes, ...] = ()
    keys: Names = ()


class Format(Protocol):
    """One way in which events are written: rows, or an envelope around other records.

    Whether a record that is announced is of this format, ``claims`` tells in a second look.
    """

    @property
    def announced(self) -> Announced:
        """What to look for in a record."""
        ...

    @property
    def is_envelope(self) -> bool:
        """Whether this holds records, and not rows."""
        ...

    def claims(self, record: Record) -> bool:
        """Tell whether a record that was announced is of this format."""
        ...

    def read(self, record: Record) -> Opened:
        """Return what a record holds; raises Refused where it is none of this format, or damaged."""
        ...
