"""Small baselines, rows and panes for tests of the stream, built from plain columns."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from baselines import Baseline, CategoricalReference, Layout, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, Reference, reference_counts
from baselines.cells import count_cells
from baselines.dependence import MOST_FEATURES
from baselines.fitting.cells import Chunk, NumberCells
from baselines.fitting.dependence import DependencePass, choose
from stream.counts import Counts
from stream.drift_event import Identity
from stream.monitor import Monitor, Tick
from stream.panes import Pane
from stream.patterns import recognise
from stream.policy import Policy
from stream.rows import CategoricalColumn, NumericColumn, Rows
from stream.sample import Sample
from stream.schedule import Schedule
from stream.tally import Guards, Tallier

Column = Sequence[float] | Sequence[str | None] | np.ndarray
PLACE = ("events", 0)


def layout_of(columns: Mapping[str, Column], **importance: float) -> Layout:
    """Return the layout of training data: numbers (NaN is missing) or text (None is missing) by feature name."""
    features = tuple(_reference(name, column, importance.get(name)) for name, column in columns.items())
    return Layout(Baseline(max(len(column) for column in columns.values()), features, "fingerprint"))


def with_dependence(layout: Layout, columns: Mapping[str, Column], most: int = MOST_FEATURES) -> Layout:
    """Return the layout of the same baseline that also knows how these numeric training columns move together."""
    counting = DependencePass(choose(layout.baseline.numeric, most))
    numbers = {f.name: NumberCells(np.asarray(columns[f.name], dtype=float)) for f in layout.baseline.numeric}
    counting.add(Chunk(layout.baseline.n, numbers))
    return Layout(replace(layout.baseline, dependence=counting.finish()))


def rows_of(
    layout: Layout,
    times_ms: Sequence[int] | np.ndarray,
    columns: Mapping[str, Column],
    *,
    first_offset: int = 0,
    record_times_ms: Sequence[int] | None = None,
) -> Rows:
    """Return rows at these event times, offsets counting up from ``first_offset``."""
    times = np.asarray(times_ms, dtype=np.int64)
    offsets = first_offset + np.arange(len(times), dtype=np.int64)
    numeric = tuple(NumericColumn(np.asarray(columns[f.name], dtype=float)) for f in layout.baseline.numeric)
    categorical = tuple(_codes(f, columns[f.name]) for f in layout.baseline.categorical)
    records = None if record_times_ms is None else np.asarray(record_times_ms, dtype=np.int64)
    return Rows(times, offsets, numeric, categorical, records)


def panes_of(
    layout: Layout, schedule: Schedule, rows: Rows, place: tuple[str, int] = PLACE, guards: Guards | None = None
) -> list[Pane]:
    """Count rows into the panes of a schedule; nothing is late or ahead unless ``guards`` say so."""
    tallier = Tallier(layout, schedule, guards or Guards(10**15, 10**15))
    return [pane for run in tallier.runs(rows) for pane in tallier.panes(place, run)]


def monitor_of(layout: Layout, schedule: Schedule, policy: Policy) -> Monitor:
    """Return a monitor that has seen nothing."""
    return Monitor(Identity("prices", layout.baseline.fingerprint, layout.baseline.n), layout, schedule, policy)


def feed(monitor: Monitor, panes: Iterable[Pane], until_ms: int) -> list[Tick]:
    """Add copies of panes (a monitor keeps what it is given) and move the watermark."""
    for pane in panes:
        monitor.add(deepcopy(pane))
    return list(monitor.advance(until_ms))


def _reference(name: str, column: Column, importance: float | None) -> Reference:
    if any(value is None or isinstance(value, str) for value in column):
        return _categorical(name, [value if isinstance(value, str) else None for value in column], importance)
    numbers = np.asarray(column, dtype=float)
    finite = numbers[np.isfinite(numbers)] + 0.0
    values = np.unique(finite)
    counts = reference_counts(count_cells(values, finite), {"missing": len(numbers) - len(finite)}, NUMERIC_SPECIALS)
    std = float(finite.std(ddof=1)) if len(finite) > 1 else 0.0
    quantiles = {str(q): float(np.quantile(finite, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}
    extremes = float(finite.min()), float(finite.max())
    return NumericReference(name, values, counts, float(finite.mean()), std, *extremes, quantiles, importance)


def _categorical(name: str, column: list[str | None], importance: float | None) -> CategoricalReference:
    known = [value for value in column if value is not None]
    names, counts = np.unique(known, return_counts=True)
    counted = reference_counts(counts, {"missing": len(column) - len(known)}, CATEGORICAL_SPECIALS)
    return CategoricalReference(name, tuple(names.tolist()), counted, int((counts == 1).sum()), importance)


def _codes(reference: CategoricalReference, column: Column) -> CategoricalColumn:
    places = {name: code for code, name in enumerate(reference.categories)}
    unseen = len(reference.categories)
    codes = [unseen + 1 if value is None else places.get(str(value), unseen) for value in column]
    names = {row: str(value) for row, value in enumerate(column) if codes[row] == unseen}
    return CategoricalColumn(np.array(codes, dtype=np.int64), names)


def patterns_of(training: Mapping[str, Column], window: Mapping[str, Column]) -> dict[str, dict[str, Any]]:
    """Return what is recognised in a window, against the training data, as events carry it."""
    layout = layout_of(training)
    counts = Counts.of(layout, rows_of(layout, np.arange(len(next(iter(window.values())))), window))
    references = dict.fromkeys(training, Sample.of_baseline(layout))
    found = recognise(references, Sample.of_counts(layout, counts), counts.names)
    return {name: pattern.to_dict() for name, pattern in found.items()}
