"""Plain JSON events: bytes -> columns, quick for what is as it should be and patient with everything else."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np
from msgspec.structs import astuple

from baselines.baseline import Baseline
from baselines.cells import IntArray
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.columns import Columns
from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import LenientReader, Refused
from consumers.decode.segment_names import SegmentNames
from consumers.decode.timestamps import BAD_TIME_MS, LATEST_MS, to_ms
from consumers.decode.typed import REFUSALS, TypedReader, typed_reader
from consumers.raw import Decoded, RawBatch, Rejected
from stream.rows import Rows
from stream.segments import SegmentColumn

# Events turned into columns at a time: few enough for the processor's cache, enough to share out numpy's overhead.
_PIECE = 256


@dataclass(slots=True)
class _Piece:
    """Events read from neighbouring records: each one's place in the batch, its values and its raw time."""

    places: list[int] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)
    times: list[object] = field(default_factory=list)
    states: dict[int, Any] = field(default_factory=dict)
    segments: list[tuple[object, ...]] = field(default_factory=list)


class JsonDecoder:
    """Decodes JSON objects along the paths of a format, for the features of a baseline.

    What happens to an event is a function of its own bytes (and, without a timestamp path, of its record's timestamp):
    neighbours in the batch change nothing. Unknown fields are passed over. Of a key that occurs twice the last counts.
    """

    def __init__(self, baseline: Baseline, event_format: EventFormat) -> None:
        self._baseline, self._format = baseline, event_format
        self._codes = tuple(CategoryCodes(reference) for reference in baseline.categorical)
        self.typed = typed_reader(baseline, event_format)
        self._lenient = LenientReader(baseline, event_format)
        self._segments = SegmentNames()

    def decode(self, batch: RawBatch) -> Decoded:
        """Return rows in offset order, the records refused and why, and how many are foreign."""
        columns = Columns(self._baseline, self._codes, len(batch))
        rejected: dict[int, Rejected] = {}
        places: list[int] = []
        times: list[IntArray] = []
        segments: list[SegmentColumn] = []
        for start in range(0, len(batch), _PIECE):
            piece = _Piece()
            self._read(batch, start, piece, rejected)
            columns.append(piece.values, piece.states)
            times.append(self._times(batch, piece, rejected))
            places += piece.places
            segments += [self._segments.column(piece.segments)] if self._format.segments else []
        rows = _rows(batch, columns, places, times, SegmentColumn.join(segments) if segments else None)
        foreign = len(batch) - len(rows) - len(rejected)
        return Decoded(rows, tuple(rejected[place] for place in sorted(rejected)), foreign)

    def _read(self, batch: RawBatch, start: int, piece: _Piece, rejected: dict[int, Rejected]) -> None:
        """Read the records from ``start`` on; whatever stops the quick reader goes to the patient one, alone."""
        values = batch.values[start : start + _PIECE]
        position, rest = 0, iter(values)
        while position < len(values):
            if self.typed is not None:
                position += self._read_typed(self.typed, rest, piece, start + position)
            if position < len(values):
                self._read_lenient(batch, start + position, piece, rejected)
                position += 1

    def _read_typed(self, typed: TypedReader, rest: Iterator[bytes | None], piece: _Piece, start: int) -> int:
        """Read events up to the first that the typed reader refuses (and uses up); return their number."""
        events: list[Any] = []
        with suppress(*REFUSALS):
            events.extend(map(typed.decode, rest))
        n = len(events)
        places: Sequence[int] = range(start, start + n)
        if typed.where is not None:
            ours = [value == typed.required for value in map(typed.where, events)]
            events, places = list(compress(events, ours)), list(compress(places, ours))
        piece.places += places
        piece.values += map(astuple, map(typed.features, events))
        if typed.time is not None:
            piece.times += map(typed.time, events)
        if typed.segment is not None:
            piece.segments += map(typed.segment, events)
        return n

    def _read_lenient(self, batch: RawBatch, place: int, piece: _Piece, rejected: dict[int, Rejected]) -> None:
        try:
            event = self._lenient.read(batch.values[place])
        except Refused as refused:
            rejected[place] = _rejected(batch, place, refused)
            return
        if event is None:
            return
        if event.states:
            piece.states[len(piece.places)] = event.states
        piece.places.append(place)
        piece.values.append(event.values)
        piece.times.append(event.time)
        piece.segments.append(event.segment)

    def _times(self, batch: RawBatch, piece: _Piece, rejected: dict[int, Rejected]) -> IntArray:
        """Return the piece's event times; an event without one is rejected and has ``BAD_TIME_MS``."""
        if self._format.timestamp is None:
            times, bad = _record_times(batch, piece.places)
            reason = "no_timestamp"
        else:
            times, bad = to_ms(piece.times, self._format.timestamp_unit)
            reason = "bad_timestamp"
        for row, detail in bad.items():
            place = piece.places[row]
            rejected[place] = _rejected(batch, place, Refused(reason, detail))
        return times


def _record_times(batch: RawBatch, places: Sequence[int]) -> tuple[IntArray, dict[int, str]]:
    """Return the records' own timestamps, and by row where there is none (Kafka writes -1 for that)."""
    if batch.timestamps_ms is None:
        return np.full(len(places), BAD_TIME_MS), dict.fromkeys(range(len(places)), "the record has no timestamp")
    times = np.fromiter((batch.timestamps_ms[place] for place in places), np.int64, len(places))
    bad = np.flatnonzero((times < 0) | (times > LATEST_MS)).tolist()
    times[bad] = BAD_TIME_MS
    return times, dict.fromkeys(bad, "the record has no timestamp between 1970 and 9999")


def _rejected(batch: RawBatch, place: int, refused: Refused) -> Rejected:
    return Rejected(batch.offsets[place], refused.reason, refused.detail, batch.values[place])


def _rows(
    batch: RawBatch,
    columns: Columns,
    places: Sequence[int],
    pieces: Sequence[IntArray],
    segments: SegmentColumn | None,
) -> Rows:
    """Join what was read, without the events that have no time."""
    times = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
    offsets = _at(batch.offsets, places)
    records = None if batch.timestamps_ms is None else _at(batch.timestamps_ms, places)
    rows = Rows(times, offsets, columns.numeric(), columns.categorical(), records, segments)
    good = times != BAD_TIME_MS
    return rows if good.all() else rows.take(np.flatnonzero(good))


def _at(numbers: Sequence[int], places: Sequence[int]) -> IntArray:
    """Return the numbers at these places, which ascend; all of them, mostly."""
    array = np.fromiter(numbers, np.int64, len(numbers))
    return array if len(places) == len(array) else array[np.array(places, dtype=np.int64)]
