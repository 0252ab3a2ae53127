"""Windows in which nothing changed: how often settings would alarm all the same."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from baselines import Baseline, Layout
from stream.checks import measure, untested
from stream.decision import decide
from stream.incidents import Incidents
from stream.persistence import Votes
from stream.policy import Policy
from stream.resample import draw_sample, shape_of

# An unlucky training set alarms again and again: several of them, and several windows in a row for each.
_TRAINING_SETS, _WINDOWS_EACH = 20, 10


@dataclass(frozen=True, slots=True)
class Quiet:
    """Of ``windows`` without a change, one after the other: how many ``alarming``, how many incidents ``opened``."""

    windows: int
    alarming: int
    opened: int

    @property
    def most(self) -> float:
        """The upper 95 % limit on the share of windows that open an incident (Clopper and Pearson 1934)."""
        if self.opened >= self.windows:
            return 1.0
        return float(special.betaincinv(self.opened + 1, self.windows - self.opened, 0.95))


def quiet(baseline: Baseline, policy: Policy, level: float, rows: int, rng: np.random.Generator) -> Quiet:
    """Judge disjoint windows of so many rows drawn from the baseline, against training data drawn from it, too."""
    layout = Layout(baseline)
    shapes = [shape_of(feature) for feature in baseline.features]
    alarming = opened = 0
    for _ in range(_TRAINING_SETS):
        reference = draw_sample(layout, shapes, rng)
        incidents = Incidents(("quiet",), 1, Votes(*policy.persist, panes_per_window=1))
        for start in range(_WINDOWS_EACH):
            window = draw_sample(layout, shapes, rng, rows)
            decision = decide(measure(reference, window, policy), policy, level, incidents.carried())
            alarming += bool(decision.opening())
            vote = decision.vote(start, start + 1, untested(reference, window, policy))
            transition = incidents.tick(vote)
            opened += transition is not None and transition.change == "drift.opened"
    return Quiet(_TRAINING_SETS * _WINDOWS_EACH, alarming, opened)
