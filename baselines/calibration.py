"""How far each feature moves between windows of the training data itself: what calibrates the judge.

It is learned elsewhere (``stream.calibrate``), for it takes time and checks; here is what is kept of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Movement:
    """How far one feature moves, by one check, between windows of the training data that show no drift.

    ``excess`` is the variance beyond that of independent rows, per row: the correlation of rows of one window (Kish
    1965). ``freedom`` is the degrees of freedom with which it is known, ``windows`` how many windows it was learned
    from, ``rows`` their median size, taken together with that of the reference (see ``paired_rows``). ``floor`` is an
    effect in the check's unit that windows of the training data hardly ever exceeded.
    """

    windows: int
    freedom: float
    excess: float
    rows: float
    floor: float

    def design_effect(self, n: int, n_reference: int) -> float:
        """Return by how much independent rows understate the variance of a comparison of these sizes, at least 1.

        Kish's design effect, 1 + (rows - 1) * correlation, in the form for two samples: the variance of independent
        rows is 1/n + 1/m, and what windows add to it does not shrink with their rows.

        >>> Movement(windows=50, freedom=40.0, excess=0.1, rows=200.0, floor=0.2).design_effect(400, 400)
        21.0
        """
        return 1.0 + self.excess * paired_rows(n, n_reference)


@dataclass(frozen=True)
class Calibration:
    """What was learned from windows of ``every_ms`` of the training data, placed as in ``timezone``.

    There are ``windows`` of at least ``min_samples`` rows between ``start_ms`` and ``end_ms``. Comparators looked back
    as far as they do when ``needed`` windows must agree. ``movements`` maps comparator, feature and check to what was
    learned; what could not be learned is not there. ``borrowed`` names the comparators that go by what was learned for
    another one, and which; it is no part of what is kept.
    """

    every_ms: int
    timezone: str
    min_samples: int
    needed: int
    windows: int
    start_ms: int
    end_ms: int
    movements: Mapping[str, Mapping[str, Mapping[str, Movement]]]
    borrowed: Mapping[str, str] = field(default_factory=dict)

    @property
    def comparators(self) -> tuple[str, ...]:
        """The comparators that something was learned for."""
        return tuple(self.movements)

    def movement(self, comparator: str, feature: str, check: str) -> Movement | None:
        """Return what was learned of a feature; None where there is nothing."""
        return self.movements.get(comparator, {}).get(feature, {}).get(check)

    def design_effects(self, comparator: str, besides: frozenset[str] = frozenset()) -> dict[str, float]:
        """Return the largest design effect of each feature, by any check but these, at the windows' usual size."""
        found = {
            feature: [1.0 + one.excess * one.rows for check, one in checks.items() if check not in besides]
            for feature, checks in self.movements.get(comparator, {}).items()
        }
        return {feature: max(effects) for feature, effects in found.items() if effects}

    def design_effect(self, comparator: str, feature: str, check: str, sizes: tuple[int, int]) -> float:
        """Return the design effect for ``sizes``, window and reference; 1 where nothing was learned."""
        movement = self.movement(comparator, feature, check)
        return 1.0 if movement is None else movement.design_effect(*sizes)


def paired_rows(n: int, n_reference: int) -> float:
    """Return the size of one sample whose mean varies as the difference of the two means does: nm / (n + m).

    >>> paired_rows(100, 100)
    50.0
    """
    return n * (n_reference / (n + n_reference)) if n and n_reference else 0.0
