"""The fingerprint: a name for what was counted, the same for the same content and for nothing else.

It is taken over the numbers themselves in a fixed binary form, not over JSON text, so that no library's way of
printing numbers can change it. Importance, notes, file names and the time of fitting stay outside: they do not change
what a window is compared with.
"""

import hashlib
import struct
from collections.abc import Iterable

import numpy as np

from baselines.baseline import CategoricalReference, NumericReference, Reference
from baselines.cells import FloatArray, IntArray
from baselines.dependence import Dependence
from baselines.relation import Relation


def fingerprint(
    n: int, features: Iterable[Reference], dependence: Dependence | None = None, relation: Relation | None = None
) -> str:
    """Return "sha256:<hex>" over the counted content of ``features`` of ``n`` training rows.

    Without ``dependence`` and ``relation`` it is that of a baseline from before there were any.
    """
    digest = hashlib.sha256(b"driftline-baseline 1")
    digest.update(struct.pack("<q", n))
    for feature in features:
        parts = _numeric(feature) if isinstance(feature, NumericReference) else _categorical(feature)
        _update(digest, [_text(feature.name), _text(feature.kind), *parts])
    if dependence is not None:
        _update(digest, _dependence(dependence))
    if relation is not None:
        _update(digest, _relation(relation))
    return f"sha256:{digest.hexdigest()}"


def _update(digest: "hashlib._Hash", parts: list[bytes]) -> None:
    for part in parts:
        # Lengths in front keep neighbouring parts apart.
        digest.update(struct.pack("<q", len(part)))
        digest.update(part)


def _dependence(dependence: Dependence) -> list[bytes]:
    scores = [
        part for one in dependence.scores for part in (_text(one.feature), _floats(one.edges), _integers(one.levels))
    ]
    spread = [_floats(dependence.inflation), _floats(dependence.freedom)]
    return [_text("dependence"), *scores, _integers(dependence.counters), *spread]


def _relation(relation: Relation) -> list[bytes]:
    names = [relation.task, relation.feature, relation.outcome, *relation.inputs]
    parts = [_text("relation"), *map(_text, names)]
    for split in relation.splits:
        threshold = np.array([] if split.threshold is None else [split.threshold])
        parts += [_text(split.feature), _floats(threshold), *map(_text, split.categories)]
        parts.append(_integers(np.array([split.no, split.yes])))
    return [*parts, _floats(relation.edges), _integers(relation.counts)]


def _numeric(feature: NumericReference) -> list[bytes]:
    summary = [feature.mean, feature.std, feature.minimum, feature.maximum]
    quantiles = sorted(feature.quantiles.items())
    return [
        _floats(feature.values),
        _integers(feature.counts),
        _floats(np.array(summary)),
        *(_text(probability) for probability, _ in quantiles),
        _floats(np.array([value for _, value in quantiles])),
    ]


def _categorical(feature: CategoricalReference) -> list[bytes]:
    numbers = np.array([feature.singletons, int(feature.boolean)], dtype=np.int64)
    return [*(_text(name) for name in feature.categories), _integers(feature.counts), _integers(numbers)]


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _floats(values: FloatArray) -> bytes:
    # Adding zero turns -0.0 into 0.0: equal numbers must not make two fingerprints.
    return (np.asarray(values, dtype="<f8") + 0.0).tobytes()


def _integers(values: IntArray) -> bytes:
    return np.asarray(values, dtype="<i8").tobytes()
