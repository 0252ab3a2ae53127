"""Bets against "the mean score has not moved by more than its allowance": their gains, bin by bin, as one table.

A bet of stake t on a score s moving up gains 1 + t (s - k) on each row, k being the allowance. While the mean score is
at most k the expected gain is at most 1, whatever the distribution: the product over a pane's rows is an e-value
(Waudby-Smith and Ramdas 2024), and its logarithm is a sum over bins, count times log(1 + t (s - k)).

The allowance is the policy's floor, plus what the training data itself may be wrong by: a bound on the error of its
mean score that holds for all scores of all features together in 99 of 100 baselines.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from baselines.cells import FloatArray, IntArray
from stream.gradual.scores import LOCATION, SCALE, Score

# How many baselines in a hundred may have an error beyond the allowance for it, in any score of any feature.
BASELINE_RISK = 0.01
# Stakes are best for moves this far beyond the allowance, in standard deviations of the score.
_BEYOND = (1 / 30, 1 / 10, 1 / 3)
# No row loses more than this part of what is at stake.
_LARGEST_LOSS = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Bet:
    """One stake on one direction (+1 up, -1 down) of the score number ``score``; gains are logarithms, per bin."""

    score: int
    direction: int
    gains: FloatArray


@dataclass(frozen=True, eq=False)
class Table:
    """All bets of a baseline, those of a feature side by side, and what counts per bin, shape (bins,), mean for them.

    ``score``, ``feature`` (its place in ``Baseline.features``), ``direction``, ``of_values`` (whether the score is of
    usable values, and not of all rows), ``floor`` and ``n_reference`` (training rows with the score) have shape
    (bets,); ``features`` (f,) are places in ``Baseline.features``, ``starts`` (f + 1,) where each one's bets begin.
    ``gains`` has a row per bet, ``members`` and ``sums`` one per score: times the counts they are the logarithms of
    what is gained, the rows that have the score, and its sum.
    """

    scores: tuple[Score, ...]
    score: IntArray
    feature: IntArray
    direction: IntArray
    of_values: NDArray[np.bool_]
    floor: FloatArray
    n_reference: IntArray
    features: IntArray
    starts: IntArray
    gains: sparse.csr_array
    members: sparse.csr_array
    sums: sparse.csr_array

    @classmethod
    def of(cls, scores: Iterable[Score], bins: int, design_effects: FloatArray) -> "Table":
        """Lay the bets on these scores, over so many bins.

        ``design_effects`` say how many rows of each feature are worth one independent row, 1 or more.
        """
        known = tuple(scores)
        risk = BASELINE_RISK / max(2 * len(known), 1)
        bets = [bet for at, one in enumerate(known) for bet in _bets(at, one, risk, float(design_effects[one.feature]))]
        owners = np.array([known[bet.score].feature for bet in bets], dtype=np.int64)
        features, starts = np.unique(owners, return_index=True)
        return cls(
            known,
            np.array([bet.score for bet in bets], dtype=np.int64),
            owners,
            np.array([bet.direction for bet in bets], dtype=np.int64),
            np.array([known[bet.score].of_values for bet in bets], dtype=bool),
            np.array([known[bet.score].floor(bet.direction) for bet in bets], dtype=np.float64),
            np.array([known[bet.score].n for bet in bets], dtype=np.int64),
            features,
            np.append(starts, len(bets)).astype(np.int64),
            _matrix([(known[bet.score].bins, bet.gains) for bet in bets], bins),
            _matrix([(one.bins, np.ones(len(one.bins))) for one in known], bins),
            _matrix([(one.bins, one.values) for one in known], bins),
        )

    def means(self, counts: IntArray) -> FloatArray:
        """Return the mean of every score over rows counted per bin, shape (scores,); 0 where no row has it."""
        rows = counts.astype(np.float64)
        means: FloatArray = (self.sums @ rows) / np.maximum(self.members @ rows, 1.0)
        return means


def allowance(score: Score, direction: int, risk: float, design_effect: float) -> float:
    """Return how far the mean score may move: the floor, and the error of the training data's own mean.

    The error is a normal quantile times the standard error, and a term for shares so small that it does not hold (as
    in Wilson's interval, 1927); dependence makes the rows worth fewer.
    """
    quantile, rows = -float(special.ndtri(risk)), score.n / design_effect
    own = quantile * math.sqrt(score.variance / rows) + quantile**2 / (2.0 * rows)
    return score.floor(direction) + own


def _bets(at: int, score: Score, risk: float, design_effect: float) -> Iterator[Bet]:
    """Yield the stakes on one score in both directions; none where no move could be told from the allowance."""
    for direction in (1, -1):
        allowed = allowance(score, direction, risk, design_effect)
        beyond = direction * score.values - allowed
        if not beyond.max() > 0.0:
            continue
        spread = math.sqrt(score.variance if score.trends in (LOCATION, SCALE) else -beyond.max() * beyond.min())
        for size in _BEYOND:
            stake = min(size / spread, _LARGEST_LOSS / -float(beyond.min()))
            # To a power below 1 an e-value stays one: dependent rows count as the fewer that they are worth.
            yield Bet(at, direction, np.log1p(stake * beyond) / design_effect)


def _matrix(rows: list[tuple[IntArray, FloatArray]], bins: int) -> sparse.csr_array:
    """Return rows of (places, values) as one sparse matrix; its product adds in the order of the bins."""
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places = np.concatenate([places for places, _ in rows]) if rows else np.zeros(0, dtype=np.int64)
    values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0)
    return sparse.csr_array((values, places, ends), shape=(len(rows), bins))
