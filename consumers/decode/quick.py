"""The quick way for JSON events that are as they should be: bytes -> columns, a few hundred at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, compress, repeat
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import astuple

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.columns import Columns
from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import Refused
from consumers.decode.parts import Part, times_of
from consumers.decode.segment_names import SegmentNames
from consumers.decode.shape import Shape
from consumers.decode.typed import REFUSALS, TypedReader, typed_reader
from consumers.raw import RawBatch
from stream.segments import SegmentColumn

T = TypeVar("T")

# Events turned into columns at a time: few enough for the processor's cache, enough to share out numpy's overhead.
_PIECE = 256
# So many events that this reader refuses, one behind the other, are probably not the last ones.
_STRANGE = 16


@dataclass(frozen=True, slots=True)
class QuicklyRead:
    """A batch's events as far as they are as they should be: ``rest`` are the places of the others.

    ``enveloped`` are those of events that are not plain; ``refused`` have no time.
    """

    part: Part
    rest: Sequence[int] = ()
    enveloped: Sequence[int] = ()
    refused: Mapping[int, Refused] = field(default_factory=dict)


@dataclass(slots=True)
class _Piece:
    """Events read from neighbouring records: each one's place in the batch, its values and its raw time."""

    places: list[int] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)
    times: list[object] = field(default_factory=list)
    segments: list[tuple[object, ...]] = field(default_factory=list)
    enveloped: list[int] = field(default_factory=list)


class QuickReader:
    """Reads what one of the typed readers takes; what it takes means the same to the patient reader.

    The one that read the last record is tried first: which one it is says how quickly a record is read, and no more.
    """

    def __init__(
        self,
        readers: Sequence[TypedReader],
        baseline: Baseline,
        event_format: EventFormat,
        codes: Sequence[CategoryCodes],
    ) -> None:
        self.typed, self._readers = readers[0], readers
        self._trials = _STRANGE
        self._baseline, self._format, self._codes = baseline, event_format, codes
        self._segments = SegmentNames()

    def read(self, batch: RawBatch) -> QuicklyRead:
        """Return rows in offset order, and the places of the records that are left."""
        columns = Columns(self._baseline, self._codes, len(batch))
        places: list[int] = []
        times = [np.empty(0, dtype=np.int64)]
        segments: list[SegmentColumn] = []
        rest: list[int] = []
        enveloped: list[int] = []
        refused: dict[int, Refused] = {}
        usable = self._usable(batch)
        if self.typed not in usable:
            if not usable:
                return QuicklyRead(Part.empty(self._baseline, self._format), range(len(batch)))
            self.typed = usable[0]
        for start in range(0, len(batch), _PIECE):
            piece = _Piece()
            self._read_piece(batch.values[start : start + _PIECE], start, piece, rest, usable)
            columns.append(piece.values)
            found, bad = times_of(batch, self._format, piece.places, piece.times)
            times.append(found)
            refused |= bad
            places += piece.places
            enveloped += piece.enveloped
            segments += [self._segments.column(piece.segments)] if self._format.segments else []
        part = Part(
            np.array(places, dtype=np.int64),
            np.concatenate(times),
            columns.numeric(),
            columns.categorical(),
            SegmentColumn.join(segments) if segments else None,
        )
        return QuicklyRead(part, rest, enveloped, refused)

    def _usable(self, batch: RawBatch) -> Sequence[TypedReader]:
        """Return the readers of records of which no header says that they are something else."""
        if batch.headers is None or not any(batch.headers):
            return self._readers
        told = set(map(str.lower, {name for headers in batch.headers for name, _ in headers}))
        return [one for one in self._readers if told.isdisjoint(one.shape.refused_headers)]

    def _read_piece(
        self,
        values: Sequence[bytes | None],
        start: int,
        piece: _Piece,
        rest: list[int],
        usable: Sequence[TypedReader],
    ) -> None:
        position, strange, records = 0, 0, iter(values)
        while position < len(values):
            read = self._read_run(records, piece, start + position)
            position += read
            strange = 0 if read else strange + 1
            if position == len(values):
                break
            if strange >= self._trials or position == 0:
                if self._turn_to_what_takes(values[position], usable):
                    records = iter(values[position:])
                    continue
                if strange >= self._trials:
                    break
            rest.append(start + position)
            position += 1
        rest += range(start + position, start + len(values))
        # Where nothing was read, little will be.
        self._trials = 1 if strange == position + 1 else _STRANGE

    def _turn_to_what_takes(self, value: bytes | None, usable: Sequence[TypedReader]) -> bool:
        """Go on with another reader that takes this record, if there is one."""
        found = next((one for one in usable if one is not self.typed and one.takes(value)), None)
        self.typed = found or self.typed
        return found is not None

    def _read_run(self, records: Iterator[bytes | None], piece: _Piece, start: int) -> int:
        """Read events up to the first that the typed reader refuses (and uses up); return their number."""
        typed = self.typed
        events: list[Any] = []
        with suppress(*REFUSALS):
            events.extend(map(typed.decode, records))
        n = len(events)
        places: Iterable[int] = range(start, start + n)
        if typed.where is not None:
            ours = [value == typed.required for value in map(typed.where, events)]
            events, places = list(compress(events, ours)), compress(places, ours)
        features = list(map(typed.features, events))
        lengths = None if typed.pick is None else list(map(len, features))
        piece.places += _spread(places, lengths)
        piece.enveloped += range(start, start + n) if typed.shape.event else ()
        if typed.pick is None:
            piece.values += map(astuple, features)
        else:
            piece.values += map(typed.pick, chain.from_iterable(features))
        if typed.time is not None:
            piece.times += _spread(map(typed.time, events), lengths)
        if typed.segment is not None:
            piece.segments += _spread(map(typed.segment, events), lengths)
        return n


def _spread(values: Iterable[T], lengths: Sequence[int] | None) -> Iterable[T]:
    """Return an event's value for each of its rows."""
    return values if lengths is None else chain.from_iterable(map(repeat, values, lengths))


def quick_reader(
    baseline: Baseline,
    event_format: EventFormat,
    codes: Sequence[CategoryCodes],
    shapes: Iterable[Shape],
    telling: Sequence[str],
) -> QuickReader | None:
    """Return the quick reader; None where the configured events have no shape that it can read.

    Keys in ``telling`` say that the features' object may be something else than a row.
    """
    made = (typed_reader(baseline, event_format, telling, shape) for shape in shapes)
    readers = [typed for typed in made if typed is not None]
    return QuickReader(readers, baseline, event_format, codes) if readers else None
