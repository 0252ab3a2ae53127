"""Schemas of Avro of which a few bytes may say any number of values, or nest them without end: these are not read.

A value of no bytes (null, a record of nothing, a fixed of size 0) may stand in an array 2^40 times; a type that leads
back to itself nests as deeply as there are bytes, and the reader's own stack has an end. Neither is seen before it
is too late, so that it is looked for in the schema.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

# Deeper than people nest, far less deep than the stack is.
_DEEPEST = 100
# So many values without bytes a record may have beyond its fields that have some: each costs time and memory, too.
_MOST_EMPTY = 16


class Seen(NamedTuple):
    """What is known of a type: how deep its values are, and of how many they consist where none of them has bytes."""

    depth: int
    empty: int = 0


class SchemaWalk:
    """Walks through schemas as fastavro has parsed them; a named type is looked at once, and remembered."""

    def __init__(self) -> None:
        # None while a type is being looked at.
        self._known: dict[str, Seen | None] = {}
        self._looks = {
            "record": self._record,
            "error": self._record,
            "array": self._array,
            "map": self._map,
            "fixed": self._fixed,
        }

    def check(self, schema: Any) -> None:
        """Raise ValueError, saying why, for a schema whose values are not bounded by their bytes."""
        self._look(schema)

    def check_rows(self, schema: Any) -> None:
        """Raise ValueError as well where a value has no bytes at all: a file may say that it has any number of them."""
        if self._look(schema).empty:
            raise ValueError("its values have no bytes, and any number of them would fit")

    def _look(self, node: Any) -> Seen:
        if isinstance(node, str):
            return self._named(node)
        if isinstance(node, list):
            return Seen(1 + max((self._look(one).depth for one in node), default=0))
        kind = node["type"]
        return self._looks[kind](node) if isinstance(kind, str) and kind in self._looks else self._look(kind)

    def _named(self, name: str) -> Seen:
        # What is not known is a plain type, or an enum.
        found = Seen(1, empty=1) if name == "null" else self._known.get(name, Seen(1))
        if found is None:
            raise ValueError(f"the type {name} leads back to itself, and may be nested without end")
        return found

    def _array(self, node: Mapping[str, Any]) -> Seen:
        items = self._look(node["items"])
        if items.empty:
            raise ValueError("the items of an array have no bytes, and any number of them would fit")
        return Seen(1 + items.depth)

    def _map(self, node: Mapping[str, Any]) -> Seen:
        return Seen(1 + self._look(node["values"]).depth)

    def _fixed(self, node: Mapping[str, Any]) -> Seen:
        return self._remember(node, Seen(1, empty=int(node["size"] == 0)))

    def _record(self, node: Mapping[str, Any]) -> Seen:
        self._known[node["name"]] = None
        fields = [self._look(field["type"]) for field in node["fields"]]
        empty, filled = sum(field.empty for field in fields), sum(not field.empty for field in fields)
        if empty > filled + _MOST_EMPTY:
            raise ValueError(f"{empty} values of {node['name']} have no bytes")
        depth = 1 + max((field.depth for field in fields), default=0)
        if depth > _DEEPEST:
            raise ValueError(f"its types are nested more than {_DEEPEST} deep")
        return self._remember(node, Seen(depth, empty=0 if filled else 1 + empty))

    def _remember(self, node: Mapping[str, Any], seen: Seen) -> Seen:
        self._known[node["name"]] = seen
        return seen
