"""A model and its labels, made up: held-out rows, their baseline, and windows in which one thing changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from baselines import Baseline, Layout
from baselines.fitting import FitOptions, fit
from consumers.training import LabelColumns, with_labels
from stream.counts import Counts
from stream.labelled import Refused, Task, labelled_features
from stream.rows import Rows
from tests.builders import rows_of

Answer = float | str | dict[str, float]
Labelled = tuple[list[dict[str, Any]], list[Any], list[Any]]


def draw(
    rng: np.random.Generator,
    n: int,
    *,
    mean: float = 0.0,
    scale: float = 1.0,
    turned: float = 0.0,
    flipped: float = 0.0,
    positives: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return inputs (n or fewer, 2) and labels, of a boundary that may be turned (radians), labels that may be flipped.

    ``mean`` and ``scale`` move the inputs alone: nearer to the boundary the same model is wrong more often. Of
    ``positives`` below 1, so many of the negative rows are kept: a prior shift.
    """
    inputs = scale * rng.normal(size=(n, 2)) + mean
    cos, sin = np.cos(turned), np.sin(turned)
    labels = rng.random(n) < sigmoid(inputs @ np.array([1.5 * cos + sin, 1.5 * sin - cos]))
    labels ^= rng.random(n) < flipped
    kept = labels | (rng.random(n) < positives)
    return inputs[kept], labels[kept].astype(np.int64)


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def labelled(inputs: NDArray[np.float64], labels: Sequence[Any], task: Task) -> Labelled:
    """Return features, predictions and labels: of the model that knows the boundary of training."""
    scores = sigmoid(inputs @ np.array([1.5, -1.0])).tolist()
    predictions: list[Any] = scores if task == "probability" else [{"0": 1 - p, "1": p} for p in scores]
    return [{"a": a, "b": b} for a, b in inputs.tolist()], predictions, list(map(int, labels))


def write(path: Path, rows: Labelled) -> Path:
    """Write rows as JSON lines: features, prediction and label."""
    lines = [
        orjson.dumps({"features": features, "prediction": prediction, "label": label})
        for features, prediction, label in zip(*rows, strict=True)
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def fitted(path: Path, rows: Labelled, task: Task) -> Baseline:
    """Return the baseline of labelled rows, by way of a file."""
    columns = LabelColumns(task, "prediction", "label")
    return fit([write(path, rows)], with_labels(FitOptions(features="features"), columns))


def events(rows: Labelled, task: Task) -> list[dict[str, Any]]:
    """Return the features of the labelled events of these rows."""
    found = [labelled_features(task, *row) for row in zip(*rows, strict=True)]
    assert not any(isinstance(one, Refused) for one in found)
    return [one for one in found if isinstance(one, dict)]


def window(layout: Layout, rows: Labelled, task: Task, start_ms: int = 0, step_ms: int = 1) -> Rows:
    """Return these rows as the stream has them, one each ``step_ms``."""
    made = events(rows, task)
    names = [feature.name for feature in layout.baseline.numeric]
    numbers: dict[str, Any] = {name: np.array([one.get(name, np.nan) for one in made]) for name in names}
    words: dict[str, Any] = {
        feature.name: [None if (value := one.get(feature.name)) is None else str(value) for one in made]
        for feature in layout.baseline.categorical
    }
    return rows_of(layout, start_ms + step_ms * np.arange(len(made)), numbers | words)


def counts(layout: Layout, rows: Labelled, task: Task) -> Counts:
    """Return these rows, counted."""
    return Counts.of(layout, window(layout, rows, task))
