"""A finding: what one check says about one feature of one window."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from stream.checks.measured import Stratum, Trend

_OF_A_CHECK = (
    "check",
    "comparator",
    "statistic",
    "p_value",
    "p_method",
    "p_adjusted",
    "effect",
    "threshold",
    "design_effect",
    "drift",
    "trend",
    "partner",
    "correlation_reference",
    "correlation",
    "question",
    "expected",
    "observed",
    "strata",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of one feature, decided.

    ``statistic`` is the check's own number and ``effect`` the size that is held against ``threshold`` (units: see
    ``docs/statistics.md``). ``p_value`` is the test's, computed by ``p_method``; ``p_adjusted`` what the decision used,
    corrected for all tests of the tick. ``bound`` is how far ``statistic`` may lie below the exact one; 0 is exact.
    ``n`` and ``n_reference`` are the rows or values compared; ``design_effect`` is how many times the variance of
    independent rows the feature is known to have. ``trend`` is where a slow change goes, and since when.
    ``partner`` is the other feature that a check of pairs speaks of, ``correlation_reference`` and ``correlation`` the
    rank correlation with it, before and now. ``question`` is what a check of the relation asked of the outcome,
    ``expected`` and ``observed`` the share of yeses, and ``strata`` where they changed most. What a check does
    not have is None, and is not written.
    """

    feature: str
    kind: str
    check: str
    comparator: str
    statistic: float
    effect: float
    threshold: float
    p_value: float
    p_method: str
    p_adjusted: float
    n: int
    n_reference: int
    bound: float
    drift: bool
    trend: Trend | None = None
    design_effect: float = 1.0
    partner: str | None = None
    correlation_reference: float | None = None
    correlation: float | None = None
    question: str | None = None
    expected: float | None = None
    observed: float | None = None
    strata: tuple[Stratum, ...] | None = None

    def check_dict(self) -> dict[str, Any]:
        """Return what a drift event says of the check under its feature."""
        said = self.to_dict()
        return {name: said[name] for name in _OF_A_CHECK if name in said}

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, for JSON, in the order of declaration; without those that are None."""
        named = ((name, getattr(self, name)) for name in _FIELDS)
        return {name: _plain(value) for name, value in named if value is not None}


_FIELDS = tuple(one.name for one in fields(Finding))


def _plain(value: Any) -> Any:
    """Return a field for JSON: a finding has hundreds of siblings, and few of its fields hold more than a number."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return asdict(value) if isinstance(value, Trend | Stratum) else value
