"""Which bet speaks for each feature: the one that holds most, and what was counted since it began to win."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Trend
from stream.gradual.bets import Table
from stream.gradual.evidence import Evidence
from stream.gradual.scores import Score


@dataclass(frozen=True, eq=False)
class Leading:
    """The leading bets of the features tested; ``features`` (f,) are places in ``Baseline.features``.

    All arrays have shape (f,): ``log_wealth`` of the feature, ``direction`` +1 or -1 of its leading bet, ``effect`` how
    far the mean score has moved since ``since_ms`` (UTC; nothing where wealth is 0), over ``n`` rows.
    """

    features: IntArray
    log_wealth: FloatArray
    direction: IntArray
    since_ms: IntArray
    n: IntArray
    effect: FloatArray
    scores: tuple[Score, ...]

    @classmethod
    def of(cls, table: Table, evidence: Evidence, tested: NDArray[np.bool_]) -> "Leading":
        """Find them among the bets (bets,) whose score is ``tested``; features without one are left out."""
        log_wealth = evidence.by_feature(table, tested)
        starts, any_tested = table.starts, np.logical_or.reduceat(tested, table.starts[:-1])
        kept = np.flatnonzero(any_tested)
        wealth = np.where(tested, evidence.log_wealth, -1.0)
        bets = np.array(
            [starts[f] + np.argmax(wealth[starts[f] : starts[f + 1]]) for f in kept.tolist()], dtype=np.int64
        )
        direction, n = table.direction[bets], evidence.n[bets]
        return cls(
            table.features[kept],
            log_wealth[kept],
            direction,
            evidence.since_ms[bets],
            n,
            direction * evidence.total[bets] / np.maximum(n, 1) + 0.0,
            tuple(table.scores[score] for score in table.score[bets].tolist()),
        )

    @property
    def floors(self) -> FloatArray:
        """The policy's floor of each effect, in the unit of the score."""
        floors = [score.floors[_way(up)] for score, up in zip(self.scores, self.direction.tolist(), strict=True)]
        return np.array(floors, dtype=np.float64)

    @property
    def n_reference(self) -> IntArray:
        """The training rows behind each score."""
        return np.array([score.n for score in self.scores], dtype=np.int64)

    def trend(self, i: int) -> Trend:
        """Say where feature ``i`` of these is going, and since when."""
        score = self.scores[i]
        return Trend(score.trends[_way(int(self.direction[i]))], score.category, int(self.since_ms[i]))


def _way(direction: int) -> int:
    return 0 if direction > 0 else 1
