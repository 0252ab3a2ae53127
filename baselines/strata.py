"""Counting a relation: which stratum and outcome each row belongs to."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.baseline import CategoricalReference, NumericReference, Reference
from baselines.cells import IntArray
from baselines.relation import BEYOND, OUTCOMES, UNKNOWN, Relation

# A feature's values of n rows: numbers, NaN or infinite where there is no usable one, or the codes of categories.
Column: TypeAlias = NDArray[Any]
Columns: TypeAlias = Callable[[str], Column]


class Strata:
    """A relation, ready to place rows: its names are numbers of one baseline's cells here."""

    def __init__(self, relation: Relation, features: Sequence[Reference]) -> None:
        self.relation = relation
        known = {feature.name: feature for feature in features}
        inputs = [known[name] for name in relation.inputs]
        asked = {split.feature for split in relation.splits}
        self._ranges = [(one.name, one.minimum, one.maximum) for one in inputs if isinstance(one, NumericReference)]
        self._names = [
            (one.name, len(one.categories))
            for one in inputs
            if isinstance(one, CategoricalReference) and one.name in asked
        ]
        self._codes = [_codes(known[split.feature], split.categories) for split in relation.splits]
        names = OUTCOMES[relation.task]
        self._outcomes = _codes(known[relation.outcome], names) if names else np.empty(0, dtype=np.int64)

    def count(self, columns: Columns, rows: int) -> IntArray:
        """Count rows by stratum and outcome; shape (relation.size,), and every row is in one of them."""
        return np.bincount(self.places(columns, rows), minlength=self.relation.size)

    def places(self, columns: Columns, rows: int) -> IntArray:
        """Return the counter that each row belongs to, shape (rows,)."""
        relation = self.relation
        strata = self.strata(columns, rows)
        outcomes = self._outcome(columns(relation.outcome), strata)
        places = strata * relation.outcomes + outcomes
        places[self._beyond(columns, rows)] = relation.size + BEYOND
        places[outcomes < 0] = relation.size + UNKNOWN
        return places

    def strata(self, columns: Columns, rows: int) -> IntArray:
        """Return the stratum of each row, shape (rows,), on whatever ground it stands."""
        at = np.zeros(rows, dtype=np.int64)
        for number, (split, codes) in enumerate(zip(self.relation.splits, self._codes, strict=True)):
            here = np.flatnonzero(at == number)
            values = columns(split.feature)[here]
            yes = np.isin(values, codes) if split.threshold is None else values > split.threshold
            at[here] = np.where(yes, split.yes, split.no)
        return -1 - at if self.relation.splits else at

    def _outcome(self, values: Column, strata: IntArray) -> IntArray:
        """Return the outcome of each row; -1 where there is none."""
        if not len(self._outcomes):
            outcomes: IntArray = (values[:, None] > self.relation.edges[strata]).sum(axis=1)
            return np.where(np.isfinite(values), outcomes, -1)
        outcomes = np.full(len(values), -1, dtype=np.int64)
        for number, code in enumerate(self._outcomes.tolist()):
            outcomes[values == code] = number
        return outcomes

    def _beyond(self, columns: Columns, rows: int) -> NDArray[np.bool_]:
        """Tell which rows training has nothing like: a number beyond its range, or a category asked for but unseen."""
        beyond = np.zeros(rows, dtype=np.bool_)
        for name, low, high in self._ranges:
            values = columns(name)
            beyond |= (values < low) | (values > high)
        for name, unseen in self._names:
            beyond |= columns(name) == unseen
        return beyond


def _codes(feature: Reference, names: Sequence[str]) -> IntArray:
    """Return the codes of category names, in their order; one that training never had is met as unseen."""
    if isinstance(feature, NumericReference):
        return np.empty(0, dtype=np.int64)
    codes = {name: code for code, name in enumerate(feature.categories)}
    return np.array([codes.get(name, len(codes)) for name in names], dtype=np.int64)
