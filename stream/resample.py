"""Windows that were never seen: rows drawn from the baseline's own cells, and changed by a size that is asked for.

What is random about a window is drawn once. A change then moves the drawn rows, so that a window drawn once and changed
a little more is nearly always further away: the size at which it is noticed can be searched for by halving.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from scipy import special

from baselines import CategoricalReference, Layout, NumericReference
from baselines.baseline import CATEGORICAL_SPECIALS, NUMERIC_SPECIALS
from baselines.cells import FloatArray, IntArray
from stream.sample import Sample

_NUMERIC_MISSING = NUMERIC_SPECIALS.index("missing")
_UNSEEN, _CATEGORICAL_MISSING = (CATEGORICAL_SPECIALS.index(name) for name in ("unseen", "missing"))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows of one feature as drawn: ``counts`` per cell, specials last; the luck of a change is drawn beside them.

    ``nudges`` (one per cell) and ``luck`` are uniform between 0 and 1; ``sign`` is the direction of a shift.
    """

    counts: IntArray
    nudges: FloatArray
    luck: float
    sign: float


@dataclass(frozen=True, eq=False)
class Changed:
    """Rows of one feature after a change: counts per cell, specials last, with the moments of a numeric feature."""

    counts: IntArray
    mean: float = 0.0
    std: float = 0.0


@dataclass(frozen=True, eq=False)
class NumericShape:
    """A numeric feature's cells as places on its axis.

    Rows of an open cell stand in its middle. ``values`` are the places moved and stretched a little, all in the same
    way, so that mean and standard deviation over the training rows are the exact ones.
    """

    reference: NumericReference

    @cached_property
    def places(self) -> FloatArray:
        """A place for each cell, ascending; the outer ones as far out as the last gap is wide."""
        values = self.reference.values
        first, last = (values[1] - values[0], values[-1] - values[-2]) if len(values) > 1 else (1.0, 1.0)
        places = np.empty(2 * len(values) + 1)
        places[1::2] = values
        places[2:-1:2] = (values[:-1] + values[1:]) / 2.0
        places[0], places[-1] = values[0] - first, values[-1] + last
        return places

    @cached_property
    def values(self) -> FloatArray:
        """What a row of each cell adds to the mean and the spread."""
        mean, std = _moments(self.places, self.reference.cells)
        if not std > 0.0:
            return self.places
        return self.reference.mean + self.reference.std * (self.places - mean) / std

    @cached_property
    def _grid(self) -> IntArray:
        """Cells on which moved rows may land: the kept values alone, where training had nothing between them."""
        cells = np.arange(len(self.places))
        if self.reference.cells[2:-1:2].any():
            return cells
        return np.concatenate([cells[:1], cells[1::2], cells[-1:]])

    def moved(self, drawn: Drawn, shift: float, factor: float) -> Changed:
        """Return the rows stretched by ``factor`` about the training mean, then shifted (in the feature's unit).

        No row leaves the training range: a count does not fall below zero, and what does leave is seen at once. A row
        that comes to lie between two places goes to one of them, to the nearer one more often, so that the mean is
        kept: whole numbers stay whole.
        """
        size = len(self.places)
        counts = drawn.counts[:size]
        used = np.flatnonzero(counts)
        rows = counts[used]
        mean, std = self.moments(counts, shift, factor)
        at = self._put(self.places, used, shift, factor)
        grid = self.places[self._grid]
        above = np.clip(np.searchsorted(grid, at), 1, len(grid) - 1)
        share = np.clip((at - grid[above - 1]) / (grid[above] - grid[above - 1]), 0.0, 1.0)
        upper = np.floor(rows * share + drawn.nudges[used])
        landed = np.bincount(self._grid[above], upper, size)
        landed += np.bincount(self._grid[above - 1], rows - upper, size)
        return Changed(np.concatenate([np.rint(landed).astype(np.int64), drawn.counts[size:]]), mean, std)

    def moments(self, rows: IntArray, shift: float, factor: float) -> tuple[float, float]:
        """Return mean and standard deviation of the rows per cell, moved."""
        used = np.flatnonzero(rows)
        return _moments(self._put(self.values, used, shift, factor), rows[used])

    def _put(self, places: FloatArray, used: IntArray, shift: float, factor: float) -> FloatArray:
        centre = self.reference.mean
        moved: FloatArray = np.clip(centre + factor * (places[used] - centre) + shift, places[1], places[-2])
        return moved

    def realised(self, change: str, size: float, sign: float) -> float:
        """Return by how much a change of the training rows really moves their mean or grows their spread.

        Less than was asked for, where rows stop at an end of the training range.
        """
        mean, std = self.reference.mean, self.reference.std
        if change == "mean":
            return abs(self.moments(self.reference.cells, sign * size * std, 1.0)[0] - mean) / std
        if change == "spread":
            return self.moments(self.reference.cells, 0.0, 1.0 + size)[1] / std - 1.0
        return size

    def unchanged(self, drawn: Drawn) -> Changed:
        """Return the rows as they were drawn."""
        return Changed(drawn.counts, *_moments(self.values, drawn.counts[: len(self.places)]))

    def mean(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows shifted by ``size`` training standard deviations, up or down as drawn."""
        return self.moved(drawn, drawn.sign * size * self.reference.std, 1.0)

    def spread(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows with their distances from the mean grown by the share ``size``."""
        return self.moved(drawn, 0.0, 1.0 + size)

    def missing(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows with ``size`` more of all of them missing."""
        cells = len(self.places)
        counts = _lost(drawn, slice(0, cells), cells + _NUMERIC_MISSING, size)
        return Changed(counts, *_moments(self.values, drawn.counts[:cells]))


@dataclass(frozen=True, eq=False)
class CategoricalShape:
    """A categorical feature's cells; ``rising`` is the category whose share grows."""

    reference: CategoricalReference

    def realised(self, _change: str, size: float, _sign: float) -> float:
        """Return the size itself: shares move by as much as they are asked to."""
        return size

    def unchanged(self, drawn: Drawn) -> Changed:
        """Return the rows as they were drawn."""
        return Changed(drawn.counts)

    @cached_property
    def rising(self) -> int | None:
        """The most frequent of the categories with at most half of the values; None where there is no other value."""
        known = self.reference.counts[: len(self.reference.categories)]
        fitting = np.flatnonzero((known * 2 <= self.reference.n) & (known > 0))
        return int(fitting[np.argmax(known[fitting])]) if len(fitting) else None

    def share(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows with the share of ``rising`` higher by ``size`` of the values; all others lose alike."""
        assert self.rising is not None
        values = len(self.reference.categories) + 1
        rest = 1.0 - float(self.reference.counts[self.rising]) / self.reference.n
        there, luck = drawn.counts[:values], drawn.nudges[:values]
        lost = binomial(luck, there, min(size / rest, 1.0))
        lost[self.rising] = 0
        counts = drawn.counts.copy()
        counts[:values] -= lost
        counts[self.rising] += int(lost.sum())
        return Changed(counts)

    def new_category(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows with ``size`` more of all of them in categories that training did not have."""
        known = len(self.reference.categories)
        return Changed(_lost(drawn, slice(0, known), known + _UNSEEN, size))

    def missing(self, drawn: Drawn, size: float) -> Changed:
        """Return the rows with ``size`` more of all of them missing."""
        known = len(self.reference.categories)
        return Changed(_lost(drawn, slice(0, known + 1), known + _CATEGORICAL_MISSING, size))


Shape = NumericShape | CategoricalShape
Change = Callable[[Drawn, float], Changed]


def shape_of(reference: NumericReference | CategoricalReference) -> Shape:
    """Return the shape of a feature."""
    return NumericShape(reference) if isinstance(reference, NumericReference) else CategoricalShape(reference)


def draw(rng: np.random.Generator, counts: IntArray, rows: int) -> Drawn:
    """Draw rows with replacement from training counts (cells and specials of one feature)."""
    drawn = rng.multinomial(rows, counts / counts.sum())
    return Drawn(drawn, rng.random(len(counts)), float(rng.random()), float(rng.choice((-1.0, 1.0))))


def draw_sample(layout: Layout, shapes: Sequence[Shape], rng: np.random.Generator, rows: int | None = None) -> Sample:
    """Draw a sample without a change; without ``rows``, as many as the training data has."""
    size = layout.baseline.n if rows is None else rows
    drawn = [shape.unchanged(draw(rng, shape.reference.counts, size)) for shape in shapes]
    return join(layout, dict(zip((shape.reference.name for shape in shapes), drawn, strict=True)))


def join(layout: Layout, parts: Mapping[str, Changed]) -> Sample:
    """Return one sample of all features of a layout, by name."""
    cells = np.zeros(layout.size, dtype=np.int64)
    numeric = [parts[feature.name] for feature in layout.baseline.numeric]
    for i, part in enumerate(numeric):
        inner = layout.numeric_cells(i)
        size = inner.stop - inner.start
        cells[inner], cells[layout.numeric_specials(i)] = part.counts[:size], part.counts[size:]
    for i, feature in enumerate(layout.baseline.categorical):
        cells[layout.categorical_cells(i)] = parts[feature.name].counts
    means, stds = [part.mean for part in numeric], [part.std for part in numeric]
    return Sample.of_cells(layout, cells, np.array(means, dtype=np.float64), np.array(stds, dtype=np.float64))


def _lost(drawn: Drawn, cells: slice, to: int, size: float) -> IntArray:
    """Move ``size`` of all rows out of some cells, each alike, into one other."""
    total, there = int(drawn.counts.sum()), int(drawn.counts[cells].sum())
    share = min(size * total / there, 1.0) if there else 0.0
    counts = drawn.counts.copy()
    counts[cells] -= np.floor(counts[cells] * share + drawn.nudges[cells]).astype(np.int64)
    counts[to] += int(binomial(drawn.luck, there, share))
    return counts


def binomial(luck: FloatArray | float, rows: IntArray | int, share: float) -> IntArray:
    """Return the binomial quantile at ``luck``: more for a larger share, whatever the luck.

    It is ``scipy.stats.binom.ppf``, without the time that its checks of arguments take.
    """
    if share >= 1.0:
        return np.array(rows, dtype=np.int64)
    drawn = np.nan_to_num(np.ceil(special.bdtrik(luck, rows, max(share, 0.0))))
    found: IntArray = np.clip(drawn, 0, rows).astype(np.int64)
    return found


def _moments(values: FloatArray, rows: IntArray) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1 below the line); NaN where there are too few rows."""
    n = int(rows.sum())
    if n < 2:
        return (float("nan"),) * 2
    mean = float(np.dot(values, rows)) / n
    gaps = values - mean
    return mean, float(np.sqrt(np.dot(gaps * gaps, rows) / (n - 1)))


NUMERIC_CHANGES: Mapping[str, Callable[[NumericShape], Change]] = MappingProxyType(
    {"mean": lambda shape: shape.mean, "spread": lambda shape: shape.spread, "missing": lambda shape: shape.missing}
)
CATEGORICAL_CHANGES: Mapping[str, Callable[[CategoricalShape], Change]] = MappingProxyType(
    {
        "share": lambda shape: shape.share,
        "new_category": lambda shape: shape.new_category,
        "missing": lambda shape: shape.missing,
    }
)


def changed(shape: Shape, name: str | None, drawn: Drawn, size: float) -> Changed:
    """Return what was drawn of a feature with a change by this name made to it; None leaves it as it is."""
    if name is None:
        return shape.unchanged(drawn)
    if isinstance(shape, NumericShape):
        return NUMERIC_CHANGES[name](shape)(drawn, size)
    return CATEGORICAL_CHANGES[name](shape)(drawn, size)
