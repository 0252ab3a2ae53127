"""Two more passes over labelled rows: strata are grown on a sample of them, then all of them are counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from baselines.baseline import CategoricalReference, NumericReference, Reference
from baselines.cells import FloatArray, IntArray
from baselines.fitting.cells import Chunk
from baselines.fitting.codes import Codes, placed
from baselines.fitting.row_sample import RowSample
from baselines.fitting.strata import Binned, Tree, bin_categories, bin_numbers, grow, targets_of
from baselines.relation import EDGES, OUTCOMES, Relation, Split, Task
from baselines.strata import Column, Strata


@dataclass(frozen=True, slots=True)
class RelationOptions:
    """What is related: the ``outcome`` feature to inputs and ``answers``; findings speak of ``feature``.

    ``answers`` are the features that the model gave, ``with_label`` those known no sooner than the label, the outcome
    among them; all others are inputs.
    """

    task: Task
    feature: str
    outcome: str
    answers: tuple[str, ...]
    with_label: frozenset[str]


class ChunkColumns:
    """A chunk's columns as ``baselines.strata`` reads them, each read once."""

    def __init__(self, chunk: Chunk, readers: "dict[str, Reader]") -> None:
        self._chunk, self._readers = chunk, readers
        self._read: dict[str, Column] = {}

    def __call__(self, name: str) -> Column:
        """Return the numbers or codes of a feature, shape (chunk.rows,)."""
        if name not in self._read:
            self._read[name] = self._readers[name](self._chunk)
        return self._read[name]


class Reader:
    """Reads one feature's column of a chunk, as its reference was fitted."""

    def __init__(self, feature: Reference) -> None:
        self._feature = feature
        self._codes = Codes(feature) if isinstance(feature, CategoricalReference) else None

    def __call__(self, chunk: Chunk) -> Column:
        """Return numbers, NaN where there are none, or codes."""
        if self._codes is None:
            return chunk.numbers(self._feature.name, dates=bool(self._feature.note))
        return placed(chunk, self._feature.name, self._codes)


class RelationPasses:
    """Grows a relation in a first pass over the rows (``sample``, ``grown``), and counts it in a second (``count``)."""

    def __init__(self, features: Sequence[Reference], options: RelationOptions) -> None:
        self._features = {feature.name: feature for feature in features}
        self._options = options
        self._inputs = [name for name in self._features if name not in options.with_label.union(options.answers)]
        # Of equally good questions the first is asked, and what the model gave is the plainer one.
        self._given = [*(name for name in options.answers if name in self._features), *self._inputs]
        self._readers = {name: Reader(feature) for name, feature in self._features.items()}
        # The given features, then the outcome.
        self._sample = RowSample(len(self._given) + 1, np.float64)
        self._strata: Strata | None = None
        self._counts: IntArray = np.empty(0, dtype=np.int64)

    def sample(self, chunk: Chunk) -> None:
        """Keep those of a chunk's rows that belong to the sample."""
        columns, names = ChunkColumns(chunk, self._readers), (*self._given, self._options.outcome)
        self._sample.add(chunk.rows, lambda low: np.stack([columns(name)[low].astype(np.float64) for name in names]))

    def grow(self) -> None:
        """Find the strata, from what was sampled."""
        outcomes = self._outcomes()
        usable = np.isfinite(outcomes)
        outcomes, sample = outcomes[usable], self._sample.values[:-1, usable]
        number = not OUTCOMES[self._options.task]
        binned = [self._binned(name, values) for name, values in zip(self._given, sample, strict=True)]
        tree = grow(binned, targets_of(outcomes, number=number)) if len(outcomes) else Tree()
        splits = tuple(self._split(binned, *one) for one in zip(tree.questions, tree.ways, strict=True))
        edges = _edges(tree, outcomes) if number else np.empty((len(splits) + 1, 0))
        options = self._options
        grown = Relation(
            options.task, options.feature, options.outcome, tuple(self._inputs), splits, edges, np.empty(0, np.int64)
        )
        self._strata, self._counts = Strata(grown, list(self._features.values())), np.zeros(grown.size, dtype=np.int64)

    def count(self, chunk: Chunk) -> None:
        """Count a chunk's rows."""
        assert self._strata is not None
        self._counts += self._strata.count(ChunkColumns(chunk, self._readers), chunk.rows)

    def finish(self) -> Relation:
        """Return what was found."""
        assert self._strata is not None
        grown = self._strata.relation
        return Relation(grown.task, grown.feature, grown.outcome, grown.inputs, grown.splits, grown.edges, self._counts)

    def _outcomes(self) -> FloatArray:
        """Return the sample's outcomes: numbers, or 0 and 1; NaN where there is none."""
        feature, drawn = self._features[self._options.outcome], np.asarray(self._sample.values[-1], dtype=np.float64)
        if isinstance(feature, NumericReference):
            return drawn
        codes = {name: code for code, name in enumerate(feature.categories)}
        no, yes = (codes.get(name, -1) for name in OUTCOMES[self._options.task])
        return np.where(drawn == yes, 1.0, np.where(drawn == no, 0.0, np.nan))

    def _binned(self, name: str, values: FloatArray) -> Binned:
        feature = self._features[name]
        if isinstance(feature, CategoricalReference):
            return bin_categories(values.astype(np.int64), len(feature.categories))
        return bin_numbers(values)

    def _split(self, binned: list[Binned], question: tuple[int, frozenset[int]], ways: list[int]) -> Split:
        number, yes = question
        name, feature = self._given[number], binned[number]
        if feature.edges is not None:
            return Split(name, float(feature.edges[min(yes) - 1]) + 0.0, (), *ways)
        reference = self._features[name]
        assert isinstance(reference, CategoricalReference)
        assert feature.codes is not None
        names = sorted(reference.categories[feature.codes[one - 1]] for one in yes)
        return Split(name, None, tuple(names), *ways)


def _edges(tree: Tree, outcomes: FloatArray) -> FloatArray:
    """Return where the ranges of each stratum's outcomes end, shape (strata, 3)."""
    if not tree.leaves:
        return np.zeros((1, len(EDGES)))
    return np.stack([np.quantile(outcomes[leaf.rows], EDGES, method="lower") for leaf in tree.leaves])
