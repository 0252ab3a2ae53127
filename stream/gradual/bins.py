"""The few bins of every feature that slow changes are looked for in, as runs of the flat vector's cells.

At most 32 bins a number, cut at equal ranks of the training data and never through a tie; each of a categorical
feature's largest categories by itself; what is unusable by itself. One pass over a pane's cells fills them all.
"""

from dataclasses import dataclass

import numpy as np

from baselines import CategoricalReference, Layout, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS
from baselines.cells import IntArray
from baselines.runs import rank_bins

# A slow change of a smaller category than these is seen where it makes up for the rest, or for one of them.
MOST_CATEGORIES = 8


@dataclass(frozen=True, eq=False)
class FeatureBins:
    """One feature's bins, as places among all bins: those of values, those of unusable rows, both ascending.

    ``largest`` maps places in ``values`` to the category that is alone there; empty for a numeric feature.
    """

    values: IntArray
    unusable: IntArray
    largest: dict[int, int]


@dataclass(frozen=True, eq=False)
class Bins:
    """All features' bins: ``starts`` (bins,) of the runs of cells, ``features`` in the order of the baseline.

    Every bin is one or more of the layout's ``Runs``; ``first_runs`` (bins,) are where it begins among them.
    """

    starts: IntArray
    first_runs: IntArray
    features: tuple[FeatureBins, ...]

    @classmethod
    def of(cls, layout: Layout) -> "Bins":
        """Cut the cells of a layout into bins."""
        numeric = [_value_runs(layout, place) for place in range(len(layout.baseline.numeric))]
        special = [np.array([layout.numeric_specials(place).start]) for place in range(len(numeric))]
        categorical = [_category_runs(layout, place) for place in range(len(layout.baseline.categorical))]
        runs = [*numeric, *special, *(starts for starts, _ in categorical)]
        ends = np.cumsum([len(run) for run in runs])
        places = [np.arange(end - len(run), end) for run, end in zip(runs, ends.tolist(), strict=True)]
        numbers = (FeatureBins(places[i], places[len(numeric) + i], {}) for i in range(len(numeric)))
        names = (
            FeatureBins(at[:-1], at[-1:], largest)
            for at, (_, largest) in zip(places[2 * len(numeric) :], categorical, strict=True)
        )
        features = tuple(next(numbers if f.kind == "numeric" else names) for f in layout.baseline.features)
        bounds = np.concatenate(runs).astype(np.int64)
        return cls(bounds, np.searchsorted(layout.runs.starts, bounds), features)

    def count(self, runs: IntArray) -> IntArray:
        """Add the runs of a pane, as ``Runs.count`` gives them, up into bins, shape (bins,)."""
        counts: IntArray = np.add.reduceat(runs, self.first_runs)
        return counts


def _value_runs(layout: Layout, place: int) -> IntArray:
    """Return where the runs of one numeric feature's cells begin in the flat vector."""
    feature: NumericReference = layout.baseline.numeric[place]
    starts: IntArray = layout.numeric_cells(place).start + rank_bins(feature.cells)
    return starts


def _category_runs(layout: Layout, place: int) -> tuple[IntArray, dict[int, int]]:
    """Return where the runs of one categorical feature begin, and which of them is a large category alone.

    The last run is what is unusable; the categories between two large ones, and the unseen, are runs of the rest.
    """
    feature: CategoricalReference = layout.baseline.categorical[place]
    categories = len(feature.categories)
    largest = np.argsort(-feature.counts[:categories], kind="stable")[:MOST_CATEGORIES]
    largest = np.sort(largest[feature.counts[largest] > 0])
    unseen_end = categories + len(CATEGORICAL_SPECIALS) - 2
    starts = np.unique(np.concatenate([[0], largest, largest + 1, [unseen_end]]))
    alone = {int(np.searchsorted(starts, category)): int(category) for category in largest}
    return layout.categorical_cells(place).start + starts, alone
