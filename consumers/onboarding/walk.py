"""Walking through a JSON document: its single values and its objects, by path."""

from collections.abc import Iterator
from typing import Any

# What lies deeper is nobody's features.
_DEEPEST = 4


def leaves(document: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield path and value of what is no object and no list; a key with a dot in it has no path.

    >>> list(leaves({"ts": 1, "user": {"age": 3, "tags": []}}))
    [('ts', 1), ('user.age', 3)]
    """
    for key, value, inner in _below(document, path, depth):
        if isinstance(value, dict):
            yield from leaves(value, inner, depth + 1)
        elif not isinstance(value, list) and key:
            yield inner, value


def branches(document: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield path and value of every object and list, the document itself (path "") first.

    >>> [path for path, _ in branches({"ts": 1, "user": {"tags": []}})]
    ['', 'user', 'user.tags']
    """
    if not path:
        yield "", document
    for _, value, inner in _below(document, path, depth):
        if isinstance(value, dict | list):
            yield inner, value
        if isinstance(value, dict):
            yield from branches(value, inner, depth + 1)


def lists(document: Any, depth: int = 0) -> Iterator[list[Any]]:
    """Yield every list, also those in lists."""
    if depth > _DEEPEST:
        return
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    if isinstance(document, list):
        yield document
    for value in inside:
        if isinstance(value, dict | list):
            yield from lists(value, depth + 1)


def _below(document: Any, path: str, depth: int) -> Iterator[tuple[str, Any, str]]:
    if not isinstance(document, dict) or depth > _DEEPEST:
        return
    for key, value in document.items():
        if key and "." not in key and not key.startswith("@"):
            yield key, value, f"{path}.{key}" if path else key
