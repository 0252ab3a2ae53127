"""The patient reader: records of every format, one by one, into common columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.event_format import EventFormat
from consumers.decode.format import Wanted
from consumers.decode.formats import reader_of
from consumers.decode.gathered import Added, Gathered, RowReader
from consumers.decode.lenient import Refused
from consumers.decode.parts import Part
from consumers.decode.plain import SHAPE_KEYS
from consumers.decode.record import Record
from consumers.decode.schemas import Registry
from consumers.decode.segment_names import SegmentNames
from consumers.decode.shape import Shape
from consumers.decode.tables import Table
from consumers.raw import RawBatch, RawRecord


@dataclass(slots=True)
class PatientlyRead:
    """Rows, and by place why a record is refused, and how many rows belong to others beside rows of ours."""

    parts: list[Part] = field(default_factory=list)
    refused: dict[int, Refused] = field(default_factory=dict)
    foreign_rows: dict[int, int] = field(default_factory=dict)


class PatientReader:
    """Reads what is given to it alone; a record is read whole, or refused whole."""

    def __init__(
        self,
        baseline: Baseline,
        event_format: EventFormat,
        codes: Sequence[CategoryCodes],
        registry: Registry | None = None,
    ) -> None:
        self._baseline, self._format, self._codes = baseline, event_format, codes
        self._segments = SegmentNames()
        self._rows = RowReader(event_format)
        features = tuple(feature.name for feature in baseline.features)
        self._reader = reader_of(Wanted(features, event_format, registry), self._rows.excludes)

    @property
    def shapes(self) -> list[Shape]:
        """How records look that need no patience."""
        return self._reader.shapes()

    @property
    def telling(self) -> tuple[str, ...]:
        """Keys that say that an object beside the features, or with them, may be something else than a row."""
        return (*SHAPE_KEYS, *(() if self._format.features else self._reader.keys))

    def read(self, batch: RawBatch, places: Sequence[int]) -> PatientlyRead:
        """Return what becomes of the records at some places."""
        gathered = Gathered(batch, self._baseline, self._format, self._codes, self._segments)
        read = PatientlyRead(refused=gathered.bad)
        for place in places:
            try:
                foreign = self._add(gathered, place, batch.record(place))
            except Refused as error:
                read.refused[place] = error
            else:
                if foreign:
                    read.foreign_rows[place] = foreign
        read.parts = gathered.all()
        return read

    def first(self, batch: RawBatch, place: int) -> tuple[Record, Table] | None:
        """Return the first of a record's tables that is ours, with the record it stands in; None where none is."""
        for inner, table in self._reader.read(Record.of(batch.record(place))):
            if len(table) and (own := self._rows.ours(inner, table)) is not None:
                return inner, own
        return None

    def _add(self, gathered: Gathered, place: int, raw: RawRecord) -> int:
        ours: list[Added] = []
        foreign = 0
        for inner, table in self._reader.read(Record.of(raw)):
            n = len(table)
            if n == 0:
                raise Refused("no_rows", "the event has no rows")
            if self._rows.is_idle:
                ours.append((table, n, (), ()))
                continue
            own = self._rows.ours(inner, table)
            if own is None:
                foreign += n
                continue
            if own is not table:
                foreign, n = foreign + n - len(own), len(own)
            ours.append((own, n, self._rows.times(inner, own, n), self._rows.segments(inner, own, n)))
        if not ours:
            return 0
        gathered.add(place, ours)
        return foreign
