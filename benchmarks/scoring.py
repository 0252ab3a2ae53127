"""From alarms per window and feature to what a detector is worth: power, delay, false alarms, and whom it blames."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenarios import Stream

Alarms: TypeAlias = NDArray[np.bool_]
# So many windows after a change is over, an alarm is neither right nor wrong: whoever asks twice needs them to resolve.
GRACE = 3


@dataclass(frozen=True)
class Verdict:
    """What a detector said of a stream: ``alarmed`` (windows,), and ``blamed`` (windows, features of the stream)."""

    alarmed: Alarms
    blamed: Alarms


@dataclass
class Score:
    """What verdicts add up to; ``delays`` in windows, 1 where the first changed window alarms."""

    scenarios: dict[str, list[float | None]] = field(default_factory=dict)
    false: int = 0
    quiet: int = 0
    right: int = 0
    named: int = 0
    changed: int = 0

    def add(self, stream: Stream, verdict: Verdict) -> None:
        """Enter one stream."""
        calm = np.ones(stream.windows, dtype=bool)
        for first, end in stream.intervals:
            calm[first : end + GRACE] = False
            caught = np.flatnonzero(verdict.alarmed[first:end])
            delay = float(caught[0]) + 1.0 if len(caught) else None
            self.scenarios.setdefault(stream.scenario, []).append(delay)
            if delay is not None:
                self._attribute(stream, verdict.blamed[first + caught[0]])
        self.false += int((verdict.alarmed & calm).sum())
        self.quiet += int(calm.sum())

    def power(self, scenario: str) -> float:
        """Return the share of a scenario's changes that alarmed before they were over; NaN where none was tried."""
        delays = self.scenarios.get(scenario, [])
        return sum(delay is not None for delay in delays) / len(delays) if delays else float("nan")

    def delay(self, scenario: str) -> float:
        """Return the mean delay of those that did; NaN for none."""
        delays = [delay for delay in self.scenarios.get(scenario, []) if delay is not None]
        return fmean(delays) if delays else float("nan")

    @property
    def false_share(self) -> float:
        """Alarmed windows among those in which nothing changed."""
        return self.false / self.quiet if self.quiet else float("nan")

    @property
    def precision(self) -> float:
        """Of the features named by the first alarm of each change, those that changed."""
        return self.right / self.named if self.named else float("nan")

    @property
    def recall(self) -> float:
        """Of the features that changed, those named by the first alarm of each change that was caught."""
        return self.right / self.changed if self.changed else float("nan")

    def _attribute(self, stream: Stream, blamed: Alarms) -> None:
        names = {name for name, named in zip(stream.reference, blamed.tolist(), strict=True) if named}
        self.right += len(names & stream.changed)
        self.named += len(names)
        self.changed += len(stream.changed)


def scored(verdicts: Iterable[tuple[Stream, Verdict]]) -> Score:
    """Add up verdicts."""
    score = Score()
    for stream, verdict in verdicts:
        score.add(stream, verdict)
    return score
