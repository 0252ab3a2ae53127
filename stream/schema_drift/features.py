"""Features that are gone, or hold values of another kind: read off the cells of missing values and wrong types."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from baselines import Layout
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, Reference
from baselines.cells import IntArray
from stream.looks import Looks
from stream.panes import Pane
from stream.schema_drift.change import Change

# A feature is gone where so few rows have it, of one that most rows of training had.
_GONE, _WAS_THERE = 0.95, 0.5
# Values are of another kind where so many are, and hardly any was in training.
_RETYPED, _WAS_TYPED = 0.5, 0.05
# Categories are numbers now where no category of training is left, and numbers were seen in their place.
_UNKNOWN, _WAS_UNKNOWN, _NUMBERS = 0.9, 0.1, 0.9


@dataclass(slots=True)
class FeatureTally:
    """Rows of a stretch; how many of them lack each feature, have a wrong type there or a category unknown; looks."""

    rows: int = 0
    missing: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    unseen: list[int] = field(default_factory=list)
    looks: Looks = field(default_factory=Looks)


class FeatureRules:
    """Judges stretches of rows against what the training data had; places follow ``Baseline.features``."""

    def __init__(self, layout: Layout) -> None:
        self._features = layout.baseline.features
        self._missing_at, self._wrong_at = _places(layout)
        self._categorical = layout.categorical_index
        self._unseen_at = layout.categorical_starts[1:] - len(CATEGORICAL_SPECIALS)
        self._reference = layout.reference / max(1, layout.baseline.n)

    def add(self, tally: FeatureTally, pane: Pane) -> None:
        """Add the rows of a pane to a stretch."""
        cells = pane.counts.cells
        tally.rows += pane.counts.rows
        tally.missing = _sum(tally.missing, cells[self._missing_at])
        tally.wrong = _sum(tally.wrong, cells[self._wrong_at])
        tally.unseen = _sum(tally.unseen, cells[self._unseen_at])
        tally.looks.add(pane.looks)

    def found(self, tally: FeatureTally) -> Iterator[Change]:
        """Yield what differs from training; looks at the same events tell what is there instead."""
        missing, wrong = np.array(tally.missing) / tally.rows, np.array(tally.wrong) / tally.rows
        missed, mistyped = self._reference[self._missing_at], self._reference[self._wrong_at]
        for at in np.flatnonzero((missing >= _GONE) & (missed <= _WAS_THERE)).tolist():
            was, now = f"{1 - missed[at]:.3g}", f"{1 - missing[at]:.3g}"
            yield Change("vanished", self._features[at].name, was, now, float(1 - missing[at]), feature=True)
        for at in np.flatnonzero((wrong >= _RETYPED) & (mistyped <= _WAS_TYPED)).tolist():
            one = self._features[at]
            yield Change("retyped", one.name, _kind(one), _instead(one, tally.looks), float(wrong[at]), feature=True)
        unseen, unknown = np.array(tally.unseen) / tally.rows, self._reference[self._unseen_at]
        for place in np.flatnonzero((unseen >= _UNKNOWN) & (unknown <= _WAS_UNKNOWN)).tolist():
            one = self._features[self._categorical[place]]
            kinds = tally.looks.fields.get(one.name, {})
            if kinds.get("number", 0) >= _NUMBERS * max(1, sum(kinds.values())):
                yield Change("retyped", one.name, _kind(one), "number", float(unseen[place]), feature=True)


def _places(layout: Layout) -> tuple[IntArray, IntArray]:
    """Return where the missing and the wrong values of each feature are counted, both of shape (features,)."""
    missing, wrong = np.zeros((2, len(layout.baseline.features)), dtype=np.int64)
    for i, at in enumerate(layout.numeric_index.tolist()):
        start = layout.numeric_specials(i).start
        missing[at] = start + NUMERIC_SPECIALS.index("missing")
        wrong[at] = start + NUMERIC_SPECIALS.index("wrong_type")
    for i, at in enumerate(layout.categorical_index.tolist()):
        end = layout.categorical_cells(i).stop - len(CATEGORICAL_SPECIALS)
        missing[at] = end + CATEGORICAL_SPECIALS.index("missing")
        wrong[at] = end + CATEGORICAL_SPECIALS.index("wrong_type")
    return missing, wrong


def _sum(known: list[int], more: IntArray) -> list[int]:
    added: list[int] = (more if not known else more + np.array(known)).tolist()
    return added


def _kind(feature: Reference) -> str:
    return "number" if feature.kind == "numeric" else "category"


def _instead(feature: Reference, looks: Looks) -> str:
    """Return the kind of what was seen most in a feature's place; "" where no look has met it."""
    kinds = {kind: count for kind, count in looks.fields.get(feature.name, {}).items() if kind != _kind(feature)}
    return max(sorted(kinds), key=kinds.__getitem__, default="")
