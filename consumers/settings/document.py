"""The document before validation: the file, secret files, and the environment on top; each key with its origin."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from consumers.errors import SettingsError
from consumers.settings.client import option_value
from consumers.settings.model import Settings
from consumers.settings.places import nearest, place_of

KeyPath: TypeAlias = tuple[str, ...]
PREFIX = "DRIFTLINE_"
_BARE = re.compile("[A-Za-z0-9_-]+")
_FROM_FILE = "_file"


@dataclass(slots=True)
class Document:
    """Nested tables as read, where the parts that are not from the file came from, and what was wrong already."""

    path: Path
    tables: dict[str, Any]
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def origin(self, key: KeyPath) -> str:
        """Return the file, or the environment variable, that a key was read from."""
        starts = (key[:length] for length in range(len(key), 0, -1))
        return next((self.origins[start] for start in starts if start in self.origins), str(self.path))

    def complain(self, key: KeyPath, message: str) -> None:
        """Note what is wrong with a key and what to write instead."""
        self.problems.append(f"{self.origin(key)}: {dotted(key)}: {message}")

    def put(self, key: KeyPath, value: object, origin: str) -> None:
        """Set a value, over one from the file."""
        table = self.tables
        for part in key[:-1]:
            below = table.setdefault(part, {})
            if not isinstance(below, dict):
                below = table[part] = {}
            table = below
        table[key[-1]] = value
        self.origins[key] = origin


def dotted(key: KeyPath) -> str:
    """Return the key as TOML writes it."""
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in key)


def read_document(path: Path, environ: Mapping[str, str]) -> Document:
    """Return the merged document. Raises SettingsError where the file is not there or is not TOML."""
    return completed(Document(path, _read_toml(path)), environ)


def completed(document: Document, environ: Mapping[str, str]) -> Document:
    """Put what secret files and the environment's DRIFTLINE_SECTION__KEY variables hold over a document."""
    _read_secrets(document, list(_secret_keys((), document.tables)), str(document.path))
    for name, text in sorted(environ.items()):
        if name.upper().startswith(PREFIX):
            _read_variable(document, name, text)
    return document


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        instead = "write its path after --config, or let `driftline init` make one"
        raise SettingsError(f"{path}: there is no such file; {instead}") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}); write a readable file's path") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: byte {error.start}: not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}; text values stand in double quotes") from None


def _secret_keys(start: KeyPath, table: Mapping[str, Any]) -> Iterator[KeyPath]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _secret_keys((*start, name), value)
        elif name.endswith(_FROM_FILE) and _takes_secret((*start, name)):
            yield (*start, name)


def _takes_secret(key: KeyPath) -> bool:
    """Whether ``key_file`` stands for a known ``key`` (and is not a key itself)."""
    return _known((*key[:-1], key[-1].removesuffix(_FROM_FILE))) and not _known(key)


def _known(key: KeyPath) -> bool:
    place = place_of(Settings, key)
    if place is not None:
        return not place.keys()
    return len(key) == 2 and key[0] == "kafka" and option_value(key[1], "") is not None


def text_value(key: KeyPath, text: str) -> object:
    """Read text, as environment variables and secret files hold it, as the key's type writes it."""
    place = place_of(Settings, key)
    if place is not None:
        return place.value(text)
    option = option_value(key[-1], text) if key[0] == "kafka" and len(key) == 2 else None
    return text if option is None else option


def _read_secrets(document: Document, keys: list[KeyPath], origin: str) -> None:
    for key in keys:
        target = (*key[:-1], key[-1].removesuffix(_FROM_FILE))
        table = document.tables
        for part in key[:-1]:
            table = table[part]
        name = table.pop(key[-1])
        if target[-1] in table and origin == str(document.path):
            document.complain(key, f"{target[-1]} is given too; write one of the two")
        elif not isinstance(name, str):
            document.complain(key, 'must be a path in quotes; write for example "/run/secrets/password"')
        else:
            _read_secret(document, key, target, name)


def _read_secret(document: Document, key: KeyPath, target: KeyPath, name: str) -> None:
    origin, shown = document.origin(key), json.dumps(name, ensure_ascii=False)
    try:
        text = (document.path.parent / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        document.complain(key, f"{shown} cannot be read ({error.strerror}); write the path of a readable file")
    except UnicodeDecodeError:
        document.complain(key, f"{shown} is not UTF-8 text; write the path of a text file")
    except ValueError:
        document.complain(key, f"{shown} is no path; write the path of a text file")
    else:
        document.put(target, text_value(target, text), origin)


def _read_variable(document: Document, name: str, text: str) -> None:
    parts = name[len(PREFIX) :].split("__")
    section = parts[0].lower()
    known = list(Settings.model_fields)
    if len(parts) == 1:
        start = next((table for table in known if section.startswith(f"{table}_")), None)
        if start is not None:
            meant = f"{PREFIX}{start}__{section[len(start) + 1 :]}".upper()
            document.problems.append(f"environment variable {name}: has one underscore; write {meant}")
        return
    key = _cased(document, (section, *parts[1:]))
    if section not in known:
        guess = nearest(section, known)
        instead = f"write {PREFIX}{guess.upper()}__..." if guess else f"the sections are {', '.join(known)}"
        document.problems.append(f"environment variable {name}: there is no section {section}; {instead}")
        return
    document.put(key, text_value(key, text), f"environment variable {name}")
    if key[-1].endswith(_FROM_FILE) and _takes_secret(key):
        _read_secrets(document, [key], f"environment variable {name}")


def _cased(document: Document, parts: KeyPath) -> KeyPath:
    """Lower-case a variable's parts; a feature and a route keep the spelling that the file gives them."""
    key = tuple(part.lower() for part in parts)
    named = document.tables.get(key[0]) if key[0] in ("features", "routes") else None
    if len(key) < 2 or not isinstance(named, dict):
        return key
    same = next((name for name in named if name.lower() == key[1]), key[1])
    return (key[0], same, *key[2:])
