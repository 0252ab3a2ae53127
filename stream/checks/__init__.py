"""The checks: how far a window lies from the reference, feature by feature, and how likely that is by chance.

``measure`` computes statistics and effects of all features in a few passes; p-values are computed where a decision or
a finding asks for one. Formulas, sources and units: ``docs/statistics.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from stream.checks.chi2 import chi2
from stream.checks.correlation import correlation
from stream.checks.ks import ks
from stream.checks.measured import Measured, Pair
from stream.checks.novelty import new_category, outside_range
from stream.checks.relation import enough, relation
from stream.checks.shares import frequency, missing
from stream.checks.shift import mean, std
from stream.comparators import BASELINE
from stream.policy import NOVELTY, Policy
from stream.sample import Sample

__all__ = ["Measured", "measure", "untested"]

_CHECKS: Mapping[str, Callable[[Pair, Policy], Measured]] = MappingProxyType(
    {
        "ks": lambda pair, _: ks(pair),
        "chi2": lambda pair, _: chi2(pair),
        "mean": mean,
        "std": lambda pair, _: std(pair),
        "frequency": lambda pair, _: frequency(pair),
        "range": lambda pair, _: outside_range(pair),
        "new_category": lambda pair, _: new_category(pair),
        "missing": lambda pair, _: missing(pair),
        "correlation": correlation,
        "relation": lambda pair, _: relation(pair),
    }
)


def measure(reference: Sample, window: Sample, policy: Policy, comparator: str = BASELINE) -> tuple[Measured, ...]:
    """Compare a window with a reference on the same layout: one ``Measured`` per check of the policy, in its order.

    The check "cusum" is not of one window: ``stream.gradual`` measures it.

    A feature with fewer than ``policy.min_samples`` usable values in the window is left out of every check but
    "missing", which needs as many rows; a feature that a check does not fit (no spread, say) is left out of that check.
    A reference that is a window itself, by any other ``comparator``, needs as many values, and is not asked what
    training never saw. How much a feature moves by itself, where the baseline of the layout knows it, is respected.
    """
    pair = _pair(reference, window, policy, comparator)
    checks = [check for check in policy.checks if check in _CHECKS]
    if comparator != BASELINE:
        checks = [check for check in checks if check not in NOVELTY]
    known = reference.layout.baseline.calibration
    return tuple(replace(_CHECKS[check](pair, policy), comparator=comparator, calibration=known) for check in checks)


def untested(reference: Sample, window: Sample, policy: Policy, comparator: str = BASELINE) -> frozenset[str]:
    """Name the features whose values were not tested: the window, or another one as reference, holds too few.

    The check "missing" may still speak of them: it counts rows, not values.
    """
    pair = _pair(reference, window, policy, comparator)
    numeric, categorical = pair.numeric_index[pair.numeric], pair.categorical_index[pair.categorical]
    tested = {*numeric.tolist(), *categorical.tolist()}
    features, known = reference.layout.baseline.features, reference.layout.baseline.relation
    unrelated = known is not None and "relation" in policy.checks and not enough(pair)
    return frozenset(
        feature.name
        for place, feature in enumerate(features)
        if place not in tested or (unrelated and known is not None and feature.name == known.feature)
    )


def _pair(reference: Sample, window: Sample, policy: Policy, comparator: str) -> Pair:
    return Pair(reference, window, policy.min_samples, 1 if comparator == BASELINE else max(policy.min_samples, 1))
