"""Evidence of a slow change, gathered pane by pane: the wealth of each bet since it last had nothing.

The wealth of a bet is M = max(1, M before) * (gain of the pane): CUSUM's recursion on e-values (Shin, Ramdas and
Rinaldo 2022). Where it was last 1 is when the change began, as the bet sees it.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray
from stream.gradual.bets import Table


@dataclass(slots=True)
class Ongoing:
    """The bets that hold something, as what is remembered: plain numbers, in the order of the bets.

    ``design`` marks the bets, ``log_wealth`` is the natural logarithm of M; ``n`` rows since ``since_ms`` (UTC) had the
    score, their scores add up to ``total``.
    """

    design: str = ""
    bets: list[int] = field(default_factory=list)
    log_wealth: list[float] = field(default_factory=list)
    since_ms: list[int] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    total: list[float] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Evidence:
    """Wealth of all bets, logarithms at 0 or above, and what was counted since it began; arrays of shape (bets,)."""

    log_wealth: FloatArray
    since_ms: IntArray
    n: IntArray
    total: FloatArray

    @classmethod
    def none(cls, bets: int) -> "Evidence":
        """Return the evidence before the first pane."""
        return cls(np.zeros(bets), np.zeros(bets, np.int64), np.zeros(bets, np.int64), np.zeros(bets))

    @classmethod
    def of(cls, ongoing: Ongoing, bets: int) -> "Evidence":
        """Return the evidence that was remembered."""
        known, at = cls.none(bets), ongoing.bets
        known.log_wealth[at], known.since_ms[at] = ongoing.log_wealth, ongoing.since_ms
        known.n[at], known.total[at] = ongoing.n, ongoing.total
        return known

    def ongoing(self, design: str) -> Ongoing:
        """Return what must be remembered."""
        at = np.flatnonzero(self.log_wealth > 0.0)
        parts = (one[at].tolist() for one in (self.log_wealth, self.since_ms, self.n, self.total))
        return Ongoing(design, at.tolist(), *parts)

    def add(self, table: Table, start_ms: int, counts: IntArray, cap: FloatArray) -> None:
        """Add a pane that begins at ``start_ms``, its ``counts`` (bins,); no wealth grows above ``cap`` (bets,).

        What a bet cannot win any more by growing it would have to lose before the end of the change is seen.
        """
        rows = counts.astype(np.float64)
        np.copyto(self.since_ms, start_ms, where=self.log_wealth == 0.0)
        self.log_wealth = np.minimum(self.log_wealth + table.gains @ rows, cap)
        self.n += (table.members @ rows).astype(np.int64)[table.score]
        self.total += (table.sums @ rows)[table.score]
        lost = self.log_wealth <= 0.0
        for one in (self.log_wealth, self.since_ms, self.n, self.total):
            one[lost] = 0

    def by_feature(self, table: Table, among: NDArray[np.bool_]) -> FloatArray:
        """Return the logarithm of each feature's wealth, shape (features,), at least 0.

        It is the largest wealth of the bets that are ``among`` (bets,), over the number of all of the feature's. That
        is never more than their mean, and the mean of processes that are each expected to stay below the number of
        panes stays below it, too.
        """
        wealth = np.where(among, self.log_wealth, 0.0)
        shared: FloatArray = np.maximum.reduceat(wealth, table.starts[:-1]) - np.log(np.diff(table.starts))
        return np.maximum(shared, 0.0)
