"""Learning from training data with times how far each feature moves between windows in which nothing drifts.

Every window is compared as a later one will be: by the same checks with the rest of the training data, and with
the earlier windows that the comparators look back on. What is learned of a feature by each check is a ``Movement``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from baselines import Layout
from baselines.calibration import Calibration, Movement
from baselines.cells import FloatArray, IntArray
from stream.checks import Measured, measure
from stream.comparators import BASELINE, PERIOD_DAYS, PREVIOUS, Lag, lags
from stream.counts import Counts
from stream.leave_out import left_out
from stream.movement import movement_of_worst
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import DAY_MS, Schedule

# Fewer windows than this, and nothing is learned from them.
FEWEST_WINDOWS = 8
# Of more windows than this, so many are taken, evenly in time.
MOST_WINDOWS = 1_000
T = TypeVar("T")
Tick = Callable[[int, int], None]


class Windows(Protocol):
    """The windows of the training data, one after the other, none overlapping another."""

    layout: Layout
    schedule: Schedule

    @property
    def starts(self) -> IntArray:
        """Where the windows with any rows begin (UTC ms), in order."""
        ...

    @property
    def total(self) -> Counts:
        """The counts of all windows together."""
        ...

    def rows(self, start_ms: int) -> int:
        """Return the rows of the window that begins here; 0 where there is none."""
        ...

    def counts(self, start_ms: int) -> Counts:
        """Return the counts of the window that begins here."""
        ...


class _Series:
    """What every check said of every feature, window by window: deviates and paired rows of its tests, effect."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, list[tuple[FloatArray, FloatArray, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, measured: Iterable[Measured]) -> None:
        """Add one window."""
        for one in measured:
            for i, feature in enumerate(one.features):
                self._seen[feature][one.check].append((*one.deviates(i), float(one.effect[i])))

    def movements(self) -> dict[str, dict[str, Movement]]:
        """Return what is learned, by feature and check; nothing from fewer than ``FEWEST_WINDOWS``."""
        learned = {
            feature: {check: one for check, seen in checks.items() if (one := _movement(seen)) is not None}
            for feature, checks in self._seen.items()
        }
        return {feature: checks for feature, checks in learned.items() if checks}


def _movement(seen: list[tuple[FloatArray, FloatArray, float]]) -> Movement | None:
    """Learn from one check of one feature, where any of its tests was made in ``FEWEST_WINDOWS``."""
    z, rows, effects = (np.array(part) for part in zip(*seen, strict=True))
    return movement_of_worst(z, rows, effects, FEWEST_WINDOWS)


def calibrate(windows: Windows, policy: Policy, tick: Tick = lambda done, of: None) -> Calibration | None:
    """Learn from the windows that have ``policy.min_samples`` rows; None from fewer than ``FEWEST_WINDOWS`` of them.

    Comparators are learned as far as the data reaches back, at the distance that ``policy.persist`` gives them.
    ``tick`` is told how many of how many comparisons are made.
    """
    enough = [start for start in windows.starts.tolist() if windows.rows(start) >= max(policy.min_samples, 1)]
    if len(enough) < FEWEST_WINDOWS:
        return None
    pairs = {lag.comparator: _pairs(windows, enough, lag) for lag in _lags(windows.schedule, policy)}
    plan = {BASELINE: [(start, start) for start in _some(enough)]} | pairs
    of, done = sum(map(len, plan.values())), 0
    movements = {}
    for comparator, comparisons in plan.items():
        series = _Series()
        for measured in _measured(windows, policy, comparator, comparisons):
            series.add(measured)
            done += 1
            tick(done, of)
        if learned := series.movements():
            movements[comparator] = learned
    return Calibration(
        every_ms=windows.schedule.every_ms,
        timezone=windows.schedule.timezone,
        min_samples=policy.min_samples,
        needed=policy.persist[0],
        windows=len(enough),
        start_ms=enough[0],
        end_ms=windows.schedule.pane_end(enough[-1]),
        movements=movements,
    )


def _lags(schedule: Schedule, policy: Policy) -> tuple[Lag, ...]:
    """Return every comparator that fits windows of this length."""
    seasons = [name for name, days in PERIOD_DAYS.items() if days * DAY_MS % schedule.every_ms == 0]
    return lags([PREVIOUS, *seasons], schedule, policy.persist[0])


def _pairs(windows: Windows, enough: list[int], lag: Lag) -> list[tuple[int, int]]:
    """Return windows and the earlier ones that they are compared with, by where they begin."""
    known = set(enough)
    pairs = [(start, before) for start in enough if (before := lag.back(windows.schedule, start)) in known]
    return _some(pairs) if len(pairs) >= FEWEST_WINDOWS else []


def _some(items: list[T]) -> list[T]:
    if len(items) <= MOST_WINDOWS:
        return items
    return [items[place] for place in np.linspace(0, len(items) - 1, MOST_WINDOWS).round().astype(int).tolist()]


def _measured(
    windows: Windows, policy: Policy, comparator: str, comparisons: list[tuple[int, int]]
) -> Iterator[tuple[Measured, ...]]:
    total = windows.total
    for start, before in comparisons:
        if comparator == BASELINE:
            reference, window = left_out(windows.layout, total, windows.counts(start))
        else:
            reference = Sample.of_counts(windows.layout, windows.counts(before))
            window = Sample.of_counts(windows.layout, windows.counts(start))
        yield measure(reference, window, policy, comparator)
