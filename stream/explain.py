"""What an event says of each feature: its checks, the reference and the window side by side, and what moved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from baselines import Layout, NumericReference
from baselines.baseline import Reference
from stream.checks import Measured
from stream.comparators import BASELINE
from stream.counts import NameTables
from stream.decision import Decision, Trial, p_adjusted
from stream.findings import Finding
from stream.patterns import Pattern, recognise
from stream.policy import Policy
from stream.references import Compared
from stream.sample import Sample
from stream.sides import categorical_as_counted, categorical_sides, numeric_as_counted, numeric_sides

# Checks whose effect is a share of the traffic: they compare across features, a mean in units does not.
_SHARES = ("ks", "chi2", "frequency", "range", "new_category", "missing", "correlation", "relation", "cusum")
_BODY = ("ks", "chi2")
# A correlation has a span of 2: half of its change compares with shares.
_PER_SHARE = {"correlation": 2.0}


@dataclass(frozen=True)
class Explanation:
    """One tick, ready to be told: what was measured, and what was decided."""

    layout: Layout
    policy: Policy
    compared: Compared
    decision: Decision
    # The window's unseen categories; merged from its panes only when an event speaks of them.
    names: Callable[[], NameTables]

    @cached_property
    def _trials(self) -> dict[tuple[str, str, str], Trial]:
        trials = self.decision.trials
        return {(trial.feature, trial.measured.check, trial.measured.comparator): trial for trial in trials}

    @cached_property
    def _rows(self) -> Callable[[str], list[tuple[Measured, int]]]:
        """Gives the checks that measured a feature, and its place in each; an event asks for them again and again."""
        return cache(self._find_rows)

    def _find_rows(self, feature: str) -> list[tuple[Measured, int]]:
        place = self.layout.places[feature]
        rows = [(one, int(np.searchsorted(one.index, place))) for one in self.compared.measured]
        return [(one, row) for one, row in rows if row < len(one) and one.index[row] == place]

    @cached_property
    def impact(self) -> Callable[[str], float | None]:
        """Gives a feature's importance times effect: the largest share of traffic that a check saw move.

        None where nothing was measured. It is worked out when asked: effects of features that stay quiet are not known.
        """
        return cache(self._impact)

    def _impact(self, feature: str) -> float | None:
        return self.layout.baseline.importance[feature] * self._share_moved(feature) if self._rows(feature) else None

    def severity(self, feature: str) -> str:
        """Return info, warning or critical by the feature's impact."""
        impact = self.impact(feature) or 0.0
        if impact >= self.policy.severity_critical:
            return "critical"
        return "warning" if impact >= self.policy.severity_warning else "info"

    def findings(self) -> list[Finding]:
        """Return every test of the tick, p-values and all, in the order of the baseline's features.

        Drift here is what may open an incident by itself; in an event about the feature, all that agrees with it is.
        """
        order = [feature.name for feature in self.layout.baseline.features]
        places = [place for feature in order for place in self._rows(feature)]
        return [self._finding(measured, row, told=False) for measured, row in places]

    def patterns(self, features: Iterable[str]) -> dict[str, Pattern]:
        """Return the faults that these features' moves look like, each against the comparator that speaks of it."""
        references = {name: self._reference(self.comparator(name)) for name in features}
        return recognise(references, self.compared.sample, self.names())

    def feature(self, name: str, since_ms: int, pattern: Pattern | None = None) -> dict[str, Any]:
        """Return the feature's part of a drift event, with the pattern that was recognised, if any."""
        checks = [self._finding(measured, row, told=True).check_dict() for measured, row in self._rows(name)]
        checks.sort(key=lambda check: (not check["drift"], -check["effect"]))
        reference = next(feature for feature in self.layout.baseline.features if feature.name == name)
        comparator = self.comparator(name)
        return {
            "name": name,
            "kind": reference.kind,
            "comparator": comparator,
            "since_ms": since_ms,
            "importance": self.layout.baseline.importance[name],
            "impact": self.impact(name) or 0.0,
            "severity": self.severity(name),
            "checks": checks,
            **self._sides(reference, comparator),
            **({"pattern": pattern.to_dict()} if pattern else {}),
        }

    def comparator(self, feature: str) -> str:
        """Return the comparator that speaks of a feature: the baseline if it may, else the one that saw most move."""
        speaking = self._speaking(feature)
        if BASELINE in speaking or not speaking:
            return BASELINE
        return max(sorted(speaking), key=lambda name: self._largest(feature, {name}))

    def _speaking(self, feature: str) -> set[str]:
        """Return the comparators from which the feature drifts; all that measured it, where it drifts from none."""
        measured = [one for one, _ in self._rows(feature)]
        drifting = {one.comparator for one in measured if self._drifts(feature, one)}
        return drifting or {one.comparator for one in measured}

    def _share_moved(self, feature: str) -> float:
        return self._largest(feature, self._speaking(feature))

    def _largest(self, feature: str, comparators: set[str]) -> float:
        effects = [
            measured.at(row)[1] / _PER_SHARE.get(measured.check, 1.0)
            for measured, row in self._rows(feature)
            if measured.comparator in comparators
            and (measured.check in _BODY or (measured.check in _SHARES and self._drifts(feature, measured)))
        ]
        return max(effects, default=0.0)

    def _drifts(self, feature: str, measured: Measured) -> bool:
        trial = self._trials.get((feature, measured.check, measured.comparator))
        return trial is not None and trial.agrees

    def _finding(self, measured: Measured, row: int, *, told: bool) -> Finding:
        feature = measured.features[row]
        trial = self._trials.get((feature, measured.check, measured.comparator))
        p_value, p_method = measured.p_value(row)
        statistic, effect = measured.at(row)
        return Finding(
            feature=feature,
            kind=self.layout.baseline.features[int(measured.index[row])].kind,
            check=measured.check,
            comparator=measured.comparator,
            statistic=statistic,
            effect=effect,
            threshold=measured.floor(row, self.policy),
            p_value=p_value,
            p_method=p_method,
            # Under its floor a test is not in the running: it counts in the family with p = 1.
            p_adjusted=1.0 if trial is None else p_adjusted(trial, self.decision.family, self.policy.correction),
            n=int(measured.n[row]),
            n_reference=int(measured.n_reference[row]),
            bound=measured.bound(row),
            drift=trial is not None and (trial.agrees if told else trial.opens),
            design_effect=measured.design_effect(row),
            trend=measured.trend(row) if measured.trend and p_value < 1.0 else None,
            **_partner(measured, row),
            **_related(measured, row),
        )

    def _reference(self, comparator: str) -> Sample:
        """Return what a comparator compares with; the training data, where nothing was compared with it."""
        return self.compared.references.get(comparator) or Sample.of_baseline(self.layout)

    def _sides(self, reference: Reference, comparator: str) -> dict[str, Any]:
        """Return reference and window side by side; the reference is an earlier window where that is what speaks."""
        baseline, counts = self.layout.baseline, self.compared.counts
        earlier = None if comparator == BASELINE else self.compared.references.get(comparator)
        if isinstance(reference, NumericReference):
            place = baseline.numeric.index(reference)
            known = reference if earlier is None else numeric_as_counted(reference, earlier, place)
            return numeric_sides(known, self.layout, place, counts)
        place = baseline.categorical.index(reference)
        shares = reference if earlier is None else categorical_as_counted(reference, earlier, place)
        return categorical_sides(shares, self.layout, place, counts, self.names().get(place, {}))


def _partner(measured: Measured, row: int) -> dict[str, Any]:
    if not measured.partners:
        return {}
    partner = measured.partners[row]
    return {
        "partner": partner.feature,
        "correlation_reference": partner.reference,
        "correlation": partner.production,
    }


def _related(measured: Measured, row: int) -> dict[str, Any]:
    if not measured.related:
        return {}
    one = measured.related[row]
    return {"question": one.question, "expected": one.expected, "observed": one.observed, "strata": one.strata}
