"""The checks: how far a window lies from the reference, feature by feature, and how likely that is by chance.

``measure`` computes statistics and effects of all features in a few passes; p-values are computed where a decision or
a finding asks for one. Formulas, sources and units: ``docs/statistics.md``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from stream.checks.chi2 import chi2
from stream.checks.ks import ks
from stream.checks.measured import Measured, Pair
from stream.checks.novelty import new_category, outside_range
from stream.checks.shares import frequency, missing
from stream.checks.shift import mean, std
from stream.policy import Policy
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
    }
)


def measure(reference: Sample, window: Sample, policy: Policy) -> tuple[Measured, ...]:
    """Compare a window with a reference on the same layout: one ``Measured`` per check of the policy, in its order.

    A feature with fewer than ``policy.min_samples`` usable values in the window is left out of every check but
    "missing", which needs as many rows; a feature that a check does not fit (no spread, say) is left out of that check.
    """
    pair = Pair(reference, window, policy.min_samples)
    return tuple(_CHECKS[check](pair, policy) for check in policy.checks)


def untested(reference: Sample, window: Sample, policy: Policy) -> frozenset[str]:
    """Name the features whose values were not tested, because the window holds fewer than ``policy.min_samples``.

    The check "missing" may still speak of them: it counts rows, not values.
    """
    pair = Pair(reference, window, policy.min_samples)
    numeric, categorical = pair.numeric_index[pair.numeric], pair.categorical_index[pair.categorical]
    tested = {*numeric.tolist(), *categorical.tolist()}
    features = reference.layout.baseline.features
    return frozenset(feature.name for place, feature in enumerate(features) if place not in tested)
