"""Training rows with predictions and labels: the same features as the stream's labelled events have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from baselines import BaselineError
from baselines.fitting import FitOptions
from baselines.fitting.cells import Cells, Chunk, TextCells, ValueCells, read_number
from baselines.fitting.files import Training
from baselines.fitting.options import Labelling
from baselines.fitting.relation import RelationOptions
from baselines.nearest import or_nearest
from baselines.relation import Task
from stream.labelled import (
    BRIER,
    CONFIDENCE,
    ERROR,
    LOSS,
    PREDICTION,
    RESIDUAL,
    TARGET,
    Refused,
    labelled_features,
)

_OUTCOMES = {"classification": (ERROR, ERROR), "probability": (LOSS, TARGET), "regression": (LOSS, RESIDUAL)}
_WITH_LABEL = frozenset({TARGET, ERROR, LOSS, BRIER, RESIDUAL})
_NUMBERS = {
    "classification": frozenset[str](),
    "probability": frozenset({PREDICTION}),
    "regression": frozenset({TARGET, PREDICTION}),
}
_NAMES = {
    "classification": frozenset({TARGET, PREDICTION, ERROR}),
    "probability": frozenset({TARGET}),
    "regression": frozenset[str](),
}


@dataclass(frozen=True)
class LabelColumns:
    """Which columns hold prediction and label; ``classes`` is the order of lists of probabilities."""

    task: Task
    prediction: str
    label: str
    classes: tuple[str, ...] | None = None

    def derive(self, chunk: Chunk, source: Training, before: int) -> Chunk:
        """Put in place of prediction and label what is computed from them, row by row.

        Raises ``BaselineError`` with the first row of which nothing can be computed, counted from 1 behind the rows
        ``before`` the chunk.
        """
        if missing := next((one for one in (self.prediction, self.label) if one not in chunk.columns), None):
            raise BaselineError(f"{source}: no column {missing!r}{or_nearest(missing, list(chunk.columns))}")
        inputs = {name: cells for name, cells in chunk.columns.items() if name not in (self.prediction, self.label)}
        reserved = dict.fromkeys(inputs)
        rows: list[dict[str, Any]] = []
        pairs = zip(self._values(chunk, self.prediction), self._values(chunk, self.label), strict=True)
        for number, (prediction, label) in enumerate(pairs, before + 1):
            found = labelled_features(self.task, {} if rows else reserved, prediction, label, self.classes)
            if isinstance(found, Refused):
                raise BaselineError(f"{source}, row {number:,}: {found.detail}{self._hint(found.reason)}")
            rows.append(found)
        added = dict.fromkeys(name for name in chain.from_iterable(rows) if name not in reserved)
        return Chunk(chunk.rows, {**inputs, **{name: _cells([row.get(name) for row in rows]) for name in added}})

    def _values(self, chunk: Chunk, column: str) -> list[Any]:
        """Return a column's values one by one, None where there is none; texts of csv are numbers where need be."""
        values: list[Any] = [None] * chunk.rows
        cells = chunk.columns.get(column)
        if cells is None:
            return values
        plain = cells.plain()
        if isinstance(cells, TextCells) and self.task != "classification":
            plain = [text if (number := read_number(text)) is None else number for text in plain]
        if cells.rows is None:
            return plain
        for row, value in zip(cells.rows.tolist(), plain, strict=True):
            values[row] = value
        return values

    def _hint(self, reason: str) -> str:
        column = {"bad_prediction": f" (--prediction {self.prediction})", "bad_label": f" (--label {self.label})"}
        return f"{column.get(reason, '')}, for --task {self.task}"


def with_labels(options: FitOptions, columns: LabelColumns) -> FitOptions:
    """Return the options of a fit to rows whose labels are in these columns."""
    feature, outcome = _OUTCOMES[columns.task]
    labelling = Labelling(
        columns.derive,
        (columns.prediction, columns.label),
        RelationOptions(columns.task, feature, outcome, (PREDICTION, CONFIDENCE), _WITH_LABEL),
    )
    return replace(
        options,
        numeric=options.numeric | _NUMBERS[columns.task],
        categorical=options.categorical | _NAMES[columns.task],
        labelling=labelling,
    )


def _cells(values: Sequence[Any]) -> Cells:
    rows = [row for row, value in enumerate(values) if value is not None]
    if len(rows) == len(values):
        return ValueCells(list(values))
    return ValueCells([values[row] for row in rows], np.array(rows, dtype=np.int64))
