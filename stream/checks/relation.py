"""The relation between inputs and outcome: what comes of rows that are alike, whatever their mix.

Rows are alike that fall into the same stratum (``baselines.relation``). Each question to their outcome is tested over
all strata together (``stream.stratified``); the effect is its change where the mix of strata is held at the window's
(direct standardisation).
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from baselines.cells import FloatArray, IntArray
from baselines.relation import Relation
from stream.checks.measured import Measured, Pair, Parts, Related, Stratum, known
from stream.stratified import Stratified

METHOD = "mantel-haenszel"
# The strata that are named, those that add most to the change first.
_MOST_NAMED = 3


def relation(pair: Pair) -> Measured:
    """Measure how often what came is not what came of such rows in training, for the feature that tells it.

    Of several questions to the outcome ("error", "bias") the one speaks whose share changed most, as a part of what it
    could; its p-value is multiplied by their number (Bonferroni). The statistic is the signed root of Mantel and
    Haenszel's chi-squared.
    Rows beyond the ground that training covers, and rows without an outcome, have no part in it.
    """
    learned = pair.reference.layout.baseline.relation
    changes = [] if learned is None else _changes(pair, learned)
    if learned is None or not changes:
        return _nothing(pair)
    change = max(changes, key=lambda one: one.strength)
    parts = Parts(
        pair.reference,
        "relation",
        np.array([pair.reference.layout.places[learned.feature]]),
        known(np.array([change.test.z]), np.array([abs(change.effect)])),
        (change.window[0].sum(keepdims=True), change.reference[0].sum(keepdims=True)),
    )
    measured = parts.measured(
        lambda i: (min(1.0, change.test.p_two_sided() * len(changes)), METHOD),
        deviate=lambda i: abs(change.test.z),
    )
    return replace(measured, related=(change.related(learned.where),))


def related_rows(pair: Pair) -> tuple[int, int]:
    """Return how many rows of reference and window are in a stratum; nothing is said of the others."""
    learned = pair.reference.layout.baseline.relation
    if learned is None:
        return 0, 0
    return int(learned.table(pair.reference.relation).sum()), int(learned.table(pair.window.relation).sum())


def enough(pair: Pair) -> bool:
    """Tell whether both sides have enough such rows."""
    before, now = related_rows(pair)
    return before >= max(pair.min_reference, 1) and now >= max(pair.min_samples, 1)


@dataclass(frozen=True, eq=False)
class _Change:
    """One question: rows and yeses (S,) of either side."""

    question: str
    reference: tuple[IntArray, IntArray]
    window: tuple[IntArray, IntArray]

    @cached_property
    def test(self) -> Stratified:
        return Stratified.of(self.reference, self.window)

    @cached_property
    def added(self) -> FloatArray:
        """What each stratum adds to the effect; nothing where a side is empty."""
        (m, before), (n, now) = self.reference, self.window
        both = (m > 0) & (n > 0)
        rates = now / np.maximum(n, 1) - before / np.maximum(m, 1)
        added: FloatArray = np.where(both, n * rates, 0.0) / max(int(n[both].sum()), 1)
        return added

    @property
    def effect(self) -> float:
        """The change of the share of yeses, the mix of strata being the window's."""
        return float(self.added.sum())

    @property
    def observed(self) -> float:
        """The share of yeses in the window."""
        return int(self.window[1].sum()) / max(int(self.window[0].sum()), 1)

    @property
    def expected(self) -> float:
        """The share that such rows have in the reference."""
        return min(max(self.observed - self.effect, 0.0), 1.0)

    @property
    def strength(self) -> float:
        """The effect as a part of the largest one that there could be in its direction."""
        room = 1.0 - self.expected if self.effect > 0.0 else self.expected
        return abs(self.effect) / room if room else 0.0

    def related(self, where: tuple[str, ...]) -> Related:
        """Return the shares of yeses, before and now, with the strata that changed most the same way."""
        (m, before), (n, now) = self.reference, self.window
        total = max(int(n.sum()), 1)
        direction = np.sign(self.effect) or 1.0
        order = np.argsort(-direction * self.added, kind="stable")[:_MOST_NAMED]
        strata = tuple(
            Stratum(where[i], int(n[i]) / total, int(before[i]) / int(m[i]), int(now[i]) / int(n[i]))
            for i in order.tolist()
            if direction * self.added[i] > 0.0
        )
        return Related(self.question, self.expected, self.observed, strata)


def _changes(pair: Pair, learned: Relation) -> list[_Change]:
    if not enough(pair):
        return []
    before, now = learned.table(pair.reference.relation), learned.table(pair.window.relation)
    return [
        _Change(question, (before.sum(axis=1), (before * yes).sum(axis=1)), (now.sum(axis=1), (now * yes).sum(axis=1)))
        for question, yes in learned.marks.items()
    ]


def _nothing(pair: Pair) -> Measured:
    nothing, nobody = np.zeros(0), np.zeros(0, dtype=np.int64)
    parts = Parts(pair.reference, "relation", nobody, known(nothing, nothing), (nobody, nobody))
    return parts.measured(lambda i: (1.0, METHOD))
