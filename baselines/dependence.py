"""How the numeric features of the training data move together: rank scores, and what their pairs added up to."""

from dataclasses import dataclass
from functools import cached_property

from baselines.cells import FloatArray, IntArray
from baselines.scores import RankScores, ScoreTable

# Pairs grow with the square of the features: 32 of them make 496.
MOST_FEATURES = 32


@dataclass(frozen=True, eq=False)
class Dependence:
    """The chosen numeric features, by importance, and the training data's own counters of their pairs.

    ``scores`` are the d features' bins; ``counters`` (pair_size(d),) the training rows (see ``baselines.pairs``).
    ``inflation`` (d, d), symmetric, at least 1, is how much more the Fisher-transformed correlation of n rows varies
    than the 1 / (n - 3) of normal data, in variance: ties, heavy tails and curved dependence make it vary more.
    ``freedom`` (d, d), symmetric, are the degrees of freedom with which the training data tell that.
    """

    scores: tuple[RankScores, ...]
    counters: IntArray
    inflation: FloatArray
    freedom: FloatArray

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def table(self) -> ScoreTable:
        """The bins of all of them side by side."""
        return ScoreTable(self.scores)
