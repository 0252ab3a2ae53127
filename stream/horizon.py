"""How soon lasting drift is seen: from the chances of one window to the chance of an incident within several."""

from collections import defaultdict
from functools import cache

import numpy as np

from baselines.cells import FloatArray
from stream.persistence import AGREEING, CLEAN, OPENING, Vote, Votes

_FEATURE = "feature"


def chance_within(persist: tuple[int, int], windows: int, opening: FloatArray, agreeing: FloatArray) -> FloatArray:
    """Return how likely drift opens within so many windows, disjoint and independent; arrays of one shape.

    Each window proves drift with probability ``opening``, and agrees with it, proof included, with ``agreeing``.

    >>> chance_within((2, 3), 2, np.array([0.5]), np.array([1.0])).tolist()
    [0.75]
    """
    chances = {CLEAN: 1.0 - agreeing, AGREEING: agreeing - opening, OPENING: opening}
    opened = np.zeros(np.shape(opening))
    states: dict[tuple[int, ...], FloatArray] = {(): np.ones(np.shape(opening))}
    for _ in range(windows):
        grown: dict[tuple[int, ...], FloatArray] = defaultdict(lambda: np.zeros(np.shape(opening)))
        for state, reached in states.items():
            for level, chance in chances.items():
                after = _after(persist, (*state, level))
                if after is None:
                    opened = opened + reached * chance
                else:
                    grown[after] = grown[after] + reached * chance
        states = grown
    return opened


@cache
def _after(persist: tuple[int, int], levels: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return what of these votes, on windows one after the other, the next one will be seen beside.

    None where they open drift: the votes themselves are asked. Of several proofs the latest is enough to remember.
    """
    votes = Votes(*persist, panes_per_window=1)
    for start, level in enumerate(levels):
        votes.add(Vote(start, start + 1, {_FEATURE: level} if level else {}))
    if levels[-1] != CLEAN and votes.proven(_FEATURE):
        return None
    kept = [vote.level(_FEATURE) or CLEAN for vote in votes.recent[max(len(votes.recent) - persist[1] + 1, 0) :]]
    latest = max((place for place, level in enumerate(kept) if level == OPENING), default=-1)
    return tuple(min(level, AGREEING) if place != latest else level for place, level in enumerate(kept))
