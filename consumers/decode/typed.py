"""The quick reader: a msgspec Struct made from the baseline and the paths, so that JSON becomes columns in C.

It accepts the events that are as they should be and refuses every other one, which the patient reader then reads.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from baselines.baseline import Baseline
from consumers.decode.event_format import EventFormat, Scalar, split_path

# Everything that msgspec is known to raise for bytes (or None) that are no such event.
REFUSALS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, TypeError)

_Tree: TypeAlias = dict[str, Any]
_Getter: TypeAlias = Callable[[Any], Any]


class TypedReader:
    """``decode`` turns bytes into an event; the getters take it apart.

    ``features`` gives the Struct whose fields begin with the numeric, then the categorical features in order; where
    absent, a number is NaN and a category None. ``time`` is None if the record's own timestamp counts. ``where`` gives
    what must equal ``required``, ``segment`` the values by which events are told apart, None where they are not.
    """

    def __init__(self, baseline: Baseline, event_format: EventFormat, telling: Iterable[str] = ()) -> None:
        tree = _tree(baseline, event_format)
        _refuse(tree, event_format.features, telling)
        # None is refused with a TypeError, as every other value that is no event.
        self.decode: _Getter = msgspec.json.Decoder(_struct(tree)).decode
        self.features = _getter(tree, event_format.features)
        self.time = None if event_format.timestamp is None else _getter(tree, event_format.timestamp)
        self.where = attrgetter(*(_dotted(tree, path) for path in event_format.where)) if event_format.where else None
        self.segment = _values(tree, event_format.segments)
        values = tuple(event_format.where.values())
        self.required: object = values[0] if len(values) == 1 else values


def typed_reader(baseline: Baseline, event_format: EventFormat, telling: Iterable[str] = ()) -> TypedReader | None:
    """Return the quick reader; None where no Struct has this shape.

    That is so where one field has two uses (a feature that is also the timestamp), where a key holds a quote, a
    backslash or a control character, where a path leads around the event, and where features stand in several objects.
    Events with a value at one of the ``telling`` keys, beside the features, are refused.
    """
    paths = (event_format.timestamp or "", *event_format.where, *event_format.segments)
    if event_format.more_features or any(path.startswith("@") for path in paths):
        return None
    try:
        return TypedReader(baseline, event_format, telling)
    except (ValueError, KeyError):
        return None


def _tree(baseline: Baseline, event_format: EventFormat) -> _Tree:
    """Lay out the fields; the features' come first in their object. Two uses of one field raise KeyError."""
    tree: _Tree = {}
    for numeric in baseline.numeric:
        _plant(tree, (*split_path(event_format.features), numeric.name), float | None)
    for categorical in baseline.categorical:
        kind = str | int | float | bool | None if categorical.boolean else str | int | float | None
        _plant(tree, (*split_path(event_format.features), categorical.name), kind)
    if event_format.timestamp is not None:
        _plant(tree, split_path(event_format.timestamp), int | float | str)
    for path, value in event_format.where.items():
        _plant(tree, split_path(path), _where_type(value))
    for path in event_format.segments:
        _plant_unless_there(tree, split_path(path))
    return tree


def _plant(tree: _Tree, path: tuple[str, ...], kind: Any) -> None:
    *parents, leaf = path
    for key in parents:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise KeyError(key)
    if leaf in tree:
        raise KeyError(leaf)
    tree[leaf] = kind


def _plant_unless_there(tree: _Tree, path: tuple[str, ...]) -> None:
    """Plant a value by which events are told apart; one that is a feature, too, is read as that."""
    *parents, leaf = path
    for key in parents:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise KeyError(key)
    if isinstance(tree.setdefault(leaf, str | int | float | bool | None), dict):
        raise KeyError(leaf)


def _refuse(tree: _Tree, features: str, telling: Iterable[str]) -> None:
    """Let the object of the features hold nothing but null under keys that have no use."""
    for key in split_path(features):
        tree = tree.setdefault(key, {})
    for key in telling:
        tree.setdefault(key, None)


def _where_type(required: Scalar) -> Any:
    """Return the type with which Python's ``==`` compares as JSON does."""
    if isinstance(required, bool):
        return bool | None
    return str | None if isinstance(required, str) else int | float | None


def _struct(tree: Mapping[str, Any]) -> type[msgspec.Struct]:
    """Make the Struct; what must not be absent has no default, and no name of a field meets Python's rules."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for i, kind in enumerate(tree.values()):
        if isinstance(kind, dict):
            fields.append((f"f{i}", _struct(kind)))
        else:
            fields.append((f"f{i}", kind) if kind == int | float | str else (f"f{i}", kind, _absent(kind)))
    names = {f"f{i}": key for i, key in enumerate(tree)}
    return msgspec.defstruct("Event", fields, rename=names, gc=False, kw_only=True)


def _absent(kind: Any) -> float | None:
    """Return what stands for an absent field; JSON has no NaN, so that a number's can be packed as it is."""
    return math.nan if kind == float | None else None


def _dotted(tree: _Tree, path: str) -> str:
    """Translate a path of keys into one of generated field names."""
    names = []
    for key in split_path(path):
        names.append(f"f{list(tree).index(key)}")
        tree = tree[key]
    return ".".join(names)


def _getter(tree: _Tree, path: str) -> _Getter:
    return attrgetter(_dotted(tree, path)) if path else _itself


def _values(tree: _Tree, paths: tuple[str, ...]) -> _Getter | None:
    """Return what gives the values at some paths, always as a tuple."""
    if not paths:
        return None
    getters = [attrgetter(_dotted(tree, path)) for path in paths]
    return lambda event: tuple(getter(event) for getter in getters)


def _itself(event: Any) -> Any:
    return event
