"""How soon lasting drift is seen: from the chances of one window to the chance of an incident within several."""

from collections import defaultdict
from functools import cache

import numpy as np

from baselines.cells import FloatArray
from stream.persistence import AGREEING, CLEAN, NOVEL, OPENING, Vote, Votes

_FEATURE = "feature"
# A window without a level that shows a trace of what training never had.
TRACE = -1
# What a window may say, from less to more; whoever says more says less, too.
SAYINGS = (TRACE, AGREEING, OPENING, NOVEL)


def chance_within(persist: tuple[int, int], windows: int, saying: FloatArray) -> FloatArray:
    """Return how likely drift opens within so many windows, disjoint and independent, shape (...).

    ``saying``, of shape (4, ...), is how likely a window says at least as much as each of `SAYINGS`.

    >>> chance_within((2, 3), 2, np.array([[1.0], [1.0], [0.5], [0.0]])).tolist()
    [0.75]
    """
    shape = np.shape(saying)[1:]
    bounds = [np.ones(shape), *saying, np.zeros(shape)]
    each = {said: bounds[i] - bounds[i + 1] for i, said in enumerate((CLEAN, *SAYINGS))}
    chances = {said: chance for said, chance in each.items() if chance.any()}
    opened = np.zeros(shape)
    states: dict[tuple[int, ...], FloatArray] = {(): np.ones(shape)}
    for _ in range(windows):
        grown: dict[tuple[int, ...], FloatArray] = defaultdict(lambda: np.zeros(shape))
        for state, reached in states.items():
            for said, chance in chances.items():
                after = _after(persist, (*state, said))
                if after is None:
                    opened = opened + reached * chance
                else:
                    grown[after] = grown[after] + reached * chance
        states = grown
    return opened


@cache
def _after(persist: tuple[int, int], sayings: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return what of these votes, on windows one after the other, the next one will be seen beside.

    None where they open drift: the votes themselves are asked. Of several proofs of a kind the latest is enough to
    remember.
    """
    votes = Votes(*persist, panes_per_window=1)
    for start, said in enumerate(sayings):
        votes.add(_vote(start, said, votes.novel(ticks_ahead=1)))
    if votes.recent[-1].level(_FEATURE) and votes.proven(_FEATURE):
        return None
    kept = [_said(vote) for vote in votes.recent[max(len(votes.recent) - persist[1] + 1, 0) :]]
    for kind in (OPENING, NOVEL):
        proofs = [place for place, said in enumerate(kept) if said >= kind]
        for place in proofs[:-1]:
            kept[place] = AGREEING if kept[place] == kind else kept[place]
    return tuple(kept)


def _vote(start: int, said: int, carried: frozenset[str]) -> Vote:
    if said == TRACE and _FEATURE not in carried:
        return Vote(start, start + 1, {}, traces={_FEATURE: 1.0})
    level = AGREEING if said == TRACE else said
    return Vote(start, start + 1, {_FEATURE: level} if level else {})


def _said(vote: Vote) -> int:
    return TRACE if _FEATURE in vote.traces else vote.level(_FEATURE) or CLEAN
