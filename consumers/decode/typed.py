"""The quick reader: a msgspec Struct made from the baseline and the paths, so that JSON becomes columns in C.

It accepts the events that are as they should be and refuses every other one, which the patient reader then reads.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from types import GenericAlias
from typing import Annotated, Any, TypeAlias, get_args

import msgspec

from baselines.baseline import Baseline, CategoricalReference
from consumers.decode.event_format import EventFormat, Scalar, split_path
from consumers.decode.shape import PLAIN, Keys, Shape
from consumers.decode.tables import picker

# Everything that msgspec is known to raise for bytes (or None) that are no such event.
REFUSALS = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError, TypeError)

_Tree: TypeAlias = dict[str, Any]
_Getter: TypeAlias = Callable[[Any], Any]

_TIME = int | float | str
_NUMBER = float | None
# What no value is.
_NEVER = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
# Records of more rows are read patiently, for little more; here, hundreds of records are held at once.
_MOST_ROWS = 16


class TypedReader:
    """``decode`` turns bytes into an event; the getters take it apart.

    ``features`` gives the Struct whose fields begin with the numeric, then the categorical features in order; where
    absent, a number is NaN and a category None. With ``pick`` it gives a list of rows instead, of which ``pick`` takes
    the same. ``time`` is None if the record's own timestamp counts. ``where`` gives what must equal ``required``,
    ``segment`` the values by which events are told apart, None where they are not.
    """

    def __init__(
        self, baseline: Baseline, event_format: EventFormat, telling: Iterable[str] = (), shape: Shape = PLAIN
    ) -> None:
        self.shape = shape
        places = _Places(event_format, shape)
        tree = _tree(baseline, event_format, places)
        if not shape.names:
            _refuse(tree, places.features, telling)
        if shape.event:
            _surround(tree, baseline, event_format, shape)
        # None is refused with a TypeError, as every other value that is no event.
        self.decode: _Getter = msgspec.json.Decoder(_struct(tree, is_closed=shape.is_closed)).decode
        self.features = _getter(tree, places.features)
        self.pick = picker(shape.names, tuple(_kinds(baseline))) if shape.names else None
        timestamp, where = event_format.timestamp, event_format.where
        self.time = None if timestamp is None else _getter(tree, places.of(timestamp))
        self.where = attrgetter(*(_dotted(tree, places.of(path)) for path in where)) if where else None
        self.segment = _values(tree, [places.of(path) for path in event_format.segments])
        values = tuple(event_format.where.values())
        self.required: object = values[0] if len(values) == 1 else values

    def takes(self, value: bytes | None) -> bool:
        """Tell whether a record is read."""
        try:
            self.decode(value)
        except REFUSALS:
            return False
        return True


def typed_reader(
    baseline: Baseline, event_format: EventFormat, telling: Iterable[str] = (), shape: Shape = PLAIN
) -> TypedReader | None:
    """Return the quick reader of a shape; None where no Struct has it.

    That is so where one field has two uses (a feature that is also the timestamp), where a key holds a quote, a
    backslash or a control character, where a path leads around the event to what is not in the record, and where
    features stand in several objects. Events with a value at one of the ``telling`` keys, beside the features, are
    refused.
    """
    if event_format.more_features:
        return None
    try:
        return TypedReader(baseline, event_format, telling, shape)
    except (ValueError, KeyError):
        return None


class _Places:
    """Where the paths of the configuration lead in a record of some shape; KeyError for what is not in it."""

    def __init__(self, event_format: EventFormat, shape: Shape) -> None:
        self._shape, self.names = shape, shape.names
        self._event = () if shape.names else shape.event
        self.features = shape.event if shape.names else (*shape.event, *split_path(event_format.features))

    def of(self, path: str) -> Keys:
        if not path.startswith("@"):
            if path in self._shape.names:
                # It may be a column.
                raise KeyError(path)
            return (*self._event, *split_path(path))
        keys = split_path(path[1:])
        found = None if keys[0] == "header" else self._shape.around(keys)
        if found is None:
            raise KeyError(path)
        return found


def _kinds(baseline: Baseline) -> dict[str, Any]:
    """Return the features' types by name, the numeric ones first."""
    kinds: dict[str, Any] = {numeric.name: _NUMBER for numeric in baseline.numeric}
    return kinds | {categorical.name: _category(categorical) for categorical in baseline.categorical}


def _tree(baseline: Baseline, event_format: EventFormat, places: _Places) -> _Tree:
    """Lay out the fields; the features' come first in their object. Two uses of one field raise KeyError."""
    tree: _Tree = {}
    kinds = _kinds(baseline)
    if places.names:
        row = GenericAlias(tuple, tuple(kinds.get(name, Any) for name in places.names))
        few = msgspec.Meta(min_length=1, max_length=_MOST_ROWS)
        _plant(tree, places.features, Annotated[GenericAlias(list, (row,)), few])
    else:
        for name, kind in kinds.items():
            _plant(tree, (*places.features, name), kind)
    if event_format.timestamp is not None:
        _plant(tree, places.of(event_format.timestamp), _TIME)
    for path, value in event_format.where.items():
        _plant(tree, places.of(path), _where_type(value))
    for path in event_format.segments:
        _plant_unless_there(tree, places.of(path))
    return tree


def _surround(tree: _Tree, baseline: Baseline, event_format: EventFormat, shape: Shape) -> None:
    """Let a record be of its shape, and of no other: plain events have features where these have none."""
    for keys, kind in shape.needs.items():
        parent = _parent(tree, keys)
        if isinstance(parent.get(keys[-1]), dict):
            raise KeyError(keys)
        parent[keys[-1]] = kind
    plain = [event_format.features.split(".")[0]] if event_format.features else list(_kinds(baseline))
    if not tree.keys().isdisjoint(plain):
        raise KeyError(plain)
    if not shape.is_closed:
        tree.update(dict.fromkeys(plain, _NEVER))
        for key in shape.refused_keys:
            tree.setdefault(key, None)


def _category(reference: CategoricalReference) -> Any:
    return str | int | float | bool | None if reference.boolean else str | int | float | None


def _parent(tree: _Tree, keys: Keys) -> _Tree:
    """Return the object that holds what these keys lead to."""
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise KeyError(key)
    return tree


def _plant(tree: _Tree, keys: Keys, kind: Any) -> None:
    parent = _parent(tree, keys)
    if keys[-1] in parent:
        raise KeyError(keys)
    parent[keys[-1]] = kind


def _plant_unless_there(tree: _Tree, keys: Keys) -> None:
    """Plant a value by which events are told apart; one that is a feature, too, is read as that."""
    if isinstance(_parent(tree, keys).setdefault(keys[-1], str | int | float | bool | None), dict):
        raise KeyError(keys)


def _refuse(tree: _Tree, features: Keys, telling: Iterable[str]) -> None:
    """Let the object of the features hold nothing but null under keys that have no use."""
    for key in features:
        tree = tree.setdefault(key, {})
    for key in telling:
        tree.setdefault(key, None)


def _where_type(required: Scalar) -> Any:
    """Return the type with which Python's ``==`` compares as JSON does."""
    if isinstance(required, bool):
        return bool | None
    return str | None if isinstance(required, str) else int | float | None


def _struct(tree: Mapping[str, Any], *, is_closed: bool = False) -> type[msgspec.Struct]:
    """Make the Struct; what must not be absent has no default, and no name of a field meets Python's rules."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for i, kind in enumerate(tree.values()):
        if isinstance(kind, dict):
            fields.append((f"f{i}", _struct(kind)))
        else:
            fields.append((f"f{i}", kind, _absent(kind)) if _may_be_absent(kind) else (f"f{i}", kind))
    names = {f"f{i}": key for i, key in enumerate(tree)}
    return msgspec.defstruct("Event", fields, rename=names, gc=False, kw_only=True, forbid_unknown_fields=is_closed)


def _may_be_absent(kind: Any) -> bool:
    return kind is None or kind is _NEVER or not {None, type(None)}.isdisjoint(get_args(kind))


def _absent(kind: Any) -> float | None:
    """Return what stands for an absent field; JSON has no NaN, so that a number's can be packed as it is."""
    return math.nan if kind == _NUMBER else None


def _dotted(tree: _Tree, keys: Keys) -> str:
    """Translate a path of keys into one of generated field names."""
    names = []
    for key in keys:
        names.append(f"f{list(tree).index(key)}")
        tree = tree[key]
    return ".".join(names)


def _getter(tree: _Tree, keys: Keys) -> _Getter:
    return attrgetter(_dotted(tree, keys)) if keys else _itself


def _values(tree: _Tree, paths: list[Keys]) -> _Getter | None:
    """Return what gives the values at some paths, always as a tuple."""
    if not paths:
        return None
    getters = [attrgetter(_dotted(tree, keys)) for keys in paths]
    return lambda event: tuple(getter(event) for getter in getters)


def _itself(event: Any) -> Any:
    return event
