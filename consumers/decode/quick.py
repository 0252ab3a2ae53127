"""The quick way for plain JSON events that are as they should be: bytes -> columns, a few hundred at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import numpy as np
from msgspec.structs import astuple

from baselines.baseline import Baseline
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.columns import Columns
from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import Refused
from consumers.decode.parts import Part, times_of
from consumers.decode.segment_names import SegmentNames
from consumers.decode.typed import REFUSALS, TypedReader, typed_reader
from consumers.raw import RawBatch
from stream.segments import SegmentColumn

# Events turned into columns at a time: few enough for the processor's cache, enough to share out numpy's overhead.
_PIECE = 256
# So many events that this reader refuses, one behind the other, are probably not the last ones.
_STRANGE = 16


@dataclass(frozen=True, slots=True)
class QuicklyRead:
    """A batch's events as far as they are plain: ``rest`` are the places of the others, ``refused`` have no time."""

    part: Part
    rest: Sequence[int] = ()
    refused: Mapping[int, Refused] = field(default_factory=dict)


@dataclass(slots=True)
class _Piece:
    """Events read from neighbouring records: each one's place in the batch, its values and its raw time."""

    places: list[int] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)
    times: list[object] = field(default_factory=list)
    segments: list[tuple[object, ...]] = field(default_factory=list)


class QuickReader:
    """Reads what the typed reader takes; what it takes means the same to the patient reader."""

    def __init__(
        self, typed: TypedReader, baseline: Baseline, event_format: EventFormat, codes: Sequence[CategoryCodes]
    ) -> None:
        self.typed, self._baseline, self._format, self._codes = typed, baseline, event_format, codes
        self._segments = SegmentNames()

    def read(self, batch: RawBatch) -> QuicklyRead:
        """Return rows in offset order, and the places of the records that are left."""
        columns = Columns(self._baseline, self._codes, len(batch))
        places: list[int] = []
        times = [np.empty(0, dtype=np.int64)]
        segments: list[SegmentColumn] = []
        rest: list[int] = []
        refused: dict[int, Refused] = {}
        for start in range(0, len(batch), _PIECE):
            piece = _Piece()
            self._read_piece(batch.values[start : start + _PIECE], start, piece, rest)
            columns.append(piece.values)
            found, bad = times_of(batch, self._format, piece.places, piece.times)
            times.append(found)
            refused |= bad
            places += piece.places
            segments += [self._segments.column(piece.segments)] if self._format.segments else []
        part = Part(
            np.array(places, dtype=np.int64),
            np.concatenate(times),
            columns.numeric(),
            columns.categorical(),
            SegmentColumn.join(segments) if segments else None,
        )
        return QuicklyRead(part, rest, refused)

    def _read_piece(self, values: Sequence[bytes | None], start: int, piece: _Piece, rest: list[int]) -> None:
        position, strange, records = 0, 0, iter(values)
        while position < len(values):
            read = self._read_run(records, piece, start + position)
            position += read
            strange = 0 if read else strange + 1
            if strange == _STRANGE:
                break
            if position < len(values):
                rest.append(start + position)
                position += 1
        rest += range(start + position, start + len(values))

    def _read_run(self, records: Iterator[bytes | None], piece: _Piece, start: int) -> int:
        """Read events up to the first that the typed reader refuses (and uses up); return their number."""
        typed = self.typed
        events: list[Any] = []
        with suppress(*REFUSALS):
            events.extend(map(typed.decode, records))
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


def quick_reader(
    baseline: Baseline, event_format: EventFormat, codes: Sequence[CategoryCodes], telling: Sequence[str]
) -> QuickReader | None:
    """Return the quick reader; None where the configured events have no shape that it can read.

    Keys in ``telling`` say that the features' object may be something else than a row.
    """
    typed = typed_reader(baseline, event_format, telling)
    return None if typed is None else QuickReader(typed, baseline, event_format, codes)
