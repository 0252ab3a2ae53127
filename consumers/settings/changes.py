"""Settings given on the command line over those of the file: ``window=24h,persist=3 of 4``."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consumers.errors import SettingsError
from consumers.settings.document import Document, KeyPath, dotted, text_value
from consumers.settings.model import Settings
from consumers.settings.places import Place, nearest, place_of

# Where a key without its section may stand, in this order; no two of these sections share a key.
_SECTIONS = ("schedule", "decision", "thresholds")
# A comma outside of brackets and quotes.
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)(?![^\[]*\])')


@dataclass(frozen=True, slots=True)
class Changes:
    """Values by key, as text; ``origin`` is what errors name as the place where they were written."""

    origin: str
    values: Mapping[KeyPath, str]

    def apply(self, document: Document) -> None:
        """Set the values in a document, over those of the file and of the environment."""
        for key, text in self.values.items():
            document.put(key, text_value(key, text), self.origin)


def parse_changes(text: str, origin: str) -> Changes:
    """Read ``key=value,key=value``; a list stands in brackets, and the section may be left out.

    >>> parse_changes("window=24h,checks=[ks,chi2]", "--try").values
    {('schedule', 'window'): '24h', ('decision', 'checks'): 'ks,chi2'}

    Raises SettingsError with what to write instead.
    """
    return Changes(origin, dict(_assignments(text, origin)))


def _assignments(text: str, origin: str) -> Iterator[tuple[KeyPath, str]]:
    for part in _COMMA.split(text):
        name, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f'{origin}: "{part}" is no key=value; write for example "persist=3 of 4"')
        yield _key(name.strip(), origin), _without_brackets(value.strip())


def _key(name: str, origin: str) -> KeyPath:
    """Return the whole path of a key: as TOML writes it, with or without its section."""
    path = _path(name, origin)
    if path[0] in (*_SECTIONS, "features") and len(path) > 1:
        return path
    for section in _SECTIONS:
        if place_of(Settings, (section, *path)) is not None:
            return (section, *path)
    known = [key for section in _SECTIONS for key in _place(section).keys()]  # noqa: SIM118  # a method of Place
    guess = nearest(path[-1], known)
    instead = f"write {guess}" if guess else f"keys of {', '.join(_SECTIONS)} and features.NAME can be"
    raise SettingsError(f"{origin}: {dotted(path)} is nothing that can be tried; {instead}")


def _place(section: str) -> Place:
    place = place_of(Settings, (section,))
    assert place is not None
    return place


def _path(name: str, origin: str) -> KeyPath:
    try:
        table: Any = tomllib.loads(f"{name} = 0")
    except tomllib.TOMLDecodeError:
        raise SettingsError(f'{origin}: "{name}" is no key; write for example decision.persist') from None
    path: list[str] = []
    while isinstance(table, dict):
        (part,) = table
        path.append(part)
        table = table[part]
    return tuple(path)


def _without_brackets(value: str) -> str:
    """Return a plain list without its brackets, as environment variables write it; JSON stays as it is."""
    return value[1:-1] if value.startswith("[") and value.endswith("]") and '"' not in value else value
