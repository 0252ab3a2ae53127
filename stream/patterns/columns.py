"""Columns that changed places: one feature's window looks like another feature's training data, and the other way.

Only closed rings are told (two columns exchanged, or three and more moved round): that one column alone looks like
another is a coincidence too often. Every member must look like exactly one other feature, and not like itself. Compared
are the features of one event with each other; a column that changed places with one that looks alike, and hence does not
drift, is not recognised.
"""

import math

from stream.patterns.numbers import Numbers, distance, log_std_error, root, tolerated
from stream.patterns.pattern import Pattern

# A feature must have moved this far from itself, and its source must be that much nearer.
_LEAST_DISTANCE = 0.15
_NEARER = 2.5
# Another candidate that fits must fit this much worse, or the source is ambiguous.
_CLEARER = 1.5
_ERRORS = 3.0


def exchanged(references: dict[str, Numbers], windows: dict[str, Numbers]) -> dict[str, Pattern]:
    """Return a pattern for every feature whose column moved within a closed ring of columns."""
    sources = {name: source for name in windows if (source := _source(name, references, windows[name])) is not None}
    found = {}
    for name in sources:
        ring = _ring(name, sources)
        if ring:
            found[name] = _pattern(name, ring)
    return found


def _source(name: str, references: dict[str, Numbers], window: Numbers) -> str | None:
    """Return the only feature whose training data the window looks like; None where there is none, or a second."""
    own = distance(references[name].shares, window.shares)
    if own < _LEAST_DISTANCE or window.n < 2:
        return None
    fits = sorted((misfit(reference, window), other) for other, reference in references.items() if other != name)
    if not fits or fits[0][0] > 1.0:
        return None
    best, source = fits[0]
    if len(fits) > 1 and fits[1][0] < max(_CLEARER * best, 0.7):
        return None
    nearest = distance(references[source].mapped(window.values), window.shares)
    return source if own >= _NEARER * nearest else None


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
    std = abs(math.log(window.std / reference.std)) / wide
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


def _pattern(name: str, ring: list[str]) -> Pattern:
    source = ring[1]
    if len(ring) == 2:
        return Pattern("swapped", f"{name} and {source} look swapped", {"column": source})
    sentence = f"{name} looks like {source}: {len(ring)} columns moved round"
    return Pattern("permuted", sentence, {"column": source, "columns": len(ring)})
