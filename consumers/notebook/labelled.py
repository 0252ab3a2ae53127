"""What ``driftline fit --labelled`` makes, from a data frame; and labelled events of rows whose labels are known."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from baselines import Baseline, BaselineError
from baselines.fitting import FitOptions
from baselines.fitting import fit as fit_baseline
from baselines.fitting.cells import Cells
from baselines.fitting.frame import Frame
from baselines.tables import names_of, remark, training
from consumers.training import LabelColumns, with_labels
from stream.labelled import TASKS


def fit_labelled(
    data: object,
    labels: LabelColumns,
    *,
    numeric: Iterable[str] = (),
    categorical: Iterable[str] = (),
    drop: Iterable[str] = (),
    time: str = "",
    importance: Mapping[str, float] | Path | None = None,
) -> Baseline:
    """Fit a baseline of the model's own error to rows that it was not trained on; as ``driftline fit --labelled`` does.

    ``data`` is a data frame or the paths of files, ``labels`` says in which columns predictions and labels are; the
    other arguments are those of `baselines.fit`. Raises ``BaselineError`` as that does, and for a row of whose
    prediction and label nothing can be computed.
    """
    weights = importance if isinstance(importance, Path) else None
    options = FitOptions(names_of(numeric), names_of(categorical), names_of(drop), time=time, importance=weights)
    baseline = fit_baseline(training(data), with_labels(options, checked(labels)), tell=remark)
    return baseline.with_importance(importance) if isinstance(importance, Mapping) else baseline


def labelled_rows(data: object, labels: LabelColumns) -> dict[str, list[Any]]:
    """Return a data frame's columns with what is computed from predictions and labels in their place, for `replay`.

    Raises ``BaselineError`` for columns that are not there, and for a row of which nothing can be computed.
    """
    table, columns, before = Frame.of(data), dict[str, list[Any]](), 0
    for chunk in table.chunks():
        derived = checked(labels).derive(chunk, table, before)
        for name in derived.columns.keys() - columns.keys():
            columns[name] = [None] * before
        for name in columns:
            columns[name] += _plain(derived.columns.get(name), chunk.rows)
        before += chunk.rows
    return columns


def checked(labels: LabelColumns) -> LabelColumns:
    """Return what says where the labels are; raises ``BaselineError`` where it cannot be so."""
    if labels.task not in TASKS:
        raise BaselineError(f"task={labels.task!r}: must be one of {', '.join(TASKS)}")
    if labels.prediction == labels.label:
        raise BaselineError(f"label={labels.label!r}: is the column of the predictions, too")
    return labels


def _plain(cells: Cells | None, n: int) -> list[Any]:
    """Return the values of n rows, None where there is none."""
    if cells is None:
        return [None] * n
    plain = list(cells.plain())
    if cells.rows is None:
        return plain
    values: list[Any] = [None] * n
    for row, value in zip(cells.rows.tolist(), plain, strict=True):
        values[row] = value
    return values
