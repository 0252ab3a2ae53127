"""Where an event keeps what driftline reads, and the seam that every decoder fills."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from consumers.raw import Decoded, RawBatch

TimestampUnit: TypeAlias = Literal["auto", "s", "ms", "us", "ns", "iso"]
Scalar: TypeAlias = str | int | float | bool
Side: TypeAlias = Literal["request", "response"]
# Where a labelled event keeps what stood around its prediction's event, for paths that begin with "@".
AROUND = "around"


@dataclass(frozen=True, slots=True)
class EventFormat:
    """Dotted paths into an event: ``"a.b"`` is the field ``b`` of the object in the field ``a``.

    ``timestamp`` None takes the record's own timestamp. ``features`` is the object that holds the features, ``""`` the
    event itself; a feature's name is a key of that object as it stands, dots included. ``more_features`` are further
    objects: the row has the keys of all of them, of a key that stands in several the first. ``where`` maps paths to the
    values an event must have there. ``id`` names the event for people; decoding does not need it. ``segments`` are the
    paths to the values by which events are told apart. A path that begins with ``@`` leads to what stands around the
    event: ``"@time"`` is that of a CloudEvent, ``"@header.NAME"`` a header of the record.

    ``format`` is "auto", one of `consumers.decode.formats`, or ``"module:Class"``. ``names`` are those of values that
    come without (default: the baseline's features, in order); ``side`` says which half of a model server's traffic
    has the rows.
    """

    timestamp: str | None = None
    timestamp_unit: TimestampUnit = "auto"
    features: str = ""
    where: Mapping[str, Scalar] = field(default_factory=dict)
    id: str | None = None
    segments: tuple[str, ...] = ()
    format: str = "auto"
    names: tuple[str, ...] = ()
    side: Side = "request"
    more_features: tuple[str, ...] = ()

    @property
    def feature_paths(self) -> tuple[str, ...]:
        """The paths to all objects with features, in the order in which they count."""
        return (self.features, *self.more_features)


class Decoder(Protocol):
    """Understands raw batches; the same bytes give the same result whatever batch they come in."""

    def decode(self, batch: RawBatch) -> Decoded:
        """Return the batch's events as rows, beside what was refused and what belongs to others."""
        ...


def split_path(path: str) -> tuple[str, ...]:
    """Return the keys of a dotted path; none for the event itself.

    >>> split_path("payload.ts"), split_path("")
    (('payload', 'ts'), ())
    """
    return tuple(path.split(".")) if path else ()
