"""A tick's comparisons: the window against the baseline, and against earlier windows, as far as they are there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from baselines import Layout
from stream.checks import Measured, measure, untested
from stream.comparators import BASELINE, Lag, lags, versions
from stream.counts import Counts
from stream.history import History
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from stream.window import SlidingWindow


@dataclass(frozen=True, eq=False)
class Compared:
    """What a tick measured, and on what: ``counts`` of the window, and the ``references``, by comparator.

    ``untested`` names the features of which some comparator that has data behind it saw too few values to speak.
    ``sample`` is the window itself, as the checks read it.
    """

    measured: tuple[Measured, ...]
    counts: Counts
    references: Mapping[str, Sample]
    untested: frozenset[str]
    sample: Sample

    def and_of(self, slow: Measured) -> "Compared":
        """Return these with what panes say together of slow changes."""
        return replace(self, measured=(*self.measured, slow))


# Gives the counts of another version's window that ends at a boundary (UTC ms); None where there is no such window.
Rival: TypeAlias = Callable[[str, int], Counts | None]


def no_rival(version: str, end_ms: int) -> Counts | None:
    """Know of no other version of the model."""
    return None


class References:
    """What every window of a monitor is compared with; knows the baseline, and how far back each comparator looks.

    Raises ValueError for a comparator that does not fit the schedule.
    """

    def __init__(self, layout: Layout, policy: Policy, schedule: Schedule, rival: Rival = no_rival) -> None:
        self._layout = layout
        self._policy = policy
        self._schedule = schedule
        self._lags = lags(policy.comparators, schedule, policy.persist[0])
        self._versions = versions(policy.comparators)
        self._rival = rival
        self._baseline = Sample.of_baseline(layout)

    def earliest(self, start_ms: int) -> int:
        """Return from when on panes are needed for a window that begins at ``start_ms``, and for later ones."""
        return min((lag.back(self._schedule, start_ms) for lag in self._lags), default=start_ms)

    def compare(self, window: SlidingWindow, history: History, end_ms: int, origin_ms: int | None) -> Compared | None:
        """Measure the window that ends here; None when no comparator has anything to compare it with yet.

        ``origin_ms`` is the first event time of all: before it there is no data, and no reference.
        """
        born = [*self._seasons(history, end_ms, origin_ms), *self._rivals(end_ms)]
        samples = {name: sample for name, rows, sample in born if rows >= max(self._policy.min_samples, 1)}
        silent = [self._everything] if len(samples) < len(born) else []
        if BASELINE in self._policy.comparators:
            samples = {BASELINE: self._baseline, **samples}
        if not samples:
            return None
        sample = Sample.of_counts(self._layout, window.total)
        measured = [one for name, of in samples.items() for one in measure(of, sample, self._policy, name)]
        silent += [untested(of, sample, self._policy, name) for name, of in samples.items()]
        return Compared(tuple(measured), window.total, samples, frozenset().union(*silent), sample)

    @cached_property
    def _everything(self) -> frozenset[str]:
        return frozenset(feature.name for feature in self._layout.baseline.features)

    def _seasons(self, history: History, end_ms: int, origin_ms: int | None) -> Iterator[tuple[str, int, Sample]]:
        """Yield the earlier windows that are looked back on, with their rows."""
        for lag, (start_ms, until_ms) in self._spans(end_ms):
            if origin_ms is not None and start_ms >= origin_ms:
                panes = history.between(start_ms, until_ms)
                coarse, cells_at = history.coarse(lag.comparator, panes), history.cells_at(lag.comparator, panes)
                yield lag.comparator, coarse.rows, Sample.of_runs(self._layout, coarse, cells_at)

    def _rivals(self, end_ms: int) -> Iterator[tuple[str, int, Sample]]:
        """Yield the windows of other versions that end here, with their rows."""
        for version in self._versions:
            if (known := self._rival(version, end_ms)) is not None:
                yield version, known.rows, Sample.of_counts(self._layout, known)

    def _spans(self, end_ms: int) -> Iterator[tuple[Lag, tuple[int, int]]]:
        start_ms = self._schedule.window_start(end_ms)
        for lag in self._lags:
            yield lag, (lag.back(self._schedule, start_ms), lag.back(self._schedule, end_ms))
