"""SHAP values that somebody else computed: npz, JSON, or a table with a column for each feature."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from baselines import BaselineError
from baselines.cells import FloatArray
from baselines.importance import Importance, scaled
from baselines.json_file import read_json
from consumers.importance.attribute import weighed
from consumers.importance.table import Columns, read_table

# The keys under which values and names are looked for, in npz and JSON.
_VALUES = ("values", "shap_values")
_NAMES = ("feature_names", "features", "columns", "names")
# Every row counts, so that no sample is drawn.
_ALL_ROWS = 2**62


def read_shap(path: Path, features: Sequence[str] = ()) -> Importance:
    """Return the mean absolute SHAP value of each feature, the largest as 1.

    An npz or JSON file holds ``values`` of shape (rows, features), (rows, features, classes) or, as older versions of
    shap give it, (classes, rows, features), and ``feature_names`` where ``features`` does not say them; a JSON object
    may also hold a list of values for each feature. Any other file is read as training data is, a column for each
    feature. Raises ``BaselineError`` for anything else, for names that do not match, and for values that are not
    finite.
    """
    if path.suffix.lower() in (".npz", ".json"):
        values, names = _from_npz(path) if path.suffix.lower() == ".npz" else _from_json(path)
        names = list(features) or names
        sizes = _mean_absolute(values, names, path)
    else:
        table = read_table([path], Columns(tuple(features)), _ALL_ROWS)
        names, sizes = list(table.names), np.abs(table.rows).mean(axis=0)
    if not sizes.any():
        raise BaselineError(f"{path}: all SHAP values are 0")
    return weighed(scaled(dict(zip(names, sizes.tolist(), strict=True))), "shap", values=path.name)


def _from_npz(path: Path) -> tuple[NDArray[Any], list[str]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, TypeError, EOFError, BadZipFile) as error:
        raise BaselineError(
            f"{path}: not an npz of plain arrays ({error}): write np.savez(path, values=values, "
            "feature_names=np.array(names, dtype=str))"
        ) from error
    names: list[str] = next((arrays[key].astype(str).ravel().tolist() for key in _NAMES if key in arrays), [])
    return _values(arrays, path), names


def _from_json(path: Path) -> tuple[NDArray[Any], list[str]]:
    document = read_json(path)
    if not isinstance(document, dict):
        return _array(document, path), []
    if not any(key in document for key in _VALUES):
        return _array(list(document.values()), path).T, list(document)
    names: list[object] = next((document[key] for key in _NAMES if key in document), [])
    return _values(document, path), [str(name) for name in names]


def _values(document: dict[str, Any], path: Path) -> NDArray[Any]:
    found = next((document[key] for key in _VALUES if key in document), None)
    if found is None:
        raise BaselineError(
            f"{path}: no array called {' or '.join(_VALUES)}; there are {', '.join(document) or 'none'}"
        )
    return _array(found, path)


def _array(values: Any, path: Path) -> NDArray[Any]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BaselineError(f"{path}: the SHAP values are no array of numbers, all rows of one length") from error


def _mean_absolute(values: NDArray[Any], names: list[str], path: Path) -> FloatArray:
    """Average over all axes but that of the features."""
    if values.ndim not in (2, 3) or not values.size:
        raise BaselineError(f"{path}: SHAP values of shape {values.shape}: must be (rows, features[, classes])")
    if not names:
        raise BaselineError(
            f"{path}: no feature names: give them with --features a,b,c or as feature_names in the file"
        )
    axis = next((axis for axis in (1, 2)[: values.ndim - 1] if values.shape[axis] == len(names)), None)
    if axis is None:
        raise BaselineError(
            f"{path}: SHAP values of shape {values.shape} for {len(names)} features ({', '.join(names)})"
        )
    if len(set(names)) < len(names):
        raise BaselineError(f"{path}: a feature is named twice: {', '.join(names)}")
    if not np.isfinite(values).all():
        raise BaselineError(f"{path}: a SHAP value is not finite")
    others = tuple(number for number in range(values.ndim) if number != axis)
    return np.asarray(np.abs(values).mean(axis=others))
