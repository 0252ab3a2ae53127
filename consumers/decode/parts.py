"""Rows as decoders find them, piece by piece, put in the order of their records."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from baselines.baseline import Baseline
from baselines.cells import IntArray
from consumers.decode.event_format import EventFormat
from consumers.decode.lenient import Refused
from consumers.decode.timestamps import BAD_TIME_MS, LATEST_MS, Times, to_ms
from consumers.raw import RawBatch, Rejected
from stream.rows import CategoricalColumn, NumericColumn, Rows
from stream.segments import SegmentColumn


@dataclass(frozen=True, slots=True)
class Part:
    """Rows (n,): their records' places in the batch, event times (UTC ms), and a column per feature."""

    places: IntArray
    times_ms: IntArray
    numeric: tuple[NumericColumn, ...]
    categorical: tuple[CategoricalColumn, ...]
    segments: SegmentColumn | None

    @classmethod
    def empty(cls, baseline: Baseline, event_format: EventFormat) -> "Part":
        """Return no rows."""
        none = np.empty(0, dtype=np.int64)
        numbers = tuple(NumericColumn(np.empty(0)) for _ in baseline.numeric)
        texts = tuple(CategoricalColumn(none) for _ in baseline.categorical)
        return cls(none, none, numbers, texts, SegmentColumn.of([]) if event_format.segments else None)


def rows_of(batch: RawBatch, parts: Sequence[Part], refused: Collection[int]) -> Rows:
    """Join parts (one at least) in the order of their records, without those of the refused places."""
    places, rows = parts[0].places, _as_rows(parts[0])
    if len(parts) > 1:
        places = np.concatenate([part.places for part in parts])
        rows = Rows.join([_as_rows(part) for part in parts])
    records = None if batch.timestamps_ms is None else _at(batch.timestamps_ms, places)
    rows = replace(rows, offsets=_at(batch.offsets, places), record_times_ms=records)
    is_in_order = len(parts) == 1 or bool((places[1:] >= places[:-1]).all())
    if is_in_order and not refused:
        return rows
    index = np.arange(len(places)) if is_in_order else np.argsort(places, kind="stable")
    return rows.take(index[~np.isin(places[index], list(refused))] if refused else index)


def times_of(
    batch: RawBatch, event_format: EventFormat, places: Sequence[int], times: Times
) -> tuple[IntArray, dict[int, Refused]]:
    """Return the event times (n,) of rows, and by place why a record has none."""
    if event_format.timestamp is not None:
        found, bad = to_ms(times, event_format.timestamp_unit)
        return found, {places[row]: Refused("bad_timestamp", detail) for row, detail in bad.items()}
    if batch.timestamps_ms is None:
        no_time = Refused("no_timestamp", "the record has no timestamp")
        return np.full(len(places), BAD_TIME_MS), dict.fromkeys(places, no_time)
    found = np.fromiter((batch.timestamps_ms[place] for place in places), np.int64, len(places))
    rows = np.flatnonzero((found < 0) | (found > LATEST_MS)).tolist()
    no_time = Refused("no_timestamp", "the record has no timestamp between 1970 and 9999")
    return found, dict.fromkeys((places[row] for row in rows), no_time)


def rejected(batch: RawBatch, place: int, refused: Refused) -> Rejected:
    """Return a refused record with its bytes."""
    return Rejected(batch.offsets[place], refused.reason, refused.detail[:200], batch.values[place])


def _as_rows(part: Part) -> Rows:
    return Rows(part.times_ms, part.places, part.numeric, part.categorical, segments=part.segments)


def _at(numbers: Sequence[int], places: IntArray) -> IntArray:
    """Return the numbers at these places."""
    return np.fromiter(numbers, np.int64, len(numbers))[places]
