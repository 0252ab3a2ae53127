"""Training rows counted into windows, however they are ordered, in memory that does not grow with their number."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from baselines import BaselineError, Layout
from baselines.cells import IntArray
from baselines.fitting import FitOptions
from baselines.fitting.files import Training
from baselines.fitting.options import chunks_of
from consumers.training.rows import RowReader
from stream.counts import Counts
from stream.packing import pack, unpack
from stream.rows import Rows
from stream.schedule import Schedule

# Values held before they are counted: rows in any order then touch each window only so often.
_HELD_VALUES = 2**21
Progress = Callable[[int, int | None], None]


class TrainingWindows:
    """The counts of every window of the training data, packed, by the window's start."""

    def __init__(self, layout: Layout, schedule: Schedule) -> None:
        self.layout, self.schedule = layout, schedule
        self._packed: dict[int, tuple[bytes, ...]] = {}
        self._rows: dict[int, int] = {}
        self._held: list[Rows] = []
        self._values = 0

    @classmethod
    def of_files(
        cls, paths: Sequence[Training], options: FitOptions, layout: Layout, schedule: Schedule, progress: Progress
    ) -> "TrainingWindows":
        """Read the files, or tables, that the baseline of ``layout`` was fitted to, and count their rows into windows.

        Raises ``BaselineError`` for a row without a time, and for files that are not those of the fit.
        """
        windows, reader, read = cls(layout, schedule), RowReader(layout, options.time), 0
        for path in paths:
            before = read
            for chunk in chunks_of(path, options):
                windows.add(reader.read(chunk, path, read - before))
                read += chunk.rows
                progress(read, layout.baseline.n)
        windows.check_whole(paths[0])
        return windows

    @property
    def starts(self) -> IntArray:
        """Where the windows begin, in order."""
        self._flush()
        return np.array(sorted(self._packed), dtype=np.int64)

    def add(self, rows: Rows) -> None:
        """Count rows into their windows."""
        self._held.append(rows)
        self._values += len(rows) * (len(rows.numeric) + len(rows.categorical))
        if self._values >= _HELD_VALUES:
            self._flush()

    def rows(self, start_ms: int) -> int:
        """Return the rows of the window that begins here; 0 where there is none."""
        return self._rows.get(start_ms, 0)

    def counts(self, start_ms: int) -> Counts:
        """Return the counts of the window that begins here."""
        return unpack(self._packed[start_ms], self.layout)

    @cached_property
    def total(self) -> Counts:
        """The counts of all windows together."""
        total = Counts.zero(self.layout)
        for start in self.starts.tolist():
            total.add(self.counts(start))
        return total

    def check_whole(self, path: Training) -> None:
        """Raise ``BaselineError`` unless the windows together hold the very counts of the baseline."""
        if not np.array_equal(self.total.cells, self.layout.reference):
            raise BaselineError(f"{path}: changed while it was read: fit files that nobody writes to")

    def _flush(self) -> None:
        """Count what is held."""
        if not self._held:
            return
        rows = Rows.join(self._held)
        self._held, self._values = [], 0
        for start, part in _by_window(rows, self.schedule.pane_starts(rows.times_ms)):
            counts = Counts.of(self.layout, part)
            counts.names = {}
            if start in self._packed:
                counts.add(unpack(self._packed[start], self.layout))
            self._packed[start], self._rows[start] = pack(counts), counts.rows


def _by_window(rows: Rows, starts: IntArray) -> Iterator[tuple[int, Rows]]:
    order = np.argsort(starts, kind="stable")
    windows, firsts = np.unique(starts[order], return_index=True)
    for start, index in zip(windows.tolist(), np.split(order, firsts[1:]), strict=True):
        yield start, rows.take(index)
