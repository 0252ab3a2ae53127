"""Feature importance: how much each feature matters to the model, as a JSON object of names and weights."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from baselines.errors import BaselineError
from baselines.nearest import or_nearest

_EXAMPLE = 'write {"user_age": 0.8, "country": 0.1}'


def read_importance(path: Path, features: Iterable[str]) -> dict[str, float]:
    """Read weights by feature name for ``Baseline.with_importance``, the largest as 1 and features not named as 0.

    Coefficients and mean SHAP values may be negative and of any scale: what counts is the absolute value beside that
    of the others. ``features`` are the names that there are. Raises ``BaselineError`` naming the file and the key for
    anything else.
    """
    weights = _read(path)
    known = list(features)
    importance = dict.fromkeys(known, 0.0)
    for name, weight in weights.items():
        if name not in known:
            raise BaselineError(f"{path}: key {name!r}: the baseline has no such feature{or_nearest(name, known)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise BaselineError(f"{path}: key {name!r}: {weight!r} is no number; {_EXAMPLE}")
        importance[name] = _finite(weight, name, path)
    largest = max(importance.values(), default=0.0) or 1.0
    return {name: weight / largest for name, weight in importance.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        weights = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{path}: not JSON in UTF-8: {error}; {_EXAMPLE}") from error
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
