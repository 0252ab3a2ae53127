"""Which bet speaks for each feature, and what was counted since it began to win."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Trend
from stream.gradual.bets import Table
from stream.gradual.evidence import Evidence
from stream.gradual.scores import Score

# A bet on the same move speaks for it when the logarithm of its wealth is this part of the largest.
_GOOD_PART = 1 / 3
_NEVER_MS = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Leading:
    """The leading bets of the features tested; ``features`` (f,) are places in ``Baseline.features``.

    All arrays have shape (f,): ``log_wealth`` of the feature, ``direction`` +1 or -1 of its leading bet, ``effect`` how
    far the mean score has moved since ``since_ms`` (UTC; nothing where wealth is 0), over ``n`` rows, and no more than
    twice of how far it has in the window alone; ``floors`` are in its unit.
    """

    features: IntArray
    log_wealth: FloatArray
    direction: IntArray
    since_ms: IntArray
    n: IntArray
    effect: FloatArray
    floors: FloatArray
    n_reference: IntArray
    scores: tuple[Score, ...]

    @classmethod
    def of(cls, table: Table, evidence: Evidence, tested: NDArray[np.bool_], means: FloatArray) -> "Leading":
        """Find them among the bets (bets,) whose score is ``tested``; features without one are left out.

        ``means`` (scores,) are of the window.
        """
        kept = np.flatnonzero(np.logical_or.reduceat(tested, table.starts[:-1]))
        bets = _speaking(table, np.where(tested, evidence.log_wealth, -1.0), evidence.since_ms)[kept]
        direction, n = table.direction[bets], evidence.n[bets]
        since_then = direction * evidence.total[bets] / np.maximum(n, 1)
        present = direction * means[table.score[bets]]
        return cls(
            table.features[kept],
            evidence.by_feature(table, tested)[kept],
            direction,
            evidence.since_ms[bets],
            n,
            np.maximum(np.minimum(since_then, 2.0 * present), 0.0) + 0.0,
            table.floor[bets],
            table.n_reference[bets],
            tuple(table.scores[score] for score in table.score[bets].tolist()),
        )

    def trend(self, i: int) -> Trend:
        """Say where feature ``i`` of these is going, and since when."""
        score = self.scores[i]
        return Trend(score.trend(int(self.direction[i])), score.category, int(self.since_ms[i]))


def _speaking(table: Table, log_wealth: FloatArray, since_ms: IntArray) -> IntArray:
    """Return the bet (features,) that speaks for each feature: the earliest on the move of the one that holds most.

    The largest stakes win most once a change is large, but lose everything at each bad pane while it is small: when it
    began is known to the small stakes, as far as these hold a good part themselves.
    """
    move = 2 * table.score + (table.direction > 0)
    most = np.repeat(np.maximum.reduceat(log_wealth, table.starts[:-1]), np.diff(table.starts))
    leading = _first(table, log_wealth == most)
    moving = np.repeat(move[leading], np.diff(table.starts))
    candidate = (move == moving) & (log_wealth >= most * _GOOD_PART)
    since = np.where(candidate, since_ms, _NEVER_MS)
    earliest = np.repeat(np.minimum.reduceat(since, table.starts[:-1]), np.diff(table.starts))
    return _first(table, candidate & (since == earliest))


def _first(table: Table, marked: NDArray[np.bool_]) -> IntArray:
    """Return the first bet of each feature that is marked, of features that have one."""
    first: IntArray = np.minimum.reduceat(np.where(marked, np.arange(len(marked)), len(marked)), table.starts[:-1])
    return first
