"""The artefact's shape on disk: what its JSON keys are, and how they become references and back."""

from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

import msgspec
import numpy as np

from baselines.baseline import (
    CATEGORICAL_SPECIALS,
    NUMERIC_SPECIALS,
    CategoricalReference,
    NumericReference,
    Reference,
    reference_counts,
)
from baselines.calibration import Calibration, Movement
from baselines.cells import IntArray, cell_count
from baselines.scores import HIGHEST_LEVEL

FORMAT = "driftline-baseline"
VERSION = 1

# Sums of counts stay far below the largest int64.
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Level: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_LEVEL)]
AtLeastOne: TypeAlias = Annotated[float, msgspec.Meta(ge=1.0)]
Weight: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0)]


class NumericDocument(msgspec.Struct, tag_field="kind", tag="numeric", omit_defaults=True):
    """A numeric feature: ``counts`` are the rows at the ``values``, ``between`` those in the open cells around them."""

    name: str
    mean: float
    std: Weight
    min: float
    max: float
    quantiles: dict[str, float]
    values: list[float]
    counts: list[Count]
    between: list[Count] = []
    specials: dict[str, Count] = {}
    importance: Weight | None = None
    note: str = ""


class CategoricalDocument(msgspec.Struct, tag_field="kind", tag="categorical", omit_defaults=True):
    """A categorical feature: ``categories`` with their training rows, in ascending order of the names."""

    name: str
    categories: dict[str, Count]
    singletons: Count
    specials: dict[str, Count] = {}
    boolean: bool = False
    importance: Weight | None = None
    note: str = ""


FeatureDocument: TypeAlias = NumericDocument | CategoricalDocument


class ScoresDocument(msgspec.Struct):
    """Rank scores of one feature: ``levels``, one more than the ``edges``."""

    feature: str
    edges: list[float]
    levels: list[Level]


class DependenceDocument(msgspec.Struct, omit_defaults=True):
    """How d features move together; a number per pair (0, 1), (0, 2) .. (d - 2, d - 1), unless it says otherwise.

    ``products`` are sums of products of levels; ``lone`` the 3 d d counters of missing partners, none where all are 0.
    """

    features: list[ScoresDocument]
    products: list[Count]
    inflation: list[AtLeastOne]
    freedom: list[AtLeastOne]
    lone: list[Count] = []


class SplitDocument(msgspec.Struct, omit_defaults=True):
    """One question of the tree of strata: a threshold, or categories."""

    feature: str
    no: int
    yes: int
    threshold: float | None = None
    categories: list[str] = []


class RelationDocument(msgspec.Struct, omit_defaults=True):
    """A ``Relation``: the training rows by stratum and outcome, row by row of the table, then the rest."""

    task: Literal["classification", "probability", "regression"]
    feature: str
    outcome: str
    inputs: list[str]
    splits: list[SplitDocument]
    counts: list[Count]
    edges: list[list[float]] = []


class Head(msgspec.Struct):
    """What is read before anything else, to tell a baseline from other files and a newer one from a damaged one."""

    format: str = ""
    version: int = 0


class MovementDocument(msgspec.Struct):
    """A ``Movement``; without the windows to know it from, it must not be there."""

    windows: Annotated[int, msgspec.Meta(ge=1)]
    freedom: Annotated[float, msgspec.Meta(ge=1.0)]
    excess: Weight
    rows: Weight
    floor: Weight


class CalibrationDocument(msgspec.Struct):
    """A ``Calibration``: movements by comparator, feature and check."""

    every_ms: Annotated[int, msgspec.Meta(ge=1)]
    timezone: str
    min_samples: Count
    needed: Annotated[int, msgspec.Meta(ge=1)]
    windows: Count
    start_ms: int
    end_ms: int
    movements: dict[str, dict[str, dict[str, MovementDocument]]]


class Document(msgspec.Struct):
    """The whole artefact; ``dependence`` and ``relation`` stand behind the features, where they were learned."""

    format: str
    version: int
    fingerprint: str
    created: str
    source: list[str]
    n: Count
    features: list[FeatureDocument]
    dependence: DependenceDocument | None = None
    relation: RelationDocument | None = None
    calibration: CalibrationDocument | None = None
    importance_method: str = ""
    importance_date: str = ""


def to_document(feature: Reference) -> FeatureDocument:
    """Turn a reference into what is written."""
    if isinstance(feature, CategoricalReference):
        return _from_categorical(feature)
    k2 = cell_count(feature.values)
    between = feature.counts[:k2:2]
    return NumericDocument(
        name=feature.name,
        mean=feature.mean + 0.0,
        std=feature.std,
        min=feature.minimum + 0.0,
        max=feature.maximum + 0.0,
        quantiles={probability: value + 0.0 for probability, value in feature.quantiles.items()},
        values=(feature.values + 0.0).tolist(),
        counts=feature.counts[1:k2:2].tolist(),
        between=between.tolist() if between.any() else [],
        specials=_named(feature.counts[k2:], NUMERIC_SPECIALS),
        importance=feature.importance,
        note=feature.note,
    )


def to_calibration(document: CalibrationDocument | None) -> Calibration | None:
    """Turn what was read of the calibration into what it stands for; None where there is none."""
    if document is None:
        return None
    plain = msgspec.structs.asdict(document)
    movements = {
        comparator: {
            feature: {check: Movement(**msgspec.structs.asdict(one)) for check, one in checks.items()}
            for feature, checks in features.items()
        }
        for comparator, features in document.movements.items()
    }
    return Calibration(**plain | {"movements": movements})


def _from_categorical(feature: CategoricalReference) -> CategoricalDocument:
    size = len(feature.categories)
    return CategoricalDocument(
        name=feature.name,
        categories=dict(zip(feature.categories, feature.counts[:size].tolist(), strict=True)),
        singletons=feature.singletons,
        specials=_named(feature.counts[size:], CATEGORICAL_SPECIALS),
        boolean=feature.boolean,
        importance=feature.importance,
        note=feature.note,
    )


def to_reference(document: FeatureDocument) -> Reference:
    """Turn what was read into a reference.

    Raises ``ValueError`` with the key and what is wrong where numbers of the right types do not make a distribution.
    """
    if isinstance(document, CategoricalDocument):
        return _to_categorical(document)
    _check_numeric(document)
    k = len(document.values)
    cells = np.zeros(2 * k + 1, dtype=np.int64)
    cells[1::2] = document.counts
    cells[0::2] = document.between or 0
    return NumericReference(
        name=document.name,
        values=np.array(document.values, dtype=np.float64) + 0.0,
        counts=reference_counts(cells, _known(document.specials, NUMERIC_SPECIALS), NUMERIC_SPECIALS),
        mean=document.mean,
        std=document.std,
        minimum=document.min,
        maximum=document.max,
        quantiles=document.quantiles,
        importance=document.importance,
        note=document.note,
    )


def _to_categorical(document: CategoricalDocument) -> CategoricalReference:
    names = tuple(document.categories)
    if any(left >= right for left, right in pairwise(names)):
        raise ValueError("categories: not in ascending order")
    counts = np.array(list(document.categories.values()), dtype=np.int64)
    return CategoricalReference(
        name=document.name,
        categories=names,
        counts=reference_counts(counts, _known(document.specials, CATEGORICAL_SPECIALS), CATEGORICAL_SPECIALS),
        singletons=document.singletons,
        importance=document.importance,
        boolean=document.boolean,
        note=document.note,
    )


def _check_numeric(document: NumericDocument) -> None:
    k = len(document.values)
    if len(document.counts) != k:
        raise ValueError(f"counts: {len(document.counts)} of them for {k} values")
    if len(document.between) not in (0, k + 1):
        raise ValueError(f"between: {len(document.between)} of them for {k} values, must be {k + 1} or none")
    if any(left >= right for left, right in pairwise(document.values)):
        raise ValueError("values: not strictly increasing")
    if not document.min <= document.max:
        raise ValueError("min: larger than max")


def _named(counts: IntArray, names: tuple[str, ...]) -> dict[str, int]:
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}


def _known(specials: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    for name in specials:
        if name not in names:
            raise ValueError(f"specials: {name!r} is none of {', '.join(names)}")
    return specials
