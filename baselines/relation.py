"""The relation between inputs and outcome: strata of the inputs, and what came of the training rows of each.

Strata are the leaves of a small decision tree that parts rows by how often, and how far, the model was wrong. Within
one the outcome hardly depends on the inputs, so that its change there is no mere change of mix.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray, IntArray

Task: TypeAlias = Literal["classification", "probability", "regression"]
MOST_STRATA = 16
# Of each task, the two names of a yes-or-no outcome, the second of which is counted; a number has no names.
OUTCOMES: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {"classification": ("right", "wrong"), "probability": ("negative", "positive"), "regression": ()}
)
# A stratum's residuals lie in four ranges: far below, below, above, far above; these shares end them.
EDGES = (0.1, 0.5, 0.9)
# Behind the strata: rows on ground that training did not cover, and rows without an outcome.
BEYOND, UNKNOWN = -2, -1
_REST = 2
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Split:
    """One question to a row: its ``feature`` is above the ``threshold``, or, without one, among the ``categories``.

    ``no`` and ``yes`` are where the answer leads: the number of a later split, or -1 - stratum. A value that is not
    there is neither above nor among.
    """

    feature: str
    threshold: float | None
    categories: tuple[str, ...]
    no: int
    yes: int


@dataclass(frozen=True, eq=False)
class Relation:
    """S strata and K outcomes, and the training rows of each.

    ``feature`` is the one of which findings speak, ``outcome`` the one that holds what came: a category of
    ``OUTCOMES``, or a number whose ranges are parted, stratum by stratum, by ``edges`` (S, 3), else (S, 0). ``inputs``
    are the features known before the label; training covered the ranges of the numeric ones. ``counts``
    (S * K + 2,) are the training rows by stratum and outcome, then those beyond what training covers, and those
    without an outcome.
    """

    task: Task
    feature: str
    outcome: str
    inputs: tuple[str, ...]
    splits: tuple[Split, ...]
    edges: FloatArray
    counts: IntArray = field(repr=False)

    @property
    def strata(self) -> int:
        """The number of strata, S."""
        return len(self.splits) + 1

    @property
    def outcomes(self) -> int:
        """The number of outcomes, K."""
        return len(OUTCOMES[self.task]) or len(EDGES) + 1

    @property
    def size(self) -> int:
        """The number of counters: every row is in exactly one."""
        return self.strata * self.outcomes + _REST

    def table(self, counters: IntArray) -> IntArray:
        """Return counters (size,) as a table (S, K), without the rows that are in no stratum."""
        return counters[:-_REST].reshape(self.strata, self.outcomes)

    @cached_property
    def marks(self) -> Mapping[str, NDArray[np.bool_]]:
        """What is looked at: the name of a question to an outcome, and which outcomes (S, K) are a yes.

        "error": the prediction was wrong; a rare outcome came where the other one was usual; the residual was among the
        fifth furthest from the middle in training. "bias": the positive outcome came; the residual was above its median
        in training.
        """
        shape = (self.strata, self.outcomes)
        if self.task == "classification":
            return {"error": np.broadcast_to([False, True], shape)}
        if self.task == "regression":
            error = np.broadcast_to([True, False, False, True], shape)
            return {"error": error, "bias": np.broadcast_to([False, False, True, True], shape)}
        table = self.table(self.counts)
        rare = table[:, 1] * 2 <= table.sum(axis=1)
        return {"error": np.stack([~rare, rare], axis=1), "bias": np.broadcast_to([False, True], shape)}

    @cached_property
    def where(self) -> tuple[str, ...]:
        """What the rows of each stratum have in common, in words: "temp > 20.5 and hour <= 7"."""
        found = [""] * self.strata
        self._walk(0 if self.splits else -1, {}, {}, found)
        return tuple(found)

    def _walk(self, at: int, spans: dict[str, tuple[float, float]], names: dict[str, str], found: list[str]) -> None:
        if at < 0:
            found[-1 - at] = " and ".join([*(_span(*one) for one in spans.items()), *names.values()]) or "all rows"
            return
        split = self.splits[at]
        name, among = split.feature, _listed(split.categories)
        if split.threshold is None:
            self._walk(split.no, spans, names | {f"{name} - {among}": f"{name} not in ({among})"}, found)
            self._walk(split.yes, spans, names | {f"{name} + {among}": f"{name} in ({among})"}, found)
            return
        low, high = spans.get(name, (-np.inf, np.inf))
        self._walk(split.no, spans | {name: (low, min(high, split.threshold))}, names, found)
        self._walk(split.yes, spans | {name: (max(low, split.threshold), high)}, names, found)


def _span(name: str, span: tuple[float, float]) -> str:
    low, high = span
    if np.isinf(low):
        return f"{name} <= {high:.4g}"
    return f"{name} > {low:.4g}" if np.isinf(high) else f"{low:.4g} < {name} <= {high:.4g}"


def _listed(categories: tuple[str, ...]) -> str:
    more = f" and {len(categories) - _MOST_NAMED} more" if len(categories) > _MOST_NAMED else ""
    return ", ".join(categories[:_MOST_NAMED]) + more
