"""Dependence on disk: how it becomes a part of the artefact, and back."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from baselines.baseline import NumericReference
from baselines.cells import FloatArray, IntArray
from baselines.dependence import MOST_FEATURES, Dependence
from baselines.document import DependenceDocument, ScoresDocument
from baselines.scores import RankScores


def to_document(dependence: Dependence) -> DependenceDocument:
    """Turn dependence into what is written."""
    pairs = np.triu_indices(len(dependence), 1)
    lone = dependence.counters[len(pairs[0]) :]
    return DependenceDocument(
        features=[
            ScoresDocument(one.feature, (one.edges + 0.0).tolist(), one.levels.tolist()) for one in dependence.scores
        ],
        products=dependence.counters[: len(pairs[0])].tolist(),
        inflation=dependence.inflation[pairs].tolist(),
        freedom=dependence.freedom[pairs].tolist(),
        lone=lone.tolist() if lone.any() else [],
    )


def to_dependence(document: DependenceDocument, numeric: Sequence[NumericReference]) -> Dependence:
    """Turn what was read into dependence of the ``numeric`` features of the same file.

    Raises ``ValueError`` with the key and what is wrong where the parts do not fit each other.
    """
    d = len(document.features)
    if not 2 <= d <= MOST_FEATURES:
        raise ValueError(f"features: {d} of them, must be 2 to {MOST_FEATURES}")
    known = {feature.name: feature for feature in numeric}
    scores = tuple(_scores(one, known) for one in document.features)
    if len({one.feature for one in scores}) < d:
        raise ValueError("features: one of them stands there twice")
    _check_lengths(document, d)
    counters = np.zeros(d * (d - 1) // 2 + 3 * d * d, dtype=np.int64)
    counters[: len(document.products)] = document.products
    counters[len(document.products) :] = document.lone or 0
    return Dependence(scores, counters, _symmetric(document.inflation, d), _symmetric(document.freedom, d))


def _scores(document: ScoresDocument, known: dict[str, NumericReference]) -> RankScores:
    feature, edges = known.get(document.feature), np.array(document.edges, dtype=np.float64)
    if feature is None:
        raise ValueError(f"feature {document.feature!r}: no such numeric feature")
    if len(document.levels) != len(edges) + 1:
        raise ValueError(f"feature {document.feature!r}: {len(document.levels)} levels for {len(edges)} edges")
    if any(left >= right for left, right in pairwise(document.edges)) or not np.isin(edges, feature.values).all():
        raise ValueError(f"feature {document.feature!r}: the edges are no values of it in ascending order")
    return RankScores(document.feature, edges, np.array(document.levels, dtype=np.int64))


def _check_lengths(document: DependenceDocument, d: int) -> None:
    pairs = d * (d - 1) // 2
    for key, numbers in (
        ("products", document.products),
        ("inflation", document.inflation),
        ("freedom", document.freedom),
    ):
        if len(numbers) != pairs:
            raise ValueError(f"{key}: {len(numbers)} of them for {pairs} pairs")
    if len(document.lone) not in (0, 3 * d * d):
        raise ValueError(f"lone: {len(document.lone)} of them for {d} features, must be {3 * d * d} or none")


def _symmetric(numbers: Sequence[float], d: int) -> FloatArray:
    """Spread a number per pair over both sides of a (d, d) matrix of ones."""
    matrix = np.ones((d, d))
    places: tuple[IntArray, IntArray] = np.triu_indices(d, 1)
    matrix[places] = numbers
    matrix.T[places] = numbers
    return matrix
