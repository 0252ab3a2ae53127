"""The Baseline: the training data's distribution, frozen, feature by feature.

Every feature carries one vector of integer counts over its cells. A window of the stream is counted into the very
same cells, so that comparing the two is arithmetic on equal vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from baselines.calibration import Calibration
from baselines.cells import FloatArray, IntArray, cell_count
from baselines.dependence import Dependence
from baselines.moments import Quantiser
from baselines.relation import Relation
from baselines.shown import baseline_html, baseline_text

# What a numeric value can be instead of a finite number, in the order of the cells behind the 2k+1.
NUMERIC_SPECIALS = ("missing", "nan", "negative_infinity", "positive_infinity", "wrong_type")
# What a categorical value can be instead of a category of the reference, in the order of the cells behind them.
CATEGORICAL_SPECIALS = ("unseen", "missing", "wrong_type")


@dataclass(frozen=True, eq=False)
class NumericReference:
    """A numeric feature's training distribution.

    ``values`` (k,) are the kept values, strictly increasing; ``counts`` (2k + 1 + 5,) the training rows per cell,
    then per entry of ``NUMERIC_SPECIALS``. ``mean``, ``std`` (n - 1 below the line), ``minimum`` and ``maximum`` are of
    the finite training values; ``quantiles`` maps probabilities as text ("0.5") to values.
    """

    name: str
    values: FloatArray
    counts: IntArray
    mean: float
    std: float
    minimum: float
    maximum: float
    quantiles: Mapping[str, float]
    importance: float | None = None
    # How a date, boolean or integer column was read, for people ("epoch milliseconds"); empty for plain numbers.
    note: str = ""

    @property
    def kind(self) -> str:
        """The word for this kind of feature in files and events."""
        return "numeric"

    @cached_property
    def cells(self) -> IntArray:
        """The counts of the 2k+1 cells alone, shape (2k + 1,)."""
        return self.counts[: cell_count(self.values)]

    @cached_property
    def n(self) -> int:
        """The number of finite training values."""
        return int(self.cells.sum())

    @cached_property
    def bound(self) -> float:
        """How far D over these cells may lie below the exact D: the largest open cell's share of training rows."""
        return float(self.cells[0::2].max()) / self.n if self.n else 0.0

    @cached_property
    def quantiser(self) -> Quantiser:
        """The steps in which this feature's moments are summed."""
        return Quantiser.for_reference(self.mean, self.std)


@dataclass(frozen=True, eq=False)
class CategoricalReference:
    """A categorical feature's training distribution.

    ``categories`` (c,) in ascending order; ``counts`` (c + 3,) the training rows per category, then per entry of
    ``CATEGORICAL_SPECIALS``. The reference's own "unseen" count is the rows of categories too many to keep.
    ``singletons`` is the number of categories seen exactly once in training: it bounds how much of the traffic may
    be new by chance (Good-Turing). ``boolean`` features take true/false in any spelling.
    """

    name: str
    categories: tuple[str, ...]
    counts: IntArray
    singletons: int
    importance: float | None = None
    boolean: bool = False
    note: str = ""

    @property
    def kind(self) -> str:
        """The word for this kind of feature in files and events."""
        return "categorical"

    @cached_property
    def n(self) -> int:
        """The number of training values that are a category, kept or not."""
        return int(self.counts[: len(self.categories) + 1].sum())


Reference: TypeAlias = NumericReference | CategoricalReference


@dataclass(frozen=True, eq=False, repr=False)
class Baseline:
    """All features of the training data, in the order of the file, and a fingerprint over their content.

    ``dependence`` is how its numeric features move together, ``relation`` how the outcome depends on the inputs where
    rows were labelled; None where that was not learned.
    """

    n: int
    features: tuple[Reference, ...]
    fingerprint: str
    source: tuple[str, ...] = ()
    created: str = field(default="", compare=False)
    dependence: Dependence | None = None
    relation: Relation | None = None
    # What windows of the training data themselves showed, where it has times; outside the fingerprint, as weights are.
    calibration: Calibration | None = None
    # By what and when the features' weights were found ("integrated-gradients", ISO 8601); "" where nobody said.
    importance_method: str = ""
    importance_date: str = ""

    @cached_property
    def numeric(self) -> tuple[NumericReference, ...]:
        """The numeric features, in order."""
        return tuple(f for f in self.features if isinstance(f, NumericReference))

    @cached_property
    def categorical(self) -> tuple[CategoricalReference, ...]:
        """The categorical features, in order."""
        return tuple(f for f in self.features if isinstance(f, CategoricalReference))

    @cached_property
    def importance(self) -> Mapping[str, float]:
        """Weight per feature, 1 where nothing is known: then impact is the size of the drift alone."""
        return {f.name: 1.0 if f.importance is None else f.importance for f in self.features}

    def __repr__(self) -> str:
        """Return a heading and a line per feature, as notebooks and consoles show it."""
        return baseline_text(self)

    def _repr_html_(self) -> str:
        return baseline_html(self)

    def with_importance(self, weights: Mapping[str, float], method: str = "", date: str = "") -> "Baseline":
        """Return a copy with these weights; the fingerprint, over what was counted, stays as it is.

        ``method`` and ``date`` say where they are from; without them, those of the weights that were there stay.
        """
        features = tuple(replace(f, importance=weights.get(f.name, f.importance)) for f in self.features)
        method, date = (method, date) if method or date else (self.importance_method, self.importance_date)
        return replace(self, features=features, importance_method=method, importance_date=date)


def reference_counts(cells: IntArray, specials: Mapping[str, int], order: tuple[str, ...]) -> IntArray:
    """Join cell counts and special counts into one vector in the standard order."""
    return np.concatenate([cells, np.array([specials.get(name, 0) for name in order], dtype=np.int64)])
