"""Columns that changed places: one feature's window looks like another feature's training data, and the other way.

That one column alone looks like another is a coincidence too often, so it takes more. Either a closed ring of columns,
each of which looks like exactly one other: two exchanged, or three and more moved round. Or a shuffle: most columns
that drift, four at least, can be matched one to one with another's training data, two of them from afar and with no
other choice, and they moved both up and down, which features that drift together do not. In a shuffle a source is
named only where one fits clearly best. What cannot be recognised: columns that look alike, and rings with a member
that does not drift.
"""

import math
from collections.abc import Mapping

from stream.patterns.numbers import Numbers, distance, log_ratio, log_std_error, root, same_moments, tolerated
from stream.patterns.pattern import Pattern

# A feature must have moved this far from itself, and its source must be that much nearer.
_LEAST_DISTANCE = 0.15
_NEARER = 2.5
# Another candidate must fit this much worse, and hardly at all, or the source is ambiguous.
_CLEARER, _HARDLY = 1.5, 0.5
# Features that look alike are taken for each other: a source is named only of one that moved this far.
_FAR_ENOUGH = 0.3
# Features of one shape come to lie on each other's places by plain shifts: then a member of a ring must fit this well.
_AS_SHIFTED = 0.7
# A shuffle has at least so many columns, this part of those that drift, and so many that moved far to a certain source.
_LEAST_SHUFFLED, _MOST_OF = 4, 0.6
_LEAST_CERTAIN, _FAR = 2, 0.5
_ERRORS = 3.0

Fits = Mapping[str, Mapping[str, float]]


def exchanged(references: Mapping[str, Numbers], windows: Mapping[str, Numbers]) -> dict[str, Pattern]:
    """Return a pattern for every feature whose column changed places with others.

    ``windows`` are those of the features that drift, ``references`` hold them and may hold more, as sources.
    """
    fits = {name: _fits(name, references, window) for name, window in windows.items()}
    moved = {name: distance(references[name].shares, window.shares) for name, window in windows.items()}
    certain = {name: _only(of) for name, of in fits.items() if moved[name] >= _FAR_ENOUGH}
    sources = {name: source for name, source in certain.items() if source is not None}
    rings = {
        name: source
        for name, source in sources.items()
        if fits[name][source] <= _AS_SHIFTED or not _only_shifted(references[name], windows[name])
    }
    up = {name for name, window in windows.items() if window.mean > references[name].mean}
    shuffled = _shuffled(fits, {name for name in sources if moved[name] >= _FAR}, up)
    found = {}
    for name in windows:
        ring = _ring(name, rings)
        if ring:
            found[name] = _in_ring(name, ring)
        elif name in shuffled:
            found[name] = _in_shuffle(name, sources.get(name), len(shuffled))
    return found


def _fits(name: str, references: Mapping[str, Numbers], window: Numbers) -> dict[str, float]:
    """Return the other features that the window looks like, and much more so than like itself, with their misfits."""
    own = distance(references[name].shares, window.shares)
    if own < _LEAST_DISTANCE:
        return {}
    misfits = {other: misfit(reference, window) for other, reference in references.items() if other != name}
    return {
        other: how
        for other, how in misfits.items()
        if how <= 1.0 and own >= _NEARER * distance(references[other].mapped(window.values), window.shares)
    }


def _only_shifted(reference: Numbers, window: Numbers) -> bool:
    """Tell whether the window is the feature's own training data, moved by a constant."""
    if not same_moments(window, window.mean, reference.std, reference):
        return False
    moved = reference.mapped(window.values, offset=window.mean - reference.mean)
    return distance(moved, window.shares) <= tolerated(reference, window)


def _only(fits: Mapping[str, float]) -> str | None:
    ranked = sorted((how, other) for other, how in fits.items())
    if not ranked or (len(ranked) > 1 and ranked[1][0] < max(_CLEARER * ranked[0][0], _HARDLY)):
        return None
    return ranked[0][1]


def _shuffled(fits: Fits, certain: set[str], up: set[str]) -> set[str]:
    """Return the columns of a shuffle; none where it is not certain that there was one.

    ``certain`` are the columns that moved far to the only source that fits, ``up`` those whose mean rose.
    """
    matched = _matched(fits)
    both_ways = min(len(matched & up), len(matched - up)) >= 0.2 * len(matched)
    many = len(matched) >= max(_LEAST_SHUFFLED, _MOST_OF * len(fits))
    return matched if many and both_ways and len(matched & certain) >= _LEAST_CERTAIN else set()


def _matched(fits: Fits) -> set[str]:
    """Return the names of a largest matching, each with a source of its own (augmenting paths, Berge 1957)."""
    holder: dict[str, str] = {}

    def place(name: str, seen: set[str]) -> bool:
        for source in fits[name]:
            if source not in seen:
                seen.add(source)
                if source not in holder or place(holder[source], seen):
                    holder[source] = name
                    return True
        return False

    for name in fits:
        place(name, set())
    return set(holder.values())


def misfit(reference: Numbers, window: Numbers) -> float:
    """Return how far a window lies from another feature's training data, 1 being the most that chance explains.

    The largest of three: the distance over the window's own cells, the means, and the standard deviations; the last two
    are known where the cells are not, beyond the range that the window's own feature had in training.
    """
    if not (reference.std > 0 and window.std > 0) or reference.beyond > 0.05:
        return math.inf
    error = root(window, reference)
    mean = abs(window.mean - reference.mean) / (reference.std * (_ERRORS * error + 0.02))
    wide = min(_ERRORS * log_std_error(window, reference) + 0.02, 0.5)
    std = abs(log_ratio(window.std, reference.std)) / wide
    # A look at the moments is cheap and settles nearly all pairs.
    if max(mean, std) > 1.0:
        return math.inf
    apart = distance(reference.mapped(window.values), window.shares) / tolerated(reference, window)
    return max(mean, std, apart)


def _ring(name: str, sources: dict[str, str]) -> list[str]:
    """Return the ring that the name is in, itself first, each followed by its source; empty where it does not close."""
    ring = [name]
    while (source := sources.get(ring[-1])) is not None and source not in ring:
        ring.append(source)
    return ring if source == name else []


def _in_ring(name: str, ring: list[str]) -> Pattern:
    source = ring[1]
    if len(ring) == 2:
        return Pattern("swapped", f"{name} and {source} look swapped", {"column": source})
    return _in_shuffle(name, source, len(ring))


def _in_shuffle(name: str, source: str | None, columns: int) -> Pattern:
    sentence = f"{name} looks like {source or 'another column'}: {columns} columns changed places"
    return Pattern("permuted", sentence, {"columns": columns, **({"column": source} if source else {})})
