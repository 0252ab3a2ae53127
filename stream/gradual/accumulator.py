"""The check "cusum": slow changes that no single window shows, from what all disjoint panes say together."""

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from baselines.cells import FloatArray, IntArray
from stream.checks.measured import Measured, known
from stream.gradual.bets import Table
from stream.gradual.bins import Bins
from stream.gradual.evidence import Evidence, Ongoing
from stream.gradual.leading import Leading
from stream.gradual.scores import scores
from stream.ids import digest
from stream.policy import CUSUM, Policy
from stream.sample import Sample

# How far wealth may grow above what opens drift; what is more would only have to be lost before the end is seen.
_SPARE = 1.0
# Counts up when bins, scores, floors or stakes are made another way: what was remembered then means something else.
_DESIGN = "cusum 1"
# Of the policy, what the bets are made of.
_FLOORS = ("mean", "mean_abs", "std", "frequency", "missing")
NO_DESIGN_EFFECTS: Mapping[str, float] = MappingProxyType({})


class Accumulator:
    """Takes sealed panes, each once and in order, and says how much speaks for a slow change of each feature.

    ``level`` is what the check may spend per tick: drift may open where 1 / wealth times the features is within it.
    ``design_effects`` are how many rows one independent row is worth, by feature; 1 where nothing is known.
    """

    def __init__(
        self,
        layout: Layout,
        policy: Policy,
        level: float,
        design_effects: Mapping[str, float] = NO_DESIGN_EFFECTS,
    ) -> None:
        features = layout.baseline.features
        self._layout = layout
        self._min_samples = max(policy.min_samples, 1)
        self._numeric = np.array([feature.kind == "numeric" for feature in features], dtype=bool)
        self._bins = Bins.of(layout)
        effects = np.array([design_effects.get(feature.name, 1.0) for feature in features], dtype=np.float64)
        self._table = Table.of(scores(layout, policy, self._bins), len(self._bins.starts), effects)
        self._cap = _caps(self._table, policy, level)
        self._design = digest(_DESIGN, _floors(policy), repr(sorted(design_effects.items())))
        self._evidence = Evidence.none(len(self._table.score))

    def add(self, start_ms: int, runs: IntArray) -> None:
        """Add the pane that begins at ``start_ms``, by its ``Runs.count``; of any size, it is evidence."""
        self._evidence.add(self._table, start_ms, self._bins.count(runs), self._cap)

    def ongoing(self) -> Ongoing:
        """Return what must outlive this process."""
        return self._evidence.ongoing(self._design)

    def resume(self, ongoing: Ongoing) -> None:
        """Go on from what was remembered; where it was of other bets (a floor was changed), begin anew."""
        known = ongoing if ongoing.design == self._design else Ongoing()
        self._evidence = Evidence.of(known, len(self._table.score))

    def measured(self, window: Sample) -> Measured:
        """Say what has been gathered, of the features of which the window has enough values (rows for "missing").

        The statistic is the logarithm of the wealth, the effect how far the mean of the leading score has moved since
        ``trend(i).since_ms``, and the p-value 1 / wealth. Wealth takes a few panes to fall: the effect is no more than
        twice that of the window alone, so that a change is over when the window is back at half of its floor.
        """
        means = self._table.means(self._bins.count(window.runs))
        leading = Leading.of(self._table, self._evidence, self._tested(window), means)
        return Measured(
            CUSUM,
            tuple(self._layout.names[leading.features].tolist()),
            leading.features,
            known(leading.log_wealth, leading.effect),
            leading.n,
            leading.n_reference,
            lambda i: (math.exp(-float(leading.log_wealth[i])), "e-value"),
            floors=leading.floors,
            family=len(self._table.features),
            trend=leading.trend,
        )

    def _tested(self, window: Sample) -> NDArray[np.bool_]:
        """Tell of each bet whether the window has enough of what it is on, shape (bets,)."""
        numeric = self._numeric
        sizes = np.zeros((2, len(numeric)), dtype=np.int64)
        sizes[:, numeric] = window.numeric_rows, window.numeric_n
        sizes[:, ~numeric] = window.categorical_rows, window.categorical_n
        table = self._table
        enough: NDArray[np.bool_] = sizes[table.of_values.astype(np.int64), table.feature] >= self._min_samples
        return enough


def _caps(table: Table, policy: Policy, level: float) -> FloatArray:
    """Return what no bet's wealth (its logarithm) exceeds: what opens drift, and a little more."""
    features = 1 if policy.correction == "none" else len(table.features)
    sizes = np.diff(table.starts)
    return np.repeat(math.log(max(features, 1) / level) + np.log(sizes) + _SPARE, sizes)


def _floors(policy: Policy) -> str:
    """Return the policy's part in the bets, as text."""
    own = {
        name: {check: floors[check] for check in _FLOORS if check in floors}
        for name, floors in sorted(policy.feature_thresholds.items())
    }
    return repr([policy.thresholds.get(check) for check in _FLOORS]) + repr({k: v for k, v in own.items() if v})
