"""What several unit tests begin with: a configuration file, and two sides of a comparison from plain columns."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.baseline import (
    CATEGORICAL_SPECIALS,
    NUMERIC_SPECIALS,
    Baseline,
    CategoricalReference,
    NumericReference,
    Reference,
    reference_counts,
)
from baselines.cells import count_cells
from baselines.layout import Layout
from stream.counts import Counts
from stream.rows import CategoricalColumn, NumericColumn, Rows
from stream.sample import Sample

Column = Sequence[float] | Sequence[str | None] | np.ndarray
Sides = Callable[[Mapping[str, Column], Mapping[str, Column]], tuple[Sample, Sample]]


@pytest.fixture
def config(stage_assembly: Callable[..., Any]) -> Path:
    """Return a configuration file."""
    path: Path = stage_assembly().settings.path
    return path


@pytest.fixture
def sides() -> Sides:
    """Return a builder: columns of training data and of a window, by name, to (reference, window).

    Numbers make a numeric feature (NaN is missing), text a categorical one (None is missing).
    """

    def build(training: Mapping[str, Column], window: Mapping[str, Column]) -> tuple[Sample, Sample]:
        features = tuple(_reference(name, column) for name, column in training.items())
        layout = Layout(Baseline(max(len(column) for column in training.values()), features, "fingerprint"))
        rows = len(next(iter(window.values())))
        numeric = tuple(NumericColumn(np.asarray(window[f.name], dtype=float)) for f in layout.baseline.numeric)
        categorical = tuple(_codes(f, window[f.name]) for f in layout.baseline.categorical)
        times = np.arange(rows, dtype=np.int64)
        counts = Counts.of(layout, Rows(times, times, numeric, categorical))
        return Sample.of_baseline(layout), Sample.of_counts(layout, counts)

    return build


def _reference(name: str, column: Column) -> Reference:
    if any(isinstance(value, str) for value in column):
        return _categorical(name, [value if isinstance(value, str) else None for value in column])
    numbers = np.asarray(column, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    values = np.unique(finite)
    counts = reference_counts(count_cells(values, finite), {"missing": len(numbers) - len(finite)}, NUMERIC_SPECIALS)
    mean, std = (float(finite.mean()), float(finite.std(ddof=1))) if len(finite) > 1 else (0.0, 0.0)
    extremes = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    return NumericReference(name, values, counts, mean, std, *extremes, {})


def _categorical(name: str, column: list[str | None]) -> CategoricalReference:
    known = [value for value in column if value is not None]
    names, counts = np.unique(known, return_counts=True)
    counted = reference_counts(counts, {"missing": len(column) - len(known)}, CATEGORICAL_SPECIALS)
    return CategoricalReference(name, tuple(names.tolist()), counted, int((counts == 1).sum()))


def _codes(reference: CategoricalReference, column: Column) -> CategoricalColumn:
    places = {name: code for code, name in enumerate(reference.categories)}
    unseen = len(reference.categories)
    codes = [unseen + 1 if value is None else places.get(str(value), unseen) for value in column]
    return CategoricalColumn(np.array(codes, dtype=np.int64))
