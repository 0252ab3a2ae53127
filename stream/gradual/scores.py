"""What can change slowly, as bounded scores of a row: their mean is 0 over training, and moves with the change.

A score spans at most 1 from its smallest to its largest value, and depends on the row's bin alone. Floors are those of
the policy: a share's as it is, those of the mean and the standard deviation translated (``stream.gradual.ranked``).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from baselines import CategoricalReference, Layout, NumericReference
from baselines.baseline import Reference
from baselines.cells import FloatArray, IntArray
from stream.gradual.bins import Bins, FeatureBins
from stream.gradual.ranked import Ranked
from stream.policy import Policy


@dataclass(frozen=True, eq=False)
class Score:
    """One score of one feature (its place in ``Baseline.features``).

    ``bins`` (b,) are places among all bins, ``values`` (b,) the scores there, ``counts`` (b,) the training rows.
    ``floors`` are how far the mean score may move up and down, ``trends`` the words for it.
    """

    feature: int
    bins: IntArray
    values: FloatArray
    counts: IntArray
    floors: tuple[float, float]
    trends: tuple[str, str]
    category: str | None = field(default=None)

    def floor(self, direction: int) -> float:
        """Return the floor of a move up (+1) or down (-1)."""
        return self.floors[0 if direction > 0 else 1]

    def trend(self, direction: int) -> str:
        """Return the word for a move up (+1) or down (-1)."""
        return self.trends[0 if direction > 0 else 1]

    @cached_property
    def n(self) -> int:
        """How many training rows have a score."""
        return int(self.counts.sum())

    @cached_property
    def variance(self) -> float:
        """The variance of the score over the training rows."""
        return float(np.dot(self.counts, self.values**2)) / self.n

    @property
    def of_values(self) -> bool:
        """Tell whether the score is of rows with a usable value only."""
        return self.trends != MISSING


LOCATION, SCALE = ("up", "down"), ("wider", "narrower")
SHARE, MISSING = ("more", "less"), ("missing more", "missing less")


def scores(layout: Layout, policy: Policy, bins: Bins) -> Iterator[Score]:
    """Yield the scores of every feature, in the order of the baseline's."""
    counts = bins.count(layout.runs.count(layout.reference))
    numeric = iter(range(len(layout.baseline.numeric)))
    for place, (feature, own) in enumerate(zip(layout.baseline.features, bins.features, strict=True)):
        if isinstance(feature, NumericReference):
            cells = layout.numeric_cells(next(numeric))
            yield from _of_numbers(place, feature, own, (policy, bins.starts[own.values] - cells.start))
        else:
            yield from _of_categories(place, feature, own, (policy, counts))
        yield from _of_missing(place, feature, own, (policy, counts))


def _of_numbers(
    place: int, feature: NumericReference, own: FeatureBins, how: tuple[Policy, IntArray]
) -> Iterator[Score]:
    """Yield location, the row's rank from the middle, and scale, its square as in Mood's test."""
    policy, starts = how
    if feature.n < 2 or not (math.isfinite(feature.std) and feature.std > 0.0):
        return
    ranked = Ranked(feature, starts)
    in_unit = policy.mean_floor_in_units(feature.name)
    mean = policy.floor(feature.name, "mean") if in_unit is None else in_unit / feature.std
    location_floors = ranked.location_floors(mean)
    scale_floors = ranked.scale_floors(policy.floor(feature.name, "std"))
    yield Score(place, own.values, ranked.location, ranked.counts, location_floors, LOCATION)
    yield Score(place, own.values, ranked.scale, ranked.counts, scale_floors, SCALE)


def _of_categories(
    place: int, feature: CategoricalReference, own: FeatureBins, how: tuple[Policy, IntArray]
) -> Iterator[Score]:
    """Yield whether the row is of one of the large categories, one score each, and whether it is of none of them."""
    policy, counts = how
    if feature.n == 0:
        return
    floor = policy.floor(feature.name, "frequency")
    alone = np.zeros(len(own.values), dtype=bool)
    alone[list(own.largest)] = True
    for at, category in own.largest.items():
        inside = np.zeros(len(alone), dtype=bool)
        inside[at] = True
        yield _indicator(place, (own.values, inside, counts), floor, SHARE, feature.categories[category])
    if len(own.largest) > 1:
        yield _indicator(place, (own.values, ~alone, counts), floor, SHARE, "")


def _of_missing(place: int, feature: Reference, own: FeatureBins, how: tuple[Policy, IntArray]) -> Iterator[Score]:
    """Yield whether the row has no usable value."""
    policy, counts = how
    bins = np.concatenate([own.values, own.unusable])
    if counts[bins].sum() > 0:
        inside = np.arange(len(bins)) >= len(own.values)
        yield _indicator(place, (bins, inside, counts), policy.floor(feature.name, "missing"), MISSING, None)


def _indicator(
    place: int,
    where: tuple[IntArray, NDArray[np.bool_], IntArray],
    floor: float,
    trends: tuple[str, str],
    category: str | None,
) -> Score:
    """Return the score of being inside: 1 less the share of the training rows, or 0 less that share."""
    bins, inside, all_counts = where
    counts = all_counts[bins]
    values = inside.astype(np.float64) - float(counts[inside].sum()) / float(counts.sum())
    return Score(place, bins, values, counts, (floor, floor), trends, category)
