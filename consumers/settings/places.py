"""Where a key leads in the sections: its type, its neighbours, and how text becomes its value."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from consumers.settings.spelling import Spelling


@dataclass(frozen=True, slots=True)
class Place:
    """A key's place: its type, and the field that it is, where it is one."""

    annotation: Any
    field: FieldInfo | None = None

    def keys(self) -> dict[str, FieldInfo]:
        """Return the known keys of a table, as written in the file; none for a value."""
        table = self.table
        if table is None:
            return {}
        return {field.alias or name: field for name, field in table.model_fields.items() if not field.exclude}

    @property
    def table(self) -> type[BaseModel] | None:
        """The table that this place is, or may be; None for a value."""
        kinds = (kind for kind in alternatives(self.annotation) if isinstance(kind, type))
        return next((kind for kind in kinds if issubclass(kind, BaseModel)), None)

    def child(self, key: str) -> "Place | None":
        """Return the place below, or None where there is no such key."""
        if get_origin(self.annotation) is Mapping:
            return Place(get_args(self.annotation)[1])
        field = self.keys().get(key)
        return None if field is None else Place(field.annotation, field)

    def value(self, text: str) -> object:
        """Read text, as environment variables and secret files hold it, as this place's type writes it."""
        if self.spelling is not None or self._takes_text():
            return text
        if get_origin(self.annotation) is tuple and not text.lstrip().startswith("["):
            return [part.strip() for part in text.split(",") if part.strip()]
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text

    @property
    def spelling(self) -> Spelling | None:
        """How this key's value is written, where it is more than a plain type."""
        found = [mark for mark in self.field.metadata if isinstance(mark, Spelling)] if self.field else []
        return found[0] if found else None

    def _takes_text(self) -> bool:
        return any(kind is str or get_origin(kind) is Literal for kind in alternatives(self.annotation))


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """Return the types that a type allows, without the marks on them: ``Share | None`` is float and NoneType."""
    if hasattr(annotation, "__metadata__"):
        return alternatives(annotation.__origin__)
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return tuple(kind for part in get_args(annotation) for kind in alternatives(part))
    return (annotation,)


def place_of(root: type[BaseModel], path: Iterable[str]) -> Place | None:
    """Return the place that a path leads to, or None where it leads nowhere."""
    place: Place | None = Place(root)
    for key in path:
        place = place.child(key) if place else None
    return place


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that this one was probably meant to be."""
    by_folded = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower().replace("-", "_"), by_folded, n=1)
    return by_folded[found[0]] if found else None
