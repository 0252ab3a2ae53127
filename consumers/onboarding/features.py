"""Where the features are: the path under which most of what is there looks like features, or is in the baseline."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from consumers.decode.format_names import AUTO, JSON, UNTOLD
from consumers.decode.record import Record
from consumers.decode.schemas import Registry
from consumers.decode.tables import Names
from consumers.onboarding.names import ABOUT, LIKELY, UNLIKELY, sounds_like_time
from consumers.onboarding.opened import Guess, Seen, open_sample
from consumers.onboarding.sample import Sample
from consumers.onboarding.together import belonging, is_around, is_object
from consumers.onboarding.walk import branches, lists

# So many records are tried with each guess, and so many documents looked into for paths.
_TRIED, _LOOKED_INTO = 200, 50
_MOST_PATHS = 40
_NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """A guess, and how well it did: ``columns`` are the names that have single values under it.

    ``fit`` is the share of the baseline's features that are among them; without a baseline, a weight.
    """

    guess: Guess
    columns: Names
    read: int
    fit: float


def find_features(
    sample: Sample, features: Names | None, registry: Registry | None = None
) -> tuple[Place, list[Place]]:
    """Return the best place and the others that do nearly as well; ``features`` are the baseline's, where there is one.

    A best place with ``read`` 0 is none: no record of the sample could be read.
    """
    first, named = _first(sample, features, registry)
    documents = [event.record.parsed for event in first.events if event.formats[-1:] == (JSON,)][:_LOOKED_INTO]
    guesses = dict.fromkeys(replace(guess, format=named) for guess in _guesses(first, documents, features))
    tried = [_judge(open_sample(sample, guess, registry, _TRIED), guess, features) for guess in guesses]
    # Of equals the first: shorter paths come before longer ones.
    tried.sort(key=lambda place: -place.fit)
    best, enough = tried[0], tried[0].fit / 2
    if more := _more(tried, documents, features):
        paths = (best.guess.features, *more)
        # Last what others lie in: there, the name of an object is no feature's.
        first_path, *rest = sorted(paths, key=lambda path: is_around(path, paths))
        guess = replace(best.guess, features=first_path, more=tuple(rest))
        best = _judge(open_sample(sample, guess, registry, _TRIED), guess, features)
    known = best.guess.paths
    others = {place.guess.features: place for place in reversed(tried) if place.fit >= enough > 0}
    return best, [place for place in tried if others.get(path := place.guess.features) is place and path not in known]


def _first(sample: Sample, features: Names | None, registry: Registry | None) -> tuple[Seen, str]:
    """Open a sample as it comes; where nothing can be read, by those formats that nothing in a record tells."""
    first = open_sample(sample, Guess(features or ()), registry, _TRIED)
    for name in UNTOLD if not first.read else ():
        seen = open_sample(sample, Guess(features or (), format=name), registry, _TRIED)
        read = seen.read + sum(_holds_tensors(record) for record, _ in seen.unread)
        if read >= _NEARLY_ALL * seen.records > 0:
            return seen, name
    return first, AUTO


def _holds_tensors(record: Record) -> bool:
    """Tell whether a message has tensors, if of unknown names: garbage is a message, too, of nothing."""
    return record.is_object and any(record.document.get(key) for key in ("inputs", "outputs"))


def _more(tried: Sequence[Place], documents: Sequence[Any], features: Names | None) -> tuple[str, ...]:
    """Return the paths to further objects with features, beside the best one's."""
    objects = {
        place.guess.features: place.columns
        for place in reversed(tried)
        if is_object(documents, place.guess.features, place.columns)
    }
    best = tried[0].guess.features
    if best not in objects or not tried[0].fit:
        return ()
    others = [(path, objects[path]) for place in tried if (path := place.guess.features) in objects and path != best]
    return belonging((best, objects[best]), others, documents, features)


def _guesses(first: Seen, documents: Sequence[Any], features: Names | None) -> Iterator[Guess]:
    damaged = [document for record, _ in first.unread if (document := _document(record)) is not None]
    for path in _paths(documents):
        if features is not None:
            yield Guess(features, path)
            continue
        yield Guess((), path)
        for names in _columnar(documents, path):
            yield Guess(names, path)
    if features is None:
        for names in _names(damaged[:_LOOKED_INTO]):
            yield Guess(names)


def _document(record: Any) -> Any:
    """Return what a record is, where it is JSON; formats that are not may have made objects of their own."""
    value = record.value
    return record.parsed if record.is_object or (value is not None and value[:1] in (b"{", b"[")) else None


def _paths(documents: Sequence[Any]) -> list[str]:
    """Return the paths of objects and lists that are in half of the documents, shorter ones first."""
    found: Counter[str] = Counter()
    for document in documents:
        found.update({path for path, _ in branches(document)})
    usual = [path for path, n in found.items() if 2 * n >= len(documents)]
    return sorted(usual, key=lambda path: (path.count(".") + bool(path), path))[:_MOST_PATHS] or [""]


def _columnar(documents: Sequence[Any], path: str) -> Iterator[Names]:
    """Yield the names of columns, where lists of one length stand at a path."""
    for document in documents[:1]:
        found = dict(branches(document)).get(path)
        if isinstance(found, dict):
            columns = {name: value for name, value in found.items() if isinstance(value, list)}
            if columns and len(set(map(len, columns.values()))) == 1:
                yield tuple(columns)


def _names(documents: Sequence[Any]) -> list[Names]:
    """Return names for values that come without: those of tensors, or made-up ones for as many as there are."""
    found: Counter[Names] = Counter()
    for document in documents:
        for some in lists(document):
            if some and all(isinstance(one, dict) and "name" in one for one in some):
                found[tuple(str(one["name"]) for one in some)] += 1
                shapes = [shape for one in some if _is_shape(shape := one.get("shape"))]
                found.update(made_up_names(math.prod(shape[1:])) for shape in shapes)
            elif some and all(isinstance(one, str) for one in some):
                found[tuple(some)] += 1
            elif some and all(isinstance(one, list) for one in some):
                found[made_up_names(len(some[0]))] += 1
    return [names for names, _ in found.most_common(4) if names]


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, list) and all(type(size) is int and 0 <= size < 100_000 for size in shape)


def made_up_names(n: int) -> Names:
    """Return names for so many values that have none."""
    return tuple(f"f{number}" for number in range(1, n + 1))


def _judge(seen: Seen, guess: Guess, features: Names | None) -> Place:
    columns = single_valued(seen)
    read = seen.read
    share = read / max(1, seen.records)
    if features is not None:
        return Place(guess, columns, read, share * len(set(features) & set(columns)) / max(1, len(features)))
    key = guess.features.rpartition(".")[2].lower()
    kept = [name for name in columns if name.lower() not in ABOUT and not sounds_like_time(name)]
    weight = 3.0 if key in LIKELY else 0.25 if key in UNLIKELY else 1.0
    return Place(guess, columns, read, share * weight * len(kept))


def single_valued(seen: Seen) -> Names:
    """Return the names that mostly have single values, in the order in which they come."""
    singles: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for event in seen.events:
        names = event.table.names
        for row in list(event.table.rows(names))[:_LOOKED_INTO] if names else ():
            for name, value in zip(names, row, strict=True):
                if value is not None:
                    (others if isinstance(value, dict | list) else singles)[name] += 1
    return tuple(name for name, n in singles.items() if n >= others[name])
