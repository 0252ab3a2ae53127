"""Change detectors over the error of the panes in their order: river's, beside the checks and outside their budget.

They know neither the mix of inputs nor how often they may be wrong, and so they open no incident: what they say is
told. Sources: ADWIN (Bifet and Gavalda 2007), Page-Hinkley (Page 1954), DDM (Gama et al. 2004), HDDM (Frias-Blanco
et al. 2015).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from baselines import CategoricalReference, Layout, NumericReference
from baselines.relation import OUTCOMES
from stream.counts import Counts

# These are asked whether the pane was worse than the baseline.
_BINARY = frozenset({"ddm", "hddm"})
# So many panes are remembered; a change is long told when it is forgotten.
MOST_PANES = 500
# What is said of the error now is its mean over so many panes.
_LAST = 5


@dataclass(frozen=True, slots=True)
class PaneError:
    """The error of one sealed pane: its ``rows``, their ``mean`` error, and that in standard errors of the baseline."""

    start_ms: int
    rows: int
    mean: float
    deviate: float


@dataclass(slots=True)
class Errors:
    """What must outlive the process: the last panes' errors, and up to where they have been listened to (UTC ms)."""

    panes: list[PaneError] = field(default_factory=list)
    heard_to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """A detector that saw the error change in the pane that begins at ``start_ms``.

    ``expected`` is the mean error of the baseline, ``observed`` that of the last panes.
    """

    detector: str
    start_ms: int
    expected: float
    observed: float


class Detectors:
    """Takes sealed panes, each once and in order, and says which of the detectors named have fired since it was asked.

    They are fed anew from the remembered panes each time: so that what they say is a function of these, and no state of
    theirs has to be kept.
    """

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        relation = layout.baseline.relation
        self._names = tuple(names) if relation is not None else ()
        self._layout = layout
        self._expected, self._std, self._read = _error_of(layout) if self._names else (0.0, 1.0, _nothing)
        self.feature = relation.feature if relation is not None else ""
        self.errors = Errors()

    def add(self, start_ms: int, counts: Counts) -> None:
        """Add the pane that begins at ``start_ms``; one without a labelled row says nothing."""
        rows, mean = self._read(counts)
        if rows:
            deviate = (mean - self._expected) / (self._std / math.sqrt(rows))
            panes = [*self.errors.panes, PaneError(start_ms, rows, mean, deviate)]
            self.errors.panes = panes[-MOST_PANES:]

    def fired(self) -> list[Fired]:
        """Return what fired in panes that were not listened to before, in the order of the names."""
        panes, heard = self.errors.panes, self.errors.heard_to_ms
        if not panes or not self._names:
            return []
        self.errors.heard_to_ms = panes[-1].start_ms
        last = panes[-_LAST:]
        observed = sum(pane.rows * pane.mean for pane in last) / sum(pane.rows for pane in last)
        deviates = [pane.deviate for pane in panes]
        return [
            Fired(name, panes[place].start_ms, self._expected, observed)
            for name in self._names
            for place in _changes(name, deviates)
            if heard is None or panes[place].start_ms > heard
        ]


def _changes(name: str, deviates: Sequence[float]) -> Iterator[int]:
    """Yield the places at which a new detector fires; the binary ones are asked whether a pane is worse than usual."""
    detector = _detector(name)
    for place, deviate in enumerate(deviates):
        detector.update(deviate > 0.0 if name in _BINARY else deviate)
        if detector.drift_detected:
            yield place


def _detector(name: str) -> Any:
    """Return a new detector, with river's settings but for what is in standard errors of a pane's mean here."""
    # River takes long to import, and few monitors ask for it.
    from river import drift  # noqa: PLC0415
    from river.drift import binary  # noqa: PLC0415

    if name == "adwin":
        return drift.ADWIN(clock=1)  # type: ignore[no-untyped-call]
    if name == "page_hinkley":
        return drift.PageHinkley(min_instances=10, delta=0.5, threshold=10.0)
    return binary.DDM() if name == "ddm" else binary.HDDMA()  # type: ignore[no-untyped-call]


def _error_of(layout: Layout) -> tuple[float, float, Callable[[Counts], tuple[int, float]]]:
    """Return the baseline's mean error and its standard deviation, and what reads rows and mean off counts."""
    relation = layout.baseline.relation
    assert relation is not None
    feature = layout.baseline.features[layout.places[relation.feature]]
    if isinstance(feature, NumericReference):
        return feature.mean, feature.std or 1.0, _mean_of(layout, feature)
    wrong = OUTCOMES[relation.task][1]
    code = feature.categories.index(wrong) if wrong in feature.categories else len(feature.categories)
    # Half a row more than there were, so that a model that was never wrong has a spread, too.
    share = (int(feature.counts[code]) + 0.5) / (feature.n + 1.0)
    return share, math.sqrt(share * (1.0 - share)), _share_of(layout, feature, code)


def _mean_of(layout: Layout, feature: NumericReference) -> Callable[[Counts], tuple[int, float]]:
    place = layout.baseline.numeric.index(feature)

    def read(counts: Counts) -> tuple[int, float]:
        rows = int(counts.cells[layout.numeric_cells(place)].sum())
        return rows, feature.quantiser.mean(rows, counts.moments[place][0]) if rows else 0.0

    return read


def _share_of(layout: Layout, feature: CategoricalReference, code: int) -> Callable[[Counts], tuple[int, float]]:
    cells = layout.categorical_cells(layout.baseline.categorical.index(feature))

    def read(counts: Counts) -> tuple[int, float]:
        values = counts.cells[cells][: len(feature.categories) + 1]
        rows = int(values.sum())
        return rows, int(values[code]) / rows if rows else 0.0

    return read


def _nothing(_: Counts) -> tuple[int, float]:
    return 0, 0.0
