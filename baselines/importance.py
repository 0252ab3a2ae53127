"""Feature importance: how much each feature matters to the model, as a JSON object of names and weights.

Two forms of file are read: the object of names and weights itself, and one that holds it as ``weights`` beside
``method`` and ``date``, as ``save_importance`` writes it. A feature may be called "weights": its weight is a number.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from baselines.errors import BaselineError
from baselines.json_file import read_json
from baselines.nearest import or_nearest

_EXAMPLE = 'write {"user_age": 0.8, "country": 0.1}'


@dataclass(frozen=True, slots=True)
class Importance:
    """Weights by feature name, by which ``method`` and at which ``date`` (ISO 8601); both "" where nobody said.

    ``origin`` is what else a file tells people about where the weights are from; nothing reads it.
    """

    weights: Mapping[str, float]
    method: str = ""
    date: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)


def read_importance(path: Path, features: Iterable[str]) -> Importance:
    """Read weights by feature name for ``Baseline.with_importance``, the largest as 1 and features not named as 0.

    Coefficients and mean SHAP values may be negative and of any scale: what counts is the absolute value beside that
    of the others. ``features`` are the names that there are. Raises ``BaselineError`` naming the file and the key for
    anything else.
    """
    document = _read(path)
    if not isinstance(document.get("weights"), dict):
        return Importance(_weights(document, path, list(features)))
    return Importance(
        _weights(document["weights"], path, list(features)),
        _text(document, "method", path),
        _text(document, "date", path),
    )


def save_importance(importance: Importance, path: Path) -> None:
    """Write weights with their method and date, as ``read_importance`` reads them.

    Raises ``BaselineError`` when the file cannot be written.
    """
    head = {"method": importance.method, "date": importance.date, **importance.origin}
    data = msgspec.json.encode({**head, "weights": dict(importance.weights)})
    try:
        path.write_bytes(msgspec.json.format(data, indent=2) + b"\n")
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror or error}") from error


def scaled(sizes: Mapping[str, float]) -> dict[str, float]:
    """Scale weights of at least 0 so that the largest is 1; weights that are all 0 stay so.

    >>> scaled({"a": 2.0, "b": 0.5})
    {'a': 1.0, 'b': 0.25}
    """
    largest = max(sizes.values(), default=0.0) or 1.0
    return {name: size / largest for name, size in sizes.items()}


def _weights(weights: dict[str, Any], path: Path, known: list[str]) -> dict[str, float]:
    importance = dict.fromkeys(known, 0.0)
    for name, weight in weights.items():
        if name not in known:
            raise BaselineError(f"{path}: key {name!r}: the baseline has no such feature{or_nearest(name, known)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise BaselineError(f"{path}: key {name!r}: {weight!r} is no number; {_EXAMPLE}")
        importance[name] = _finite(weight, name, path)
    return scaled(importance)


def _text(document: dict[str, Any], key: str, path: Path) -> str:
    text = document.get(key, "")
    if not isinstance(text, str):
        raise BaselineError(f"{path}: key {key!r}: {text!r} is no text")
    return text


def _read(path: Path) -> dict[str, Any]:
    weights = read_json(path, _EXAMPLE)
    if not isinstance(weights, dict):
        raise BaselineError(f"{path}: not a JSON object of names and weights; {_EXAMPLE}")
    return weights


def _finite(weight: float, name: str, path: Path) -> float:
    try:
        size = abs(float(weight))
    except OverflowError:
        size = math.inf
    if not math.isfinite(size):
        raise BaselineError(f"{path}: key {name!r}: the weight is too large; {_EXAMPLE}")
    return size
