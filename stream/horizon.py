"""How soon lasting drift is seen: from the chance of one window to the chance of an incident within several."""

from collections.abc import Iterator
from functools import cache

from stream.persistence import OPENING, Vote, Votes

_FEATURE = "feature"
# The chance asked for is found to one part in a million.
_HALVINGS = 20


@cache
def chance_needed(persist: tuple[int, int], windows: int, power: float) -> float | None:
    """Return how likely one window must vote for drift, so that it opens within ``windows`` with this probability.

    Windows are disjoint and independent; None when so few can never be enough.

    >>> chance_needed((1, 1), 1, 0.8), chance_needed((2, 3), 1, 0.8)
    (0.8, None)
    """
    endings = [ending for ending in _openings(persist, windows) if ending[0] <= windows]
    if not endings:
        return None
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if _chance(endings, middle) >= power else (middle, high)
    return round(high, 6)


def chance_within(persist: tuple[int, int], windows: int, one: float) -> float:
    """Return how likely drift opens within so many windows, each of which votes for it with probability ``one``."""
    return _chance(_openings(persist, windows), one)


def _chance(endings: list[tuple[int, int]], one: float) -> float:
    return sum(one**drifting * (1.0 - one) ** (windows - drifting) for windows, drifting in endings)


@cache
def _openings(persist: tuple[int, int], windows: int) -> list[tuple[int, int]]:
    """Return, for every sequence of votes that opens by its last one: how many votes it has, how many of drift."""
    return list(_grown((), persist, windows))


def _grown(sequence: tuple[bool, ...], persist: tuple[int, int], windows: int) -> Iterator[tuple[int, int]]:
    if _opens(sequence, persist):
        yield len(sequence), sum(sequence)
    elif len(sequence) < windows:
        for vote in (True, False):
            yield from _grown((*sequence, vote), persist, windows)


def _opens(sequence: tuple[bool, ...], persist: tuple[int, int]) -> bool:
    """Ask the votes themselves; windows of one unit of time, one after the other."""
    votes = Votes(*persist, panes_per_window=1)
    for start, drifts in enumerate(sequence):
        votes.add(Vote(start, start + 1, {_FEATURE: OPENING} if drifts else {}))
    return bool(sequence) and sequence[-1] and votes.lasting(_FEATURE, OPENING)
