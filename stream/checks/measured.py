"""What one check found over all the features it fits: numbers at once, probabilities only when asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.calibration import Calibration, Movement, paired_rows
from baselines.cells import FloatArray, IntArray
from stream.deviates import of_p
from stream.movement import p_stretched
from stream.policy import Policy
from stream.sample import Sample

Tail: TypeAlias = Callable[[int], tuple[float, str]]
Probability: TypeAlias = Callable[[int], float]
# Statistic and effect of some rows (r,) of a check, each of shape (r,).
Numbers: TypeAlias = Callable[[IntArray], tuple[FloatArray, FloatArray]]


def known(statistic: FloatArray, effect: FloatArray) -> Numbers:
    """Return numbers that are there already, of all rows (m,)."""
    return lambda rows: (statistic[rows], effect[rows])


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


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows that are alike: what they have in common, their share of the window, and their shares of yeses."""

    where: str
    share: float
    expected: float
    observed: float


@dataclass(frozen=True, slots=True)
class Related:
    """What a check of the relation asked of the outcome, and the share of yeses: expected of such rows, and observed.

    ``strata`` are those whose shares changed most, and the same way.
    """

    question: str
    expected: float
    observed: float
    strata: tuple[Stratum, ...]


@dataclass(frozen=True, eq=False)
class Measured:
    """One check over ``m`` features, in the order of the baseline.

    ``features`` are their names and ``index`` their places in ``Baseline.features``; all arrays have shape (m,).
    ``numbers`` gives statistic and effect, in the check's units, of the rows that somebody asks for; where they cost
    something, ``most`` are effects that theirs do not exceed. ``calibration`` is what is known of how features move by
    themselves; ``partners``, of a check of pairs, and ``related``, of the relation, have one per feature. ``i`` of the
    methods counts within this check, 0 to m - 1. Probabilities are remembered. A check that looks at more than this
    window has ``floors`` (m,) in its own unit instead of the policy's, stands for a ``family`` of that many tests
    whatever m is, and says the ``trend`` of each feature. Where a feature's p-value is the smallest of several tests,
    ``tests`` (m,) are how many, ``z`` is that of the one, and ``apart`` gives the deviates of all, and their sizes.
    """

    check: str
    features: tuple[str, ...]
    index: IntArray
    numbers: Numbers
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
    most: FloatArray | None = None
    related: tuple[Related, ...] = ()
    tests: IntArray | None = None
    apart: Callable[[int], tuple[FloatArray, FloatArray]] | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def statistic(self) -> FloatArray:
        """Every feature's statistic."""
        return self.numbers(np.arange(len(self)))[0]

    @property
    def effect(self) -> FloatArray:
        """Every feature's effect."""
        return self.numbers(np.arange(len(self)))[1]

    def at(self, i: int) -> tuple[float, float]:
        """Return the statistic and the effect of one feature."""
        statistic, effect = self.numbers(np.array([i]))
        return float(statistic[0]), float(effect[0])

    def reaching(self, floors: float | FloatArray) -> IntArray:
        """Return the rows whose effect reaches its floor, one for all or one each; of the others none is computed."""
        each = np.broadcast_to(floors, len(self))
        rows = np.arange(len(self)) if self.most is None else np.flatnonzero(self.most >= each)
        reached: IntArray = rows[self.numbers(rows)[1] >= each[rows]]
        return reached

    def without(self, hidden: NDArray[np.bool_]) -> "Measured":
        """Return the same with some effects (m,) below any floor; they still count in the family."""

        def numbers(rows: IntArray) -> tuple[FloatArray, FloatArray]:
            statistic, effect = self.numbers(rows)
            return statistic, np.where(hidden[rows], -1.0, effect)

        return replace(self, numbers=numbers, most=None if self.most is None else np.where(hidden, -1.0, self.most))

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
        if movement is None:
            return 0.0
        tests = 1 if self.tests is None else int(self.tests[i])
        return min(1.0, tests * p_stretched(self.z(i), self.design_effect(i), movement.freedom))

    def deviates(self, i: int) -> tuple[FloatArray, FloatArray]:
        """Return the deviates of a feature's tests, NaN where not made, and their paired rows, of shape (tests,)."""
        if self.apart is not None:
            return self.apart(i)
        return np.array([self.z(i)]), np.array([paired_rows(int(self.n[i]), int(self.n_reference[i]))])


@dataclass(frozen=True, eq=False)
class Pair:
    """A reference and a window on the same layout, and which features of them can be compared.

    ``min_samples`` is the number of usable values that a window must have, ``min_reference`` that of a reference.
    """

    reference: Sample
    window: Sample
    min_samples: int
    min_reference: int = 1

    @property
    def numeric_index(self) -> IntArray:
        """The places of the numeric features in ``Baseline.features``."""
        return self.reference.layout.numeric_index

    @property
    def categorical_index(self) -> IntArray:
        """The places of the categorical features in ``Baseline.features``."""
        return self.reference.layout.categorical_index

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

    def numeric_measured(self, check: str, places: IntArray, numbers: Numbers) -> "Parts":
        """Begin a ``Measured`` over numeric features, one for each of ``places``."""
        index = self.numeric_index[places]
        n, n_reference = self.window.numeric_n[places], self.reference.numeric_n[places]
        return Parts(self.reference, check, index, numbers, (n, n_reference))

    def categorical_measured(self, check: str, statistic: FloatArray, effect: FloatArray) -> "Parts":
        """Begin a ``Measured`` over ``categorical``; the arrays have its shape."""
        index, places = self.categorical_index[self.categorical], self.categorical
        n, n_reference = self.window.categorical_n[places], self.reference.categorical_n[places]
        return Parts(self.reference, check, index, known(statistic, effect), (n, n_reference))


@dataclass(frozen=True, eq=False)
class Parts:
    """A ``Measured`` before its probabilities; ``sizes`` are n and n_reference."""

    reference: Sample
    check: str
    index: IntArray
    numbers: Numbers
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
        most: FloatArray | None = None,
    ) -> Measured:
        """Add the probabilities, functions of the place within this check; each is computed once."""
        return Measured(
            self.check,
            tuple(self.reference.layout.names[self.index].tolist()),
            self.index,
            self.numbers,
            *self.sizes,
            cache(tail),
            decisive and cache(decisive),
            upper and cache(upper),
            deviate and cache(deviate),
            below_exact,
            partners=partners,
            most=most,
        )
