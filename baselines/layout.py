"""Where each feature's cells lie in the one flat vector that panes and windows are counted in.

Numeric cells come first, in one run, so that a test over a thousand features is a few passes over one array; then the
numeric special cells, then the categorical features whole, then, where rows are labelled, what came of them stratum by
stratum.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS, Baseline
from baselines.cells import FloatArray, IntArray, cell_count
from baselines.pairs import pair_size
from baselines.runs import Runs, changes, rank_bins
from baselines.scores import ScoreTable
from baselines.strata import Strata


@dataclass(frozen=True, eq=False)
class Layout:
    """The flat vector's map for one baseline; all slices index a vector of shape (``size``,)."""

    baseline: Baseline

    @cached_property
    def numeric_starts(self) -> IntArray:
        """Where each numeric feature's 2k+1 cells begin, shape (features + 1,); the last entry is where they end."""
        sizes = [cell_count(f.values) for f in self.baseline.numeric]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)

    @cached_property
    def numeric_size(self) -> int:
        """The number of numeric cells of all features together."""
        return int(self.numeric_starts[-1])

    @cached_property
    def categorical_starts(self) -> IntArray:
        """Where each categorical feature's cells begin, shape (features + 1,), the last entry being ``size``."""
        start = self.numeric_size + len(NUMERIC_SPECIALS) * len(self.baseline.numeric)
        sizes = [len(f.categories) + len(CATEGORICAL_SPECIALS) for f in self.baseline.categorical]
        return start + np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)

    @property
    def size(self) -> int:
        """The length of the flat vector."""
        relation = self.baseline.relation
        return int(self.categorical_starts[-1]) + (0 if relation is None else relation.size)

    def numeric_cells(self, index: int) -> slice:
        """Return the 2k+1 cells of numeric feature ``index`` (its place in ``baseline.numeric``)."""
        return slice(int(self.numeric_starts[index]), int(self.numeric_starts[index + 1]))

    def numeric_specials(self, index: int) -> slice:
        """Return the cells of ``NUMERIC_SPECIALS`` of numeric feature ``index``."""
        start = self.numeric_size + len(NUMERIC_SPECIALS) * index
        return slice(start, start + len(NUMERIC_SPECIALS))

    def categorical_cells(self, index: int) -> slice:
        """Return the categories, then the ``CATEGORICAL_SPECIALS``, of categorical feature ``index``."""
        return slice(int(self.categorical_starts[index]), int(self.categorical_starts[index + 1]))

    @property
    def relation_cells(self) -> slice:
        """Return the counters of the relation; empty where the baseline knows none."""
        return slice(int(self.categorical_starts[-1]), self.size)

    @cached_property
    def strata(self) -> Strata | None:
        """The strata in which labelled rows are counted; None where the baseline knows none."""
        relation = self.baseline.relation
        return None if relation is None else Strata(relation, self.baseline.features)

    @cached_property
    def numeric_index(self) -> IntArray:
        """The places of the numeric features in ``baseline.features``."""
        return self._index("numeric")

    @cached_property
    def categorical_index(self) -> IntArray:
        """The places of the categorical features in ``baseline.features``."""
        return self._index("categorical")

    @cached_property
    def names(self) -> NDArray[np.object_]:
        """The names of ``baseline.features``, for taking many of them at once."""
        return np.array([feature.name for feature in self.baseline.features], dtype=object)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each feature in ``baseline.features``, by name."""
        return {feature.name: place for place, feature in enumerate(self.baseline.features)}

    @cached_property
    def centres(self) -> FloatArray:
        """The centre of each numeric feature's quantiser."""
        return np.array([feature.quantiser.centre for feature in self.baseline.numeric], dtype=np.float64)

    @cached_property
    def units(self) -> FloatArray:
        """The step of each numeric feature's quantiser."""
        return np.array([feature.quantiser.unit for feature in self.baseline.numeric], dtype=np.float64)

    def _index(self, kind: str) -> IntArray:
        return np.array([i for i, feature in enumerate(self.baseline.features) if feature.kind == kind], dtype=np.int64)

    @cached_property
    def reference(self) -> IntArray:
        """The training counts of all features as one flat vector."""
        flat = np.zeros(self.size, dtype=np.int64)
        for i, numeric in enumerate(self.baseline.numeric):
            flat[self.numeric_cells(i)] = numeric.cells
            flat[self.numeric_specials(i)] = numeric.counts[cell_count(numeric.values) :]
        for i, categorical in enumerate(self.baseline.categorical):
            flat[self.categorical_cells(i)] = categorical.counts
        if self.baseline.relation is not None:
            flat[self.relation_cells] = self.baseline.relation.counts
        return flat

    @cached_property
    def scored(self) -> ScoreTable:
        """The rank scores of the features whose pairs are counted; none where the baseline knows no dependence."""
        dependence = self.baseline.dependence
        return ScoreTable(()) if dependence is None else dependence.table

    @cached_property
    def scored_places(self) -> tuple[int, ...]:
        """The places of the ``scored`` features in ``baseline.numeric``."""
        places = {feature.name: place for place, feature in enumerate(self.baseline.numeric)}
        return tuple(places[scores.feature] for scores in self.scored.scores)

    @property
    def pair_size(self) -> int:
        """The length of the vector of pair counters (``baselines.pairs``)."""
        return pair_size(len(self.scored))

    @cached_property
    def cell_levels(self) -> tuple[IntArray, ...]:
        """The level of each cell of the ``scored`` features, each of shape (2k + 1,)."""
        numeric = self.baseline.numeric
        pairs = zip(self.scored.scores, self.scored_places, strict=True)
        return tuple(scores.of_cells(numeric[place].values) for scores, place in pairs)

    @cached_property
    def runs(self) -> Runs:
        """The cells put together in runs; a run of a ``scored`` feature is of one level."""
        cuts = [rank_bins(feature.cells) for feature in self.baseline.numeric]
        for place, levels in zip(self.scored_places, self.cell_levels, strict=True):
            cuts[place] = np.union1d(cuts[place], changes(levels))
        numeric = [start + cut for start, cut in zip(self.numeric_starts[:-1], cuts, strict=True)]
        starts = np.concatenate([*numeric, np.arange(self.numeric_size, self.size)]).astype(np.int64)
        return Runs(starts, np.cumsum([0, *map(len, cuts)], dtype=np.int64))

    @cached_property
    def run_levels(self) -> tuple[IntArray, ...]:
        """The level of each run of the ``scored`` features."""
        places = zip(self.scored_places, self.cell_levels, strict=True)
        first = ((self.runs.starts[self.runs.numeric(at)] - self.numeric_starts[at], levels) for at, levels in places)
        return tuple(levels[starts] for starts, levels in first)
