"""Plain JSON: an object with the features at a path, in any of the shapes in which people write rows.

One row: an object of values, or several objects together; a list of objects with a name and a value; names beside
values. Several: columns of one length; a list of objects; names beside rows; pandas' ``split``; and what MLflow calls
``dataframe_split`` and ``dataframe_records``.
"""

from collections.abc import Sequence
from typing import Any

from consumers.decode.event_format import split_path
from consumers.decode.format import Announced, Wanted
from consumers.decode.frame import Frame
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.tables import Grid, Objects, Table, unnamed

_NAME_KEYS = ("name", "feature", "key")
_VALUE_KEYS = ("value",)
# Keys under which names and values stand beside each other.
_NAMES_KEYS = ("names", "feature_names", "columns")
_VALUES_KEYS = ("values", "feature_values", "data")
_FRAMES = ("dataframe_split", "dataframe_records")
# Keys of an object that holds rows, and none of them by its own keys.
SHAPE_KEYS = (*_FRAMES, *_NAMES_KEYS)


class Plain:
    """Reads what stands at the path of the features."""

    announced = Announced()
    is_envelope = False

    def __init__(self, wanted: Wanted) -> None:
        self._names = wanted.event_format.names
        self._features = wanted.event_format.features
        self._order, self._known = wanted.features, frozenset(wanted.features)
        self._path = split_path(self._features)
        # All objects of a row, where there are several.
        several = wanted.event_format.feature_paths if wanted.event_format.more_features else ()
        self._all = tuple((path, split_path(path)) for path in several)
        self._shapes = frozenset(SHAPE_KEYS)

    def claims(self, record: Record) -> bool:
        """Tell whether the features are where the configuration says."""
        return self.fits(record)

    def fits(self, record: Record) -> bool:
        """Tell whether the features are where the configuration says; the event itself must have one of them."""
        if self._all:
            return any(type(record.at(path)) is dict for _, path in self._all if path)
        found = record.at(self._path)
        if self._path:
            return type(found) in (dict, list)
        return not self._known.isdisjoint(found)

    def row(self, record: Record) -> dict[str, Any] | None:
        """Return the features of a record that is a JSON object, if they are one row; None where they may be more."""
        features = None if self._all else record.at(self._path)
        if type(features) is not dict or list in set(map(type, features.values())):
            return None
        return features if self._shapes.isdisjoint(features) else None

    def read(self, record: Record) -> Table:
        """Return the rows."""
        if type(record.parsed) is not dict:
            _ = record.document
        if self._all:
            return self._side_by_side(record)
        features = record.at(self._path)
        if type(features) is dict:
            return self._of_object(features)
        if type(features) is list and features:
            return self._of_list(features)
        raise Refused("no_features", f"there is no object at {self._features!r}")

    def _side_by_side(self, record: Record) -> Table:
        """Return the row that several objects are together; of equal keys the first one's value counts."""
        row: dict[str, Any] = {}
        for name, path in reversed(self._all):
            if type(found := record.at(path)) is dict:
                row |= found
            elif found is not None:
                raise Refused("wrong_shape", f"at {name!r} is no object, as features in several places must be")
        if not row:
            raise Refused("no_features", f"there is no object at {', '.join(repr(name) for name, _ in self._all)}")
        return Objects([row], has_columns=False)

    def _of_object(self, features: dict[str, Any]) -> Table:
        first = None
        for name in self._order:
            if (first := features.get(name)) is not None:
                break
        if first is not None:
            if type(first) is list and self._all_lists(features):
                return self._columns(features)
            return Objects([features], has_columns=False)
        for key in _FRAMES:
            if isinstance(frame := features.get(key), dict):
                if (rows := _beside(frame)) is None:
                    raise Refused("wrong_shape", f"{key} has no columns and data")
                return rows
            if isinstance(frame, list):
                return Objects(frame)
        return _beside(features) or Objects([features], has_columns=False)

    def _all_lists(self, features: dict[str, Any]) -> bool:
        """Tell whether every feature that is there is a list: columns, and no row with an odd value."""
        return {type(features[name]) for name in self._known & features.keys()} <= {list, type(None)}

    def _columns(self, features: dict[str, Any]) -> Frame:
        """Return columns that stand side by side; what is none of the known features may be anything."""
        lists = {name: column for name, column in features.items() if isinstance(column, list)}
        n = len(next(column for name, column in lists.items() if name in self._known))
        return Frame({name: column for name, column in lists.items() if name in self._known or len(column) == n})

    def _of_list(self, features: list[Any]) -> Table:
        if set(map(type, features)) == {dict}:
            return _pairs(features, self._known) or Objects(features)
        if self._names:
            rows = features if set(map(type, features)) == {list} else [features]
            return unnamed(rows, self._names, "the list of features")
        raise Refused("no_features", f"there is a list of values without names at {self._features!r}; set events.names")


def _pairs(features: list[dict[str, Any]], known: frozenset[str]) -> Table | None:
    """Return the row that a list of name and value pairs is."""
    for name in _NAME_KEYS:
        for value in _VALUE_KEYS:
            if name not in known and all(name in pair and value in pair for pair in features):
                return Objects([{str(pair[name]): pair[value] for pair in features}])
    return None


def _beside(features: dict[str, Any]) -> Table | None:
    """Return the rows of names that stand beside values, or beside rows of values."""
    names = _first_list(features, _NAMES_KEYS)
    values = _first_list(features, _VALUES_KEYS)
    if names is None or values is None:
        return None
    is_of_rows = bool(values) and set(map(type, values)) == {list}
    return Grid(tuple(map(str, names)), values if is_of_rows or not values else [values])


def _first_list(features: dict[str, Any], keys: Sequence[str]) -> list[Any] | None:
    return next((found for key in keys if isinstance(found := features.get(key), list)), None)
