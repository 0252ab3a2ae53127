"""Power: the smallest change of each feature that is caught, by simulation on the baseline's own distribution.

Each draw is a window with a training set of its own, both drawn from the baseline's cells, so that the luck of the
training data counts, too. Statistics, p-values, floors and corrections are those of ``measure`` and ``decide``,
persistence that of ``Votes``. A change is taken to be of one feature alone: then Holm's step for it is Bonferroni's.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baselines import Baseline, Layout
from baselines.cells import FloatArray
from stream.checks import Measured, measure
from stream.comparators import BASELINE
from stream.decision import Decision, decide
from stream.horizon import SAYINGS, TRACE, chance_within
from stream.persistence import AGREEING, NOVEL, OPENING
from stream.policy import Policy
from stream.resample import (
    CATEGORICAL_CHANGES,
    NUMERIC_CHANGES,
    CategoricalShape,
    Drawn,
    NumericShape,
    Shape,
    changed,
    draw,
    draw_sample,
    join,
    shape_of,
)
from stream.sample import Sample

BoolArray = NDArray[np.bool_]
Progress = Callable[[int, int], None]
# Changes that are simulated together: each feature takes the one that fits its kind.
_OF_NOVELTY = "new_category"
_PASSES = (("mean", "share"), ("spread", _OF_NOVELTY), ("missing", "missing"))
# The smallest and the largest size looked at; shares end earlier, where nothing is left.
_SIZES: Mapping[str, tuple[float, float]] = {
    "mean": (0.002, 10.0),
    "spread": (0.002, 20.0),
    "share": (0.0005, 1.0),
    "new_category": (0.0005, 1.0),
    "missing": (0.0005, 1.0),
}
# A size is found to 2 %: the difference of two logarithms.
_PRECISION = 0.02
# Sizes that agree with drift, or prove it otherwise, are looked for as near the one that proves it: a logarithm.
_NEAR = math.log(8.0)
# So many that their cells stay in the processor's cache.
_FEATURES_AT_ONCE = 32
# The floor limits where, without floors, a change by this much smaller is still caught in so many of so many draws.
_SMALLER, _STILL_CAUGHT, _LIMIT_DRAWS = 0.8, 13, 16
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Question:
    """``rows`` per window, the ``level`` of a tick, and how sure (``power``) within how many windows (``horizons``).

    ``family`` is the number of tests of a tick; ``draws`` how many windows are drawn for each kind of change.
    """

    rows: int
    level: float
    family: int
    power: float = 0.8
    horizons: tuple[int, ...] = (1, 2, 5, 10)
    draws: int = 64


@dataclass(frozen=True, slots=True)
class Catch:
    """The smallest change of one kind that is caught in one feature; ``sizes`` by number of windows, None for never.

    Sizes are in training standard deviations for "mean", as the share by which it grows for "spread", and shares of the
    rows for the others. ``category`` is the one whose share grows. ``limit`` is "floor" where a smaller change would be
    significant, else "sample size"; None where nothing is caught.
    """

    feature: str
    change: str
    sizes: dict[int, float | None]
    limit: str | None
    category: str | None = None


def family_size(baseline: Baseline, policy: Policy, rows: int, rng: np.random.Generator) -> int:
    """Return how many tests a tick over a window of so many rows makes, with all its comparators."""
    layout = Layout(baseline)
    drawn = draw_sample(layout, [shape_of(feature) for feature in baseline.features], rng, rows)
    # Features are drawn one by one: their pairs are taken from the training data.
    known = Sample.of_baseline(layout)
    window = replace(drawn, pair_counters=known.pair_counters, paired_runs=known.runs)
    comparators = [(name, known if name == BASELINE else window) for name in policy.comparators]
    return sum(len(one) for name, reference in comparators for one in measure(reference, window, policy, name))


def catchable(
    baseline: Baseline, policy: Policy, question: Question, rng: np.random.Generator, progress: Progress
) -> Iterator[Catch]:
    """Yield what is caught of every kind of change in every feature, in the order of the baseline.

    ``progress`` is told the simulated windows and their final number.
    """
    features = baseline.features
    groups = [features[i : i + _FEATURES_AT_ONCE] for i in range(0, len(features), _FEATURES_AT_ONCE)]
    total = len(groups) * len(_PASSES) * question.draws
    for done, group in enumerate(groups):
        part = Simulation(replace(baseline, features=group), policy, question, rng)
        found: list[Catch] = []
        for at, changes in enumerate(_PASSES):
            before = (done * len(_PASSES) + at) * question.draws
            found.extend(part.catches(changes, lambda draws, before=before: progress(before + draws, total)))  # type: ignore[misc]
        names = [feature.name for feature in group]
        yield from sorted(found, key=lambda catch: names.index(catch.feature))


class Simulation:
    """Windows over a few features, changed and judged as a monitor judges them; the baseline is all that is known."""

    def __init__(self, baseline: Baseline, policy: Policy, question: Question, rng: np.random.Generator) -> None:
        self.features = baseline.features
        # Pairs are not simulated: one feature changes at a time.
        self.layout = Layout(replace(baseline, dependence=None))
        self.policy = policy
        self.question = question
        self._rng = rng
        self._shapes = [shape_of(feature) for feature in self.features]
        self._places = {feature.name: place for place, feature in enumerate(self.features)}

    def catches(self, changes: Sequence[str], progress: Callable[[int], None]) -> Iterator[Catch]:
        """Yield what is caught of each feature's own one among these changes."""
        names = [_fitting(shape, changes) for shape in self._shapes]
        # As asked for and as it comes out; what a window says; draws; features.
        flips = np.empty((2, len(SAYINGS), self.question.draws, len(names)))
        for number in range(self.question.draws):
            flips[:, :, number] = self._flips(names)
            progress(number + 1)
        asked, realised = (self._by_horizon(kind) for kind in flips)
        first = next((sizes for sizes in asked.values() if np.isfinite(sizes).any()), np.full(len(names), math.inf))
        limits = self._limits(names, first)
        for place, (shape, name) in enumerate(zip(self._shapes, names, strict=True)):
            if name is not None:
                by_horizon = {windows: float(sizes[place]) for windows, sizes in realised.items()}
                sizes = {windows: size if math.isfinite(size) else None for windows, size in by_horizon.items()}
                limit = limits[place] if any(sizes.values()) else None
                category = _rising(shape) if name == "share" else None
                yield Catch(self.features[place].name, name, sizes, limit, category)

    def _by_horizon(self, flips: FloatArray) -> dict[int, FloatArray]:
        """Return the size that is enough for each horizon, shape (features,); infinite where none is.

        ``flips`` are the sizes, (sayings, draws, features), from which single windows say each of ``SAYINGS``.
        """
        sizes = np.sort(np.concatenate(flips), axis=0)
        shares = np.array([(kind[:, None] <= sizes).mean(axis=0) for kind in flips])
        found = {}
        for windows in self.question.horizons:
            enough = chance_within(self.policy.persist, windows, shares) >= self.question.power
            smallest = np.take_along_axis(sizes, enough.argmax(axis=0)[None], axis=0)[0]
            found[windows] = np.where(enough.any(axis=0), smallest, math.inf)
        return found

    def _flips(self, names: Sequence[str | None]) -> FloatArray:
        """Draw a window and return from which size on it says each of ``SAYINGS``, as asked for and as it comes out.

        Shape (2, sayings, features); infinite where it never does.
        """
        trial = self._drawn()
        low, high = np.log(np.array([_range(shape, name) for shape, name in zip(self._shapes, names, strict=True)])).T
        proves = self._flip(trial, names, (low, high), OPENING)
        # What proves drift agrees, too, and looking a little below it takes fewer steps.
        least = np.where(np.isfinite(proves), proves, high)
        agrees = self._flip(trial, names, (np.maximum(least - _NEAR, low), least), AGREEING)
        traced, novel = agrees, np.full(len(names), math.inf)
        if _OF_NOVELTY in names:
            # No other change goes where training was not, and what is new proves it early, or other checks do.
            others, most = [name if name == _OF_NOVELTY else None for name in names], np.minimum(least + _NEAR, high)
            novel = np.maximum(self._flip(trial, others, (least, most), NOVEL), proves)
            least = np.where(np.isfinite(agrees), agrees, high)
            traced = np.minimum(self._flip(trial, others, (low, least), TRACE), agrees)
        asked = np.exp([traced, agrees, proves, novel])
        finite = np.isfinite(asked)
        parts = zip(self._shapes, names, np.where(finite, asked, 1.0).T.tolist(), trial.drawn, strict=True)
        realised = [[shape.realised(name or "", size, at.sign) for size in sizes] for shape, name, sizes, at in parts]
        return np.array([asked, np.where(finite, np.transpose(realised), math.inf)])

    def _flip(
        self, trial: "_Trial", names: Sequence[str | None], between: tuple[FloatArray, FloatArray], level: int
    ) -> FloatArray:
        """Return the logarithm of the size (features,) from which on the window says so much; infinite for never."""
        low, high = between
        reached = self.caught(trial, names, np.exp(high), self.policy, level)
        for _ in range(math.ceil(math.log2(max(float((high - low).max()), _PRECISION) / _PRECISION))):
            middle = (low + high) / 2.0
            caught = self.caught(trial, names, np.exp(middle), self.policy, level)
            low, high = np.where(caught, low, middle), np.where(caught, middle, high)
        return np.where(reached, high, math.inf)

    def _limits(self, names: Sequence[str | None], sizes: FloatArray) -> list[str]:
        """Say what keeps a smaller change from being caught, by asking whether it would be, were there no floors.

        ``sizes`` (features,) are caught within the first horizon that can be reached.
        """
        smaller = np.where(np.isfinite(sizes), sizes * _SMALLER, _NOTHING)
        bare = replace(self.policy, thresholds=dict.fromkeys(self.policy.thresholds, 0.0), feature_thresholds={})
        seen = sum(self.caught(self._drawn(), names, smaller, bare).astype(int) for _ in range(_LIMIT_DRAWS))
        return ["floor" if count >= _STILL_CAUGHT else "sample size" for count in np.asarray(seen).tolist()]

    def _drawn(self) -> "_Trial":
        drawn = [draw(self._rng, feature.counts, self.question.rows) for feature in self.features]
        return _Trial(draw_sample(self.layout, self._shapes, self._rng), drawn)

    def caught(
        self, trial: "_Trial", names: Sequence[str | None], sizes: FloatArray, policy: Policy, level: int = OPENING
    ) -> BoolArray:
        """Tell, per feature, whether the window says so much of its change, were it the only one that changed."""
        parts = {
            feature.name: changed(shape, name, drawn, size)
            for feature, shape, name, drawn, size in zip(
                self.features, self._shapes, names, trial.drawn, sizes.tolist(), strict=True
            )
        }
        measured = measure(trial.reference, join(self.layout, parts), policy)
        policy, tick_level = self._alone(policy, sum(len(one) for one in measured))
        caught = np.zeros(len(names), dtype=np.bool_)
        # The p-value of ks can be dear, and seldom is the one that speaks.
        for checks in ({one.check for one in measured} - {"ks"}, {"ks"}):
            asked = tuple(self._masked(one, caught, checks) for one in measured)
            decision = decide(asked, policy, tick_level)
            for name in _saying(decision, level):
                caught[self._places[name]] = True
        return caught

    def _masked(self, measured: Measured, caught: BoolArray, checks: set[str]) -> Measured:
        """Hide what is not asked: a negative effect reaches no floor, and the test still counts in the family."""
        hidden = caught[measured.index] if measured.check in checks else np.ones(len(measured), dtype=np.bool_)
        return measured.without(hidden)

    def _alone(self, policy: Policy, tests: int) -> tuple[Policy, float]:
        """Return policy and level under which each test stands alone before the whole family, not before these few."""
        policy = replace(policy, companions_fdr=0.0)
        if policy.correction == "none":
            return policy, self.question.level
        share = tests / self.question.family
        # A level of 1 asks for no significance, whatever the family.
        alpha = {check: level if level >= 1.0 else level * share for check, level in policy.alpha.items()}
        return replace(policy, correction="bonferroni", alpha=alpha), self.question.level * share


@dataclass(frozen=True, eq=False)
class _Trial:
    """One draw: training data, and a window of each feature before any change."""

    reference: Sample
    drawn: list[Drawn]


def _saying(decision: Decision, said: int) -> Iterator[str]:
    """Yield the features of which the decision says so much, one of ``SAYINGS``, or more."""
    yield from (name for name, level in decision.levels().items() if level >= said)
    if said == TRACE:
        yield from decision.traces()


def _fitting(shape: Shape, changes: Sequence[str]) -> str | None:
    """Return the change that fits a feature; None where it cannot have it."""
    if isinstance(shape, NumericShape):
        name = next(change for change in changes if change in NUMERIC_CHANGES)
        varies = shape.reference.n > 1 and shape.reference.std > 0.0
        return name if varies or (name == "missing" and shape.reference.n) else None
    name = next(change for change in changes if change in CATEGORICAL_CHANGES)
    return name if name != "share" or shape.rising is not None else None


def _rising(shape: Shape) -> str | None:
    if isinstance(shape, CategoricalShape) and shape.rising is not None:
        return shape.reference.categories[shape.rising]
    return None


def _range(shape: Shape, name: str | None) -> tuple[float, float]:
    """Return the smallest and the largest size to look at."""
    low, high = _SIZES[name or "missing"]
    counts = shape.reference.counts
    if name == "missing":
        high = float(shape.reference.n) / float(counts.sum())
    elif name == "share" and isinstance(shape, CategoricalShape) and shape.rising is not None:
        high = 1.0 - float(counts[shape.rising]) / shape.reference.n
    return low, max(high, 2.0 * low)
