"""What counts as drift: plain numbers, validated where they were read, trusted from here on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from stream.comparators import BASELINE

NUMERIC_CHECKS = ("ks", "mean", "std", "range", "missing", "correlation", "relation", "cusum")
CATEGORICAL_CHECKS = ("chi2", "frequency", "new_category", "missing", "relation", "cusum")
CUSUM = "cusum"
# They count what training never had, and ask the baseline alone. At its floor, and at no more than this p-value by
# itself, a test shows a trace of it: enough to agree with the same check's proof.
NOVELTY: Mapping[str, float] = MappingProxyType({"range": 0.1, "new_category": 0.05})
CHECKS = (
    "ks",
    "chi2",
    "mean",
    "std",
    "frequency",
    "range",
    "new_category",
    "missing",
    "correlation",
    "relation",
    CUSUM,
)
# From least to worst.
SEVERITIES = ("info", "warning", "critical")
CORRECTIONS = ("holm", "bonferroni", "bh", "none")
DEFAULT_THRESHOLDS: Mapping[str, float] = MappingProxyType(
    {
        "ks": 0.1,
        "chi2": 0.1,
        "mean": 0.25,
        "std": 0.1,
        "frequency": 0.05,
        "range": 0.01,
        "new_category": 0.005,
        "missing": 0.05,
        "correlation": 0.2,
        "relation": 0.05,
    }
)
Correction = Literal["holm", "bonferroni", "bh", "none"]
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Policy:
    """When drift opens: significance, size and persistence.

    ``false_alarms_per_ms`` is the budget of the whole monitor; ``alpha`` replaces it, check by check, with a plain
    level per test. ``thresholds`` are effect floors per check; ``feature_thresholds`` override them per feature, where
    the key "mean_abs" asks for a mean shift in the feature's own unit. ``persist`` (needed, of) counts ticks.
    ``cusum_share`` of the budget is for the check "cusum", where it is among the checks, the rest for all others.
    ``detectors`` are change detectors whose word is told, and decides nothing. ``segments`` is how many share the
    budget. ``companions_fdr`` is the false discovery rate at which an open incident lists further features. Impact
    (importance x effect) from ``severity_warning`` and ``severity_critical`` on raises the severity.
    ``schema_changes`` asks to tell how events are made; fields that match a pattern of ``schema_ignored`` (``*`` stands
    for any text) are left out.
    """

    false_alarms_per_ms: float = 1 / (30 * _DAY_MS)
    correction: Correction = "holm"
    persist: tuple[int, int] = (2, 3)
    checks: tuple[str, ...] = CHECKS
    comparators: tuple[str, ...] = ("baseline",)
    segments: int = 1
    alpha: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=lambda: DEFAULT_THRESHOLDS)
    feature_thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    min_samples: int = 100
    cusum_share: float = 0.2
    detectors: tuple[str, ...] = ()
    companions_fdr: float = 0.05
    severity_warning: float = 0.1
    severity_critical: float = 0.2
    schema_changes: bool = True
    schema_ignored: tuple[str, ...] = ()

    @property
    def accumulates(self) -> bool:
        """Tell whether slow changes from the baseline are looked for, and have a share of the budget."""
        return CUSUM in self.checks and BASELINE in self.comparators

    def floor(self, feature: str, check: str, learned: float = 0.0) -> float:
        """Return the effect that a finding must reach before it can be drift, in the unit of that effect.

        ``learned`` is what windows of the training data show of this feature; it raises the floor of the check, but
        not one that was set for the very feature.
        """
        if check == "mean" and (in_units := self.mean_floor_in_units(feature)) is not None:
            return in_units
        own = self.feature_thresholds.get(feature, {}).get(check)
        return max(self.thresholds[check], learned) if own is None else own

    def least_floor(self, check: str) -> float:
        """Return an effect below which no feature's finding of this check can be drift."""
        own = [floors.get(key) for floors in self.feature_thresholds.values() for key in (check, f"{check}_abs")]
        return min([self.thresholds[check], *(floor for floor in own if floor is not None)])

    def mean_floor_in_units(self, feature: str) -> float | None:
        """Return the floor of a mean shift in the feature's own unit, where one was asked for."""
        return self.feature_thresholds.get(feature, {}).get("mean_abs")
