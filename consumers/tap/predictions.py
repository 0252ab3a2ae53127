"""What a model answers, as features: ``prediction``, and for classes ``confidence`` and ``entropy``.

A model that drifts into unknown ground often shows it here first: other classes, less confidence, more entropy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from consumers.tap.readings import Columns, as_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from consumers.tap.snapshot import Array


@dataclass(frozen=True)
class Logits:
    """Scores [N, C] before the softmax, or [N] or [N, 1] before the sigmoid; ``classes`` are their names."""

    classes: Sequence[str] | None = None

    def __call__(self, batch: Array) -> dict[str, Any]:
        """Return the class, its probability and the entropy of all of them in nats, (N,) each."""
        scores = _matrix(batch)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        with np.errstate(invalid="ignore", over="ignore"):
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            return _classified(weights / weights.sum(axis=1, keepdims=True), self.classes)


@dataclass(frozen=True)
class Probabilities:
    """Probabilities [N, C], or [N] or [N, 1] of the second of two classes; ``classes`` are their names."""

    classes: Sequence[str] | None = None

    def __call__(self, batch: Array) -> dict[str, Any]:
        """Return the class, its probability and the entropy of all of them in nats, (N,) each."""
        shares = _matrix(batch)
        return _classified(np.hstack([1 - shares, shares]) if shares.shape[1] == 1 else shares, self.classes)


@dataclass(frozen=True)
class Values:
    """Numbers [N] or [N, 1], as a regression has them: ``prediction``. [N, K] gives ``prediction_0`` and so on."""

    def __call__(self, batch: Array) -> dict[str, NDArray[Any]]:
        """Return each column, (N,), as it stands in the batch."""
        values = as_array(batch)
        columns = np.ascontiguousarray(values.reshape(len(values), -1).T)
        if len(columns) == 1:
            return {"prediction": columns[0]}
        return {f"prediction_{number}": column for number, column in enumerate(columns)}


@dataclass(frozen=True)
class ByShape:
    """[N, C] with C of 2 or more are `Logits`, [N] and [N, 1] are `Values`; of other shapes nothing is read."""

    def __call__(self, batch: Array) -> Columns:
        """Return what the reading for this shape does."""
        shape = as_array(batch).shape
        if len(shape) > 2:
            return {}
        return Logits()(batch) if len(shape) == 2 and shape[1] > 1 else Values()(batch)


def _matrix(batch: Array) -> NDArray[np.float64]:
    scores = as_array(batch).astype(np.float64)
    scores = scores[:, None] if scores.ndim == 1 else scores
    if scores.ndim != 2:
        raise ValueError(f"the output has shape {scores.shape}; classes are read from [N, C], [N, 1] or [N]")
    return scores


def _classified(shares: NDArray[np.float64], classes: Sequence[str] | None) -> dict[str, Any]:
    known = np.asarray(np.isfinite(shares).all(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares), 0.0)
    winners = shares.argmax(axis=1).tolist()
    return {
        "prediction": [
            (winner if classes is None else classes[winner]) if finite else None
            for winner, finite in zip(winners, known.tolist(), strict=True)
        ],
        "confidence": np.where(known, shares.max(axis=1), np.nan),
        "entropy": np.where(known, 0.0 - terms.sum(axis=1), np.nan),
    }
