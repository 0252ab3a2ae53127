"""Chunks of training files -> the rows that the stream's counting takes."""

import numpy as np

from baselines import BaselineError, Layout, NumericReference
from baselines.cells import IntArray
from baselines.fitting.cells import Cells, Chunk
from baselines.fitting.codes import Codes, placed
from baselines.fitting.columns import EPOCH_NOTE
from baselines.fitting.files import Training
from consumers.decode.timestamps import to_ms
from stream.rows import MISSING, NOT_A_NUMBER, PRESENT, WRONG_TYPE, CategoricalColumn, NumericColumn, Rows


class RowReader:
    """Reads chunks against one baseline, each value as fitting counted it; ``time`` names the column with the times."""

    def __init__(self, layout: Layout, time: str) -> None:
        self._time = time
        self._numeric = layout.baseline.numeric
        self._categorical = [(feature.name, Codes(feature)) for feature in layout.baseline.categorical]

    def read(self, chunk: Chunk, path: Training, before: int) -> Rows:
        """Return the chunk's rows; in messages they are counted from 1, behind those ``before`` them in the file.

        Raises ``BaselineError`` with the row whose time is missing or is none.
        """
        times = self._times(chunk, path, before)
        numeric = tuple(_numeric(feature, chunk) for feature in self._numeric)
        categorical = tuple(CategoricalColumn(placed(chunk, name, codes)) for name, codes in self._categorical)
        return Rows(times, np.zeros(chunk.rows, dtype=np.int64), numeric, categorical)

    def _times(self, chunk: Chunk, path: Training, before: int) -> IntArray:
        cells = chunk.columns.get(self._time)
        values: list[object] = [None] * chunk.rows if cells is None else _spread(cells, chunk.rows)
        times, bad = to_ms(_as_whole(values), "auto")
        for row, why in bad.items():
            missing = values[row] is None or values[row] == ""
            reason = "there is no time" if missing else why
            raise BaselineError(
                f"{path}, row {before + row + 1:,}: column {self._time!r}: {reason}: "
                "every row needs a time, seconds to nanoseconds since 1970 or ISO 8601"
            )
        return times


def _spread(cells: Cells, rows: int) -> list[object]:
    plain = cells.plain()
    if cells.rows is None:
        return plain
    values: list[object] = [None] * rows
    for row, value in zip(cells.rows.tolist(), plain, strict=True):
        values[row] = value
    return values


def _as_whole(values: list[object]) -> list[object]:
    """Read texts that are all whole numbers at once: by far the most frequent way to write times in csv."""
    if all(isinstance(value, str) and value.isascii() and value.isdigit() for value in values):
        return [int(str(value)) for value in values]
    return values


def _numeric(feature: NumericReference, chunk: Chunk) -> NumericColumn:
    """Read a numeric column as the fit did: what is neither number nor missing has the wrong type."""
    values = np.full(chunk.rows, np.nan)
    states = np.full(chunk.rows, MISSING, dtype=np.uint8)
    cells = chunk.columns.get(feature.name)
    if cells is not None:
        read = cells.numbers_in_order(dates=feature.note == EPOCH_NOTE)
        rows = slice(None) if cells.rows is None else cells.rows
        values[rows] = read.numbers
        odd = np.where(np.isnan(read.numbers), NOT_A_NUMBER, PRESENT)
        odd[read.missing], odd[read.wrong] = MISSING, WRONG_TYPE
        states[rows] = odd
    return NumericColumn(values, states)
