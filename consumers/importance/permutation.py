"""Permutation importance: how much worse, or other, a model's outputs are with one column shuffled.

Source: Breiman, "Random Forests", Machine Learning 45 (2001), for the loss; without a target, the change of the output
itself stands for it. It needs no gradients, so that ``predict`` may be anything.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from baselines import BaselineError
from baselines.cells import FloatArray

Predict: TypeAlias = Callable[[FloatArray], FloatArray]
Progress: TypeAlias = Callable[[int, int | None], None]
_Losses: TypeAlias = Callable[[FloatArray], FloatArray]


def permutation_sizes(
    predict: Predict,
    rows: FloatArray,
    target: FloatArray | None = None,
    *,
    seed: int = 0,
    repeats: int = 10,
    progress: Progress = lambda done, total: None,
) -> FloatArray:
    """Return by how much shuffling each column raises the loss, shape (features,), at least 0.

    ``predict`` maps (n, features) to (n, outputs). With ``target`` (n,): the squared error of a model with one output,
    the share of wrong classes of a model with several, whose target are class numbers. Without: the mean absolute
    change of the output; of several, that of the class that was predicted. Raises ``BaselineError`` for a target that
    is not a class of the model.
    """
    rng, features = np.random.default_rng(seed), rows.shape[1]
    losses = _losses(predict(rows), target)
    unshuffled = float(losses(predict(rows)).mean())
    sizes = np.zeros(features)
    for column in range(features):
        shuffled = rows.copy()
        for _ in range(repeats):
            shuffled[:, column] = rng.permutation(rows[:, column])
            sizes[column] += float(losses(predict(shuffled)).mean()) - unshuffled
        progress(column + 1, features)
    return np.maximum(sizes / repeats, 0.0)


def _losses(outputs: FloatArray, target: FloatArray | None) -> _Losses:
    """Return what says of outputs (n, outputs) how far each row is from where it should be."""
    n, classes = outputs.shape
    if target is None:
        predicted = outputs.argmax(axis=1)
        here = outputs[np.arange(n), predicted]
        return lambda changed: np.abs(changed[np.arange(n), predicted] - here)
    if classes == 1:
        return lambda changed: (changed[:, 0] - target) ** 2
    if not np.isin(target, np.arange(classes)).all():
        raise BaselineError(
            f"--target: the model has {classes} outputs, so it must be class numbers 0 to {classes - 1}"
        )
    return lambda changed: (changed.argmax(axis=1) != target).astype(np.float64)
