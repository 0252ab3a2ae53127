"""Features that stand in several objects of an event: which of them belong together, and which are something else."""

from collections.abc import Iterator, Sequence
from typing import Any

from consumers.decode.event_format import split_path
from consumers.decode.lenient import follow
from consumers.decode.tables import Names
from consumers.onboarding.names import ABOUT, LIKELY, UNLIKELY, sounds_like_time


def is_object(documents: Sequence[Any], path: str, columns: Names) -> bool:
    """Tell whether these columns are keys of one object at a path: no rows, no names beside values."""
    found = [at for document in documents if isinstance(at := follow(document, split_path(path)), dict)]
    return bool(columns) and bool(found) and all(any(name in one for one in found) for name in columns)


def belonging(
    best: tuple[str, Names], others: Sequence[tuple[str, Names]], documents: Sequence[Any], features: Names | None
) -> tuple[str, ...]:
    """Return the paths whose objects have features beside the best one's; ``others`` are likelier first.

    Those that have more of the baseline's ``features``; without a baseline, all that have names of their own, and are
    not about the event. An object called features has all of them, with those inside it.
    """
    path, columns = best
    taken = set(columns) if features is None else set(columns) & set(features)
    more: list[str] = []
    for other, names in others:
        if features is not None:
            wanted = set(names) & set(features)
        else:
            wanted = set(_own(path, other, names, documents))
            if wanted & taken:
                continue
        if wanted - taken:
            more.append(other)
            taken |= wanted
    return tuple(more)


def is_around(path: str, others: Sequence[str]) -> bool:
    """Tell whether one of the other paths leads into the object at a path.

    >>> is_around("", ["user"]), is_around("user", ["user"]), is_around("a", ["a.b", "c"])
    (True, False, True)
    """
    return any(other != path and (not path or other.startswith(f"{path}.")) for other in others)


def _own(best: str, path: str, names: Names, documents: Sequence[Any]) -> Iterator[str]:
    """Yield the names that may be features in an object beside, within or around the best one."""
    if any(key.lower() in UNLIKELY | ABOUT for key in path.split(".")):
        return
    is_within = path.startswith(f"{best}.") if best else True
    if best.rpartition(".")[2].lower() in LIKELY and not is_within:
        return
    around = is_around(path, [best])
    for name in names:
        if name.lower() in ABOUT or (around and not _is_number(path, name, documents)):
            continue
        yield name


def _is_number(path: str, name: str, documents: Sequence[Any]) -> bool:
    """Tell whether a value is a number, and no time: what stands around objects is mostly about the event."""
    values = [follow(document, (*split_path(path), name)) for document in documents]
    return not sounds_like_time(name) and any(type(value) in (int, float) for value in values)
