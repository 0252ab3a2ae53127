"""The relation on disk: how it becomes a part of the artefact, and back."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from baselines.baseline import CategoricalReference, NumericReference, Reference
from baselines.document import RelationDocument, SplitDocument
from baselines.relation import EDGES, MOST_STRATA, OUTCOMES, Relation, Split


def to_document(relation: Relation) -> RelationDocument:
    """Turn a relation into what is written."""
    return RelationDocument(
        task=relation.task,
        feature=relation.feature,
        outcome=relation.outcome,
        inputs=list(relation.inputs),
        splits=[
            SplitDocument(one.feature, one.no, one.yes, one.threshold, list(one.categories)) for one in relation.splits
        ],
        edges=(relation.edges + 0.0).tolist() if relation.edges.size else [],
        counts=relation.counts.tolist(),
    )


def to_relation(document: RelationDocument, features: Sequence[Reference], rows: int) -> Relation:
    """Turn what was read into a relation of the ``features`` of the same file, which has ``rows`` rows.

    Raises ``ValueError`` with the key and what is wrong where the parts do not fit each other.
    """
    known = {feature.name: feature for feature in features}
    named = [document.feature, document.outcome, *document.inputs, *(one.feature for one in document.splits)]
    if (unknown := next((name for name in named if name not in known), None)) is not None:
        raise ValueError(f"{unknown!r}: no such feature")
    strata = len(document.splits) + 1
    if strata > MOST_STRATA:
        raise ValueError(f"splits: {strata - 1} of them, must be at most {MOST_STRATA - 1}")
    _check_outcome(document, known[document.outcome], strata)
    for one in document.splits:
        _check_split(one, known[one.feature])
    _check_tree(document.splits)
    relation = Relation(
        document.task,
        document.feature,
        document.outcome,
        tuple(document.inputs),
        tuple(Split(one.feature, one.threshold, tuple(one.categories), one.no, one.yes) for one in document.splits),
        np.array(document.edges, dtype=np.float64).reshape(strata, -1) + 0.0,
        np.array(document.counts, dtype=np.int64),
    )
    if len(document.counts) != relation.size:
        raise ValueError(f"counts: {len(document.counts)} of them, must be {relation.size}")
    if sum(document.counts) != rows:
        raise ValueError(f"counts: of {sum(document.counts)} rows where the baseline has {rows}")
    return relation


def _check_outcome(document: RelationDocument, outcome: Reference, strata: int) -> None:
    kind = CategoricalReference if OUTCOMES[document.task] else NumericReference
    if not isinstance(outcome, kind):
        raise ValueError(  # noqa: TRY004 - of the file, not of the program
            f"outcome {document.outcome!r}: is {outcome.kind}, which does not fit {document.task}"
        )
    wanted = 0 if OUTCOMES[document.task] else strata
    fits = len(document.edges) == wanted and all(len(one) == len(EDGES) for one in document.edges)
    if not fits or any(left > right for one in document.edges for left, right in pairwise(one)):
        raise ValueError(f"edges: must be {wanted} times {len(EDGES)} numbers in ascending order")


def _check_split(split: SplitDocument, feature: Reference) -> None:
    if isinstance(feature, CategoricalReference):
        fits = split.threshold is None and split.categories and set(split.categories) <= set(feature.categories)
    else:
        fits = split.threshold is not None and not split.categories
    if not fits:
        raise ValueError(f"splits: what is asked of {split.feature!r} does not fit the feature")


def _check_tree(splits: Sequence[SplitDocument]) -> None:
    """Raise ``ValueError`` unless every later split and every stratum is led to once, and from before."""
    ways = [(place, way) for place, one in enumerate(splits) for way in (one.no, one.yes)]
    wanted = sorted([*range(1, len(splits)), *(-1 - stratum for stratum in range(len(splits) + 1))])
    if splits and (sorted(way for _, way in ways) != wanted or any(0 <= way <= place for place, way in ways)):
        raise ValueError("splits: they do not make a tree")
