"""A sample, opened with every format there is: what each record holds, and which formats have read it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from consumers.decode.event_format import EventFormat
from consumers.decode.event_reader import EventReader
from consumers.decode.format import Announced, Format, Opened, Wanted
from consumers.decode.format_names import AUTO, FORMATS, JSON
from consumers.decode.formats import format_named
from consumers.decode.lenient import Refused
from consumers.decode.plain import Plain
from consumers.decode.record import Record
from consumers.decode.schemas import Registry
from consumers.decode.tables import Names, Table
from consumers.onboarding.sample import Sample
from consumers.raw import Headers


@dataclass(frozen=True, slots=True)
class Guess:
    """What the reader is told: names of features, "" or the path to them, paths to further objects, and the format."""

    known: Names = ()
    features: str = ""
    more: tuple[str, ...] = ()
    format: str = AUTO

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths to all objects with features."""
        return (self.features, *self.more)


@dataclass(frozen=True, slots=True)
class Event:
    """The rows of (a part of) one record: ``batch`` and ``place`` say where it is in the sample."""

    batch: int
    place: int
    record: Record
    table: Table
    formats: tuple[str, ...]


@dataclass(slots=True)
class Seen:
    """What became of a sample: events, reasons with the number of their records and one detail each, and the rest.

    ``unread`` are the innermost records that were refused, with the formats that had opened them.
    """

    records: int = 0
    events: list[Event] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    unread: list[tuple[Record, tuple[str, ...]]] = field(default_factory=list)

    @property
    def read(self) -> int:
        """How many records have rows."""
        return len({(event.batch, event.place) for event in self.events})

    def formats(self) -> Counter[tuple[str, ...]]:
        """Return how many records each chain of formats has read, the outermost first."""
        return Counter({(event.batch, event.place): event.formats for event in self.events}.values())


def open_sample(sample: Sample, guess: Guess, registry: Registry | None = None, most: int | None = None) -> Seen:
    """Open the records of a sample, at most so many of them, spread over its batches."""
    notes = _Notes()
    told = EventFormat(features=guess.features, names=guess.known, more_features=guess.more, format=guess.format)
    reader = _reader(_Everything(guess.known, told, registry), notes)
    seen = Seen()
    each = None if most is None else -(-most // max(1, len(sample.batches)))
    for number, batch in enumerate(sample.batches):
        for place, value in enumerate(batch.values[:each]):
            record = Record(value, _by_name(batch.headers[place]) if batch.headers is not None else None)
            _open(reader, notes, seen, (number, place), record)
    return seen


def _open(reader: EventReader, notes: "_Notes", seen: Seen, at: tuple[int, int], record: Record) -> None:
    seen.records += 1
    notes.clear()
    try:
        found = reader.read(record)
        events = [Event(*at, inner, table, notes.chain) for inner, table in found if len(table)]
    except Refused as error:
        seen.refused[error.reason] += 1
        seen.details.setdefault(error.reason, error.detail)
        if notes.last is not None:
            seen.unread.append((notes.last, notes.chain))
        return
    if not events:
        seen.refused["foreign" if not found else "no_rows"] += 1
    seen.events += events


def _by_name(headers: Headers) -> dict[str, bytes]:
    return {name.lower(): value for name, value in headers if value is not None}


@dataclass(slots=True)
class _Notes:
    """Which formats have read the present record, and the innermost record that one of them was given."""

    names: list[str] = field(default_factory=list)
    last: Record | None = None

    @property
    def chain(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.names))

    def clear(self) -> None:
        self.names, self.last = [], None

    def note(self, name: str, record: Record) -> None:
        self.names.append(name)
        self.last = record


class _Noted:
    """A format that notes what it reads."""

    def __init__(self, name: str, one: Format, notes: _Notes) -> None:
        self._name, self._format, self._notes = name, one, notes

    @property
    def announced(self) -> Announced:
        return self._format.announced

    @property
    def is_envelope(self) -> bool:
        return self._format.is_envelope

    def claims(self, record: Record) -> bool:
        return self._format.claims(record)

    def read(self, record: Record) -> Opened:
        self._notes.note(self._name, record)
        return self._format.read(record)


class _NotedPlain(Plain):
    """Plain JSON that notes what it reads."""

    def __init__(self, wanted: Wanted, notes: _Notes) -> None:
        super().__init__(wanted)
        self._notes = notes

    def read(self, record: Record) -> Table:
        self._notes.note(JSON, record)
        return super().read(record)


class _All(frozenset[str]):
    """Contains every name."""

    def __contains__(self, name: object) -> bool:
        return True


class _Everything(Wanted):
    """What formats are made for while it is not known which columns are wanted."""

    @property
    def columns(self) -> frozenset[str]:
        return _All()

    @property
    def names(self) -> Names:
        # Values without names are refused until they have some.
        return self.event_format.names or self.features


def _reader(wanted: Wanted, notes: _Notes) -> EventReader:
    formats: Mapping[str, Format] = dict(_noted(wanted, notes))
    fixed = formats.get(wanted.event_format.format)
    return EventReader(tuple(formats.values()), _NotedPlain(wanted, notes), fixed, lambda record: False)


def _noted(wanted: Wanted, notes: _Notes) -> Iterator[tuple[str, Format]]:
    named = wanted.event_format.format
    for name in dict.fromkeys((*FORMATS, *(() if named in (AUTO, JSON) else (named,)))):
        yield name, _Noted(name, format_named(name, wanted), notes)
