"""Growing strata: a small decision tree whose leaves differ in what came of their rows, best split first.

Source: regression trees (Breiman et al. 1984) over binned features, several targets at once (De'ath 2002); categories
are put in order by their mean, which for one target finds the best of all their partings (Fisher 1958). A split stays
only where chance does not explain it: what a leaf's rate is must not be the luck of having been looked for.
"""

from dataclasses import dataclass, field

import numpy as np

from baselines.cells import FloatArray, IntArray
from baselines.relation import MOST_STRATA

# Bins per numeric feature, and categories told apart; rarer ones answer every question with no.
MOST_BINS = 16
MOST_CATEGORIES = 24
# A split must explain so many times the variance of its own rows: p < 1e-6 by itself, looked for among a few hundred.
LEAST_GAIN = 30.0
# A stratum has at least so many rows, and at least this part of the sample.
_FEWEST_ROWS, _SMALLEST_PART = 100, 1 / 40


@dataclass(frozen=True, eq=False)
class Binned:
    """One feature of the sample: the bin of each row, and what a bin stands for.

    ``bins`` (rows,) count from 0. Of a number, ``edges`` (b - 1,) ascending: bin i + 1 is above edge i, a missing one
    is in bin 0. Of a category, ``codes``: bin i + 1 is that of codes[i], bin 0 all others.
    """

    bins: IntArray
    edges: FloatArray | None = None
    codes: IntArray | None = None


@dataclass(slots=True, eq=False)
class Leaf:
    """Rows of the sample, and the best way to part them: a gain of 0 says that there is none."""

    rows: IntArray
    feature: int = -1
    yes: frozenset[int] = frozenset()
    gain: float = 0.0


@dataclass(slots=True, eq=False)
class Tree:
    """Questions in the order in which they were found, parents first: feature, bins that answer yes, and where to."""

    questions: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    # Per question, where no and yes lead: a later question, or -1 - leaf.
    ways: list[list[int]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)


def bin_numbers(values: FloatArray) -> Binned:
    """Bin a numeric column at quantiles of its finite values."""
    finite = values[np.isfinite(values)]
    parts = np.arange(1, MOST_BINS) / MOST_BINS
    edges = np.unique(np.quantile(finite, parts, method="lower")) if len(finite) else np.empty(0)
    if len(edges) and edges[-1] == finite.max():
        edges = edges[:-1]
    filled = np.where(np.isnan(values), -np.inf, values)
    return Binned(np.searchsorted(edges, filled, side="left"), edges=edges)


def bin_categories(codes: IntArray, categories: int) -> Binned:
    """Keep the most frequent of ``categories`` apart; codes from ``categories`` on are none."""
    counts = np.bincount(codes[codes < categories], minlength=categories)
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_CATEGORIES])
    bins = np.zeros(int(max(codes.max(initial=0), categories)) + 1, dtype=np.int64)
    bins[kept] = np.arange(1, len(kept) + 1)
    return Binned(bins[codes], codes=kept)


def grow(features: list[Binned], targets: FloatArray) -> Tree:
    """Part rows by ``features`` until they differ no more in their ``targets`` (m, rows), or leaves are enough."""
    rows = targets.shape[1]
    least = max(_FEWEST_ROWS, int(rows * _SMALLEST_PART))
    tree = Tree(leaves=[_best(Leaf(np.arange(rows)), features, targets, least)])
    came_from: list[tuple[int, int] | None] = [None]
    while len(tree.leaves) < MOST_STRATA:
        at = max(range(len(tree.leaves)), key=lambda leaf: tree.leaves[leaf].gain)
        leaf = tree.leaves[at]
        if leaf.gain < LEAST_GAIN:
            break
        inside = np.isin(features[leaf.feature].bins[leaf.rows], list(leaf.yes))
        number = len(tree.questions)
        if (parent := came_from[at]) is not None:
            tree.ways[parent[0]][parent[1]] = number
        tree.questions.append((leaf.feature, leaf.yes))
        tree.ways.append([-1 - at, -1 - len(tree.leaves)])
        parts = [_best(Leaf(leaf.rows[side]), features, targets, least) for side in (~inside, inside)]
        tree.leaves[at], came_from[at] = parts[0], (number, 0)
        tree.leaves.append(parts[1])
        came_from.append((number, 1))
    return tree


def _best(leaf: Leaf, features: list[Binned], targets: FloatArray, least: int) -> Leaf:
    """Find the question that explains most of what differs among the leaf's rows."""
    mine = targets[:, leaf.rows]
    spread = mine.var(axis=1)
    if len(leaf.rows) < 2 * least or not spread.any():
        return leaf
    centred = (mine - mine.mean(axis=1, keepdims=True)) / np.sqrt(np.where(spread > 0.0, spread, 1.0))[:, None]
    for number, feature in enumerate(features):
        bins = feature.bins[leaf.rows]
        counts = np.bincount(bins)
        sums: FloatArray = np.stack([np.bincount(bins, weights=target) for target in centred])
        for order in _orders(feature, counts, sums):
            gain, cut = _cut(counts[order], sums[:, order], least)
            # Ordering categories by their means is a search of its own, among as many ways as there are categories.
            gain -= 2.0 * len(order) if feature.codes is not None else 0.0
            if gain > leaf.gain:
                leaf.feature, leaf.yes, leaf.gain = number, frozenset(order[cut:].tolist()), gain
    return leaf


def _orders(feature: Binned, counts: IntArray, sums: FloatArray) -> list[IntArray]:
    """Return the orders of bins in which to look for a cut; bin 0 stands first, on the side of no."""
    if feature.codes is None:
        return [np.arange(len(counts))]
    means = sums[:, 1:] / np.maximum(counts[1:], 1)
    up = [np.concatenate([[0], 1 + np.argsort(mean, kind="stable")]) for mean in means]
    return [*up, *(np.concatenate([order[:1], order[:0:-1]]) for order in up)]


def _cut(counts: IntArray, sums: FloatArray, least: int) -> tuple[float, int]:
    """Return the largest gain of a cut in this order, and how many bins are before it; the sums are of centred rows."""
    before = np.cumsum(counts)[:-1]
    after = int(counts.sum()) - before
    through = np.cumsum(sums, axis=1)[:, :-1]
    allowed = (before >= least) & (after >= least)
    if not allowed.any():
        return 0.0, 0
    gains = (through**2).sum(axis=0) * (1.0 / np.maximum(before, 1) + 1.0 / np.maximum(after, 1))
    cut = int(np.argmax(np.where(allowed, gains, 0.0)))
    return float(gains[cut]), cut + 1


def targets_of(outcomes: FloatArray, *, number: bool) -> FloatArray:
    """Return what strata are to differ in, (m, rows): the outcome, or of a number the ranks of its size and of itself.

    Ranks because residuals have heavy tails.
    """
    if not number:
        return outcomes[None, :]
    return np.stack([_ranks(np.abs(outcomes - np.median(outcomes))), _ranks(outcomes)])


def _ranks(values: FloatArray) -> FloatArray:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(counts) - (counts - 1) / 2.0)[places]
    return ranks
