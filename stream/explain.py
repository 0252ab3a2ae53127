"""What an event says of each feature: its checks, the reference and the window side by side, and what moved."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from baselines import CategoricalReference, Layout, NumericReference
from baselines.baseline import NUMERIC_SPECIALS, Reference
from stream.checks import Measured
from stream.counts import Counts, NameTables
from stream.decision import Decision, Trial, p_adjusted
from stream.findings import Finding
from stream.moved import moved_categories, moved_ranges, quantiles
from stream.policy import Policy

# Checks whose effect is a share of the traffic: they compare across features, a mean in units does not.
_SHARES = ("ks", "chi2", "frequency", "range", "new_category", "missing")
_BODY = ("ks", "chi2")
_MOST_CATEGORIES = 10


@dataclass(frozen=True)
class Explanation:
    """One tick, ready to be told: what was measured, what was decided, and the window's counts."""

    layout: Layout
    policy: Policy
    measured: tuple[Measured, ...]
    decision: Decision
    counts: Counts
    # The window's unseen categories; merged from its panes only when an event speaks of them.
    names: Callable[[], NameTables]

    @cached_property
    def _trials(self) -> dict[tuple[str, str], Trial]:
        return {(trial.feature, trial.measured.check): trial for trial in self.decision.trials}

    @cached_property
    def _rows(self) -> dict[str, list[tuple[Measured, int]]]:
        rows: dict[str, list[tuple[Measured, int]]] = defaultdict(list)
        for measured in self.measured:
            for row, feature in enumerate(measured.features):
                rows[feature].append((measured, row))
        return rows

    @cached_property
    def impacts(self) -> dict[str, float]:
        """Importance times effect per feature; the effect is the largest share of traffic that a check saw move."""
        importance = self.layout.baseline.importance
        return {feature: importance[feature] * self._share_moved(feature) for feature in self._rows}

    def severity(self, feature: str) -> str:
        """Return info, warning or critical by the feature's impact."""
        impact = self.impacts.get(feature, 0.0)
        if impact >= self.policy.severity_critical:
            return "critical"
        return "warning" if impact >= self.policy.severity_warning else "info"

    def findings(self) -> list[Finding]:
        """Return every test of the tick, p-values and all, in the order of the baseline's features.

        Drift here is what may open an incident by itself; companions are told only beside an open one.
        """
        order = [feature.name for feature in self.layout.baseline.features]
        places = [place for feature in order for place in self._rows.get(feature, [])]
        return [self._finding(measured, row, companions=False) for measured, row in places]

    def feature(self, name: str, since_ms: int) -> dict[str, Any]:
        """Return the feature's part of a drift event."""
        checks = [
            self._finding(measured, row, companions=True).check_dict() for measured, row in self._rows.get(name, [])
        ]
        checks.sort(key=lambda check: (not check["drift"], -check["effect"]))
        reference = next(feature for feature in self.layout.baseline.features if feature.name == name)
        return {
            "name": name,
            "kind": reference.kind,
            "since_ms": since_ms,
            "importance": self.layout.baseline.importance[name],
            "impact": self.impacts.get(name, 0.0),
            "severity": self.severity(name),
            "checks": checks,
            **self._sides(reference),
        }

    def _share_moved(self, feature: str) -> float:
        effects = [
            float(measured.effect[row])
            for measured, row in self._rows[feature]
            if measured.check in _BODY or (measured.check in _SHARES and self._drifts(feature, measured.check))
        ]
        return max(effects, default=0.0)

    def _drifts(self, feature: str, check: str) -> bool:
        trial = self._trials.get((feature, check))
        return trial is not None and (trial.opens or trial.companion)

    def _finding(self, measured: Measured, row: int, *, companions: bool) -> Finding:
        feature = measured.features[row]
        trial = self._trials.get((feature, measured.check))
        p_value, p_method = measured.p_value(row)
        return Finding(
            feature=feature,
            kind=self.layout.baseline.features[int(measured.index[row])].kind,
            check=measured.check,
            comparator="baseline",
            statistic=float(measured.statistic[row]),
            effect=float(measured.effect[row]),
            threshold=self.policy.floor(feature, measured.check),
            p_value=p_value,
            p_method=p_method,
            # Under its floor a test is not in the running: it counts in the family with p = 1.
            p_adjusted=1.0 if trial is None else p_adjusted(trial, self.decision.family, self.policy.correction),
            n=int(measured.n[row]),
            n_reference=int(measured.n_reference[row]),
            bound=float(measured.bound[row]),
            drift=trial is not None and (trial.opens or (companions and trial.companion)),
        )

    def _sides(self, reference: Reference) -> dict[str, Any]:
        if isinstance(reference, NumericReference):
            return self._numeric_sides(reference)
        return self._categorical_sides(reference)

    def _numeric_sides(self, reference: NumericReference) -> dict[str, Any]:
        place = self.layout.baseline.numeric.index(reference)
        cells = self.counts.cells[self.layout.numeric_cells(place)]
        specials = self.counts.cells[self.layout.numeric_specials(place)]
        n, (first, second) = int(cells.sum()), self.counts.moments[place]
        production: dict[str, Any] = {"n": n, "missing": _share(int(specials.sum()), n)}
        unusable = zip(NUMERIC_SPECIALS, specials.tolist(), strict=True)
        production |= {name: count for name, count in unusable if count and name != "missing"}
        if n:
            production["mean"] = reference.quantiser.mean(n, first)
        if n > 1:
            production["std"] = reference.quantiser.std(n, first, second)
        production["quantiles"] = quantiles(reference.values, cells)
        known = {
            "n": reference.n,
            "missing": _share(int(reference.counts[len(reference.cells) :].sum()), reference.n),
            "mean": reference.mean,
            "std": reference.std,
            "min": reference.minimum,
            "max": reference.maximum,
            "quantiles": {q: reference.quantiles[q] for q in production["quantiles"] if q in reference.quantiles},
        }
        return {"reference": known, "production": production, "moved": moved_ranges(reference, cells)}

    def _categorical_sides(self, reference: CategoricalReference) -> dict[str, Any]:
        place = self.layout.baseline.categorical.index(reference)
        cells = self.counts.cells[self.layout.categorical_cells(place)]
        valid, missing, wrong_type = cells[: len(reference.categories) + 1], int(cells[-2]), int(cells[-1])
        n = int(valid.sum())
        production: dict[str, Any] = {
            "n": n,
            "missing": _share(missing + wrong_type, n),
            "unseen": int(valid[-1]) / n if n else 0.0,
            "shares": _top_shares(reference.categories, valid[:-1].tolist(), n),
        }
        names = self.names().get(place, {})
        if names:
            production["new_categories"] = dict(sorted(names.items(), key=lambda item: (-item[1], item[0]))[:5])
        known = {
            "n": reference.n,
            "missing": _share(int(reference.counts[-2:].sum()), reference.n),
            "shares": _top_shares(
                reference.categories, reference.counts[: len(reference.categories)].tolist(), reference.n
            ),
        }
        return {"reference": known, "production": production, "moved": moved_categories(reference, valid)}


def _share(unusable: int, usable: int) -> float:
    return unusable / (unusable + usable) if unusable + usable else 0.0


def _top_shares(categories: tuple[str, ...], counts: list[int], n: int) -> dict[str, float]:
    most = sorted(zip(categories, counts, strict=True), key=lambda item: (-item[1], item[0]))[:_MOST_CATEGORIES]
    return {name: count / n if n else 0.0 for name, count in most}
