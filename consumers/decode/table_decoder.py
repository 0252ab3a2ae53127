"""Tables whose rows are events, and not parts of one: each row has a fate of its own."""

from collections.abc import Mapping

import numpy as np

from baselines.baseline import Baseline
from baselines.cells import IntArray
from consumers.decode.category_codes import CategoryCodes
from consumers.decode.event_format import EventFormat
from consumers.decode.features import FeatureColumns
from consumers.decode.frame import Frame
from consumers.decode.lenient import Refused, same
from consumers.decode.segment_names import SegmentNames
from consumers.decode.timestamps import to_ms
from consumers.raw import Decoded, Rejected
from stream.rows import Rows
from stream.segments import SegmentColumn


class TableDecoder:
    """Reads columns as the decoder of events reads plain objects; paths are names of columns.

    ``event_format`` must name a timestamp.
    """

    def __init__(self, baseline: Baseline, event_format: EventFormat) -> None:
        self._format, self._timestamp = event_format, event_format.timestamp or ""
        self._features = FeatureColumns(baseline, tuple(CategoryCodes(one) for one in baseline.categorical))
        self._segments = SegmentNames()

    def decode(self, frame: Frame, first_offset: int) -> Decoded:
        """Return the rows of n events with ascending offsets, those refused and why, and how many are foreign."""
        n, ours = len(frame), self._ours(frame)
        times = np.zeros(n, dtype=np.int64)
        times[ours], refused = self._times(frame, ours)
        numeric, categorical = self._features.of(frame)
        offsets = np.arange(first_offset, first_offset + n)
        rows = Rows(times, offsets, numeric, categorical, segments=self._segments_of(frame))
        good = ours[~np.isin(ours, list(refused))]
        told = tuple(
            Rejected(first_offset + row, error.reason, error.detail, None) for row, error in sorted(refused.items())
        )
        return Decoded(rows if len(good) == n else rows.take(good), told, n - len(ours))

    def _ours(self, frame: Frame) -> IntArray:
        """Return the numbers of the rows that belong to this monitor."""
        kept = np.ones(len(frame), dtype=np.bool_)
        for path, required in self._format.where.items():
            kept &= [same(value, required) for value in frame.column(path) or [None] * len(frame)]
        return np.flatnonzero(kept)

    def _times(self, frame: Frame, ours: IntArray) -> tuple[IntArray, Mapping[int, Refused]]:
        """Return the times of some rows, and by number why a row has none."""
        values, rows = frame.column(self._timestamp) or [None] * len(frame), ours.tolist()
        found, bad = to_ms([values[row] for row in rows], self._format.timestamp_unit)
        missing = Refused("no_timestamp", f"there is no value at {self._timestamp!r}")
        return found, {
            rows[place]: missing if values[rows[place]] is None else Refused("bad_timestamp", detail)
            for place, detail in bad.items()
        }

    def _segments_of(self, frame: Frame) -> SegmentColumn | None:
        if not self._format.segments:
            return None
        columns = [frame.column(path) or [None] * len(frame) for path in self._format.segments]
        return self._segments.column(zip(*columns, strict=True))
