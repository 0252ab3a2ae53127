"""What one check found over all the features it fits: numbers at once, probabilities only when asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np

from baselines.calibration import Calibration, Movement
from baselines.cells import FloatArray, IntArray
from stream.deviates import of_p
from stream.movement import p_stretched
from stream.policy import Policy
from stream.sample import Sample

Tail: TypeAlias = Callable[[int], tuple[float, str]]
Probability: TypeAlias = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a slow change is going ("up", "wider", "more"), of which category if of one, and since when (UTC ms).

    ``category`` is "" for all that are not told apart by name.
    """

    direction: str
    category: str | None
    since_ms: int


@dataclass(frozen=True, slots=True)
class Partner:
    """The other feature that a check of pairs speaks of, and the correlation with it on either side."""

    feature: str
    reference: float
    production: float


@dataclass(frozen=True, eq=False)
class Measured:
    """One check over ``m`` features, in the order of the baseline.

    ``features`` are their names and ``index`` their places in ``Baseline.features``; all arrays have shape (m,).
    ``statistic`` and ``effect`` are in the check's units. ``calibration`` is what is known of how features move by
    themselves; ``partners``, of a check of pairs, has one per feature. ``i`` of the methods counts within this check, 0
    to m - 1. Probabilities are remembered. A check that looks at more than this window has ``floors`` (m,) in its own
    unit instead of the policy's, stands for a ``family`` of that many tests whatever m is, and says the ``trend`` of
    each feature.
    """

    check: str
    features: tuple[str, ...]
    index: IntArray
    statistic: FloatArray
    effect: FloatArray
    n: IntArray
    n_reference: IntArray
    tail: Tail
    decisive: Probability | None = None
    upper: Probability | None = None
    deviate: Probability | None = None
    below_exact: Probability | None = None
    comparator: str = "baseline"
    floors: FloatArray | None = None
    family: int | None = None
    trend: Callable[[int], Trend] | None = None
    calibration: Calibration | None = None
    partners: tuple[Partner, ...] = ()

    def __len__(self) -> int:
        return len(self.features)

    def p_value(self, i: int) -> tuple[float, str]:
        """Return the p-value that is reported, and the name of the method it comes from."""
        return self.tail(i)

    def p_decision(self, i: int) -> float:
        """Return the p-value that may open drift: at least the reported one, and calibrated in the far tail.

        Where it is known how much the feature moves by itself, it is at least the one that this gives.
        """
        reported, _ = self.tail(i)
        return max(reported, 0.0 if self.decisive is None else self.decisive(i), self._p_stretched(i))

    def z(self, i: int) -> float:
        """Return the test's two-sided normal deviate for independent rows, 0 or more; cheap, and never infinite."""
        return of_p(self.p_value(i)[0]) if self.deviate is None else self.deviate(i)

    def p_upper(self, i: int) -> float:
        """Return a cheap bound that ``p_decision`` does not exceed; 1.0 where none is known."""
        return 1.0 if self.upper is None else max(self.upper(i), self._p_stretched(i))

    def bound(self, i: int) -> float:
        """Return how far the statistic may lie below the exact one; 0 is exact."""
        return 0.0 if self.below_exact is None else self.below_exact(i)

    def design_effect(self, i: int) -> float:
        """Return by how much independent rows understate the variance of this comparison; 1 where nothing is known."""
        movement = self._movement(i)
        return 1.0 if movement is None else movement.design_effect(int(self.n[i]), int(self.n_reference[i]))

    def floor(self, i: int, policy: Policy) -> float:
        """Return the effect that is asked for: the policy's, or what windows of the training data show."""
        if self.floors is not None:
            return float(self.floors[i])
        movement = self._movement(i)
        return policy.floor(self.features[i], self.check, 0.0 if movement is None else movement.floor)

    def _movement(self, i: int) -> Movement | None:
        known = self.calibration
        return None if known is None else known.movement(self.comparator, self.features[i], self.check)

    def _p_stretched(self, i: int) -> float:
        movement = self._movement(i)
        return 0.0 if movement is None else p_stretched(self.z(i), self.design_effect(i), movement.freedom)


@dataclass(frozen=True, eq=False)
class Pair:
    """A reference and a window on the same layout, and which features of them can be compared.

    ``min_samples`` is the number of usable values that a window must have, ``min_reference`` that of a reference.
    """

    reference: Sample
    window: Sample
    min_samples: int
    min_reference: int = 1

    @cached_property
    def numeric_index(self) -> IntArray:
        """The places of the numeric features in ``Baseline.features``."""
        return _places(self.reference, "numeric")

    @cached_property
    def categorical_index(self) -> IntArray:
        """The places of the categorical features in ``Baseline.features``."""
        return _places(self.reference, "categorical")

    @cached_property
    def numeric(self) -> IntArray:
        """The numeric features with enough values, as places in ``Baseline.numeric``."""
        enough = (self.window.numeric_n >= max(self.min_samples, 1)) & (self.reference.numeric_n >= self.min_reference)
        return np.flatnonzero(enough)

    @cached_property
    def categorical(self) -> IntArray:
        """The categorical features with enough values, as places in ``Baseline.categorical``."""
        enough = (self.window.categorical_n >= max(self.min_samples, 1)) & (
            self.reference.categorical_n >= self.min_reference
        )
        return np.flatnonzero(enough)

    def numeric_measured(self, check: str, places: IntArray, statistic: FloatArray, effect: FloatArray) -> "Parts":
        """Begin a ``Measured`` over numeric features; the arrays have shape (len(places),)."""
        index = self.numeric_index[places]
        n, n_reference = self.window.numeric_n[places], self.reference.numeric_n[places]
        return Parts(self.reference, check, index, (statistic, effect), (n, n_reference))

    def categorical_measured(self, check: str, statistic: FloatArray, effect: FloatArray) -> "Parts":
        """Begin a ``Measured`` over ``categorical``; the arrays have its shape."""
        index, places = self.categorical_index[self.categorical], self.categorical
        n, n_reference = self.window.categorical_n[places], self.reference.categorical_n[places]
        return Parts(self.reference, check, index, (statistic, effect), (n, n_reference))


@dataclass(frozen=True, eq=False)
class Parts:
    """The numbers of a ``Measured`` before its probabilities: (statistic, effect) and (n, n_reference)."""

    reference: Sample
    check: str
    index: IntArray
    numbers: tuple[FloatArray, FloatArray]
    sizes: tuple[IntArray, IntArray]

    def measured(
        self,
        tail: Tail,
        *,
        decisive: Probability | None = None,
        upper: Probability | None = None,
        deviate: Probability | None = None,
        below_exact: Probability | None = None,
        partners: tuple[Partner, ...] = (),
    ) -> Measured:
        """Add the probabilities, functions of the place within this check; each is computed once."""
        features = self.reference.layout.baseline.features
        return Measured(
            self.check,
            tuple(features[place].name for place in self.index.tolist()),
            self.index,
            *self.numbers,
            *self.sizes,
            cache(tail),
            decisive and cache(decisive),
            upper and cache(upper),
            deviate and cache(deviate),
            below_exact,
            partners=partners,
        )


def _places(sample: Sample, kind: str) -> IntArray:
    features = sample.layout.baseline.features
    return np.array([place for place, feature in enumerate(features) if feature.kind == kind], dtype=np.int64)
