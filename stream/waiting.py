"""How long boundaries of the schedule wait for partitions that are behind, and when that is worth saying.

Time here is **log time**: the largest timestamp on the records that were read, so that the same records give the same
answer whenever they are read. A boundary waits from the moment in which the furthest partition has passed it until the
watermark does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from stream.watermark import Watermark

# Why a boundary waits: nothing new of a partition is counted, or it is counted and its event time stays behind.
Reason = Literal["stalled", "lagging"]
REASONS: tuple[Reason, ...] = ("stalled", "lagging")
# So many moments are told apart within the longest time that is measured: a wait is at most this part of it too short.
_MOMENTS = 256


@dataclass(frozen=True, slots=True)
class WaitLimits:
    """After how much log time (ms) a wait is told, and after how much it ends; None is never."""

    stalled_after_ms: int = 300_000
    patience_ms: int | None = None


@dataclass(slots=True)
class Wait:
    """A stretch of waiting that was told: since when, and told when (log time); for which boundary first; for whom."""

    since_ms: int
    told_ms: int
    boundary_ms: int
    places: list[tuple[str, int]]


@dataclass(slots=True)
class WaitState:
    """What must outlive the process: a few hundred pairs of numbers at most."""

    log_ms: int | None = None
    # Moments in log time with the event time that the furthest partition had passed by then; both ascend.
    passed: list[tuple[int, int]] = field(default_factory=list)
    told: dict[Reason, Wait] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitChange:
    """A kind of waiting began or ended."""

    reason: Reason
    begun: bool
    wait: Wait


@dataclass(slots=True)
class Waiting:
    """Measures waits; a function of the watermarks and log times that it is shown, in their order."""

    limits: WaitLimits = field(default_factory=WaitLimits)
    state: WaitState = field(default_factory=WaitState)

    @property
    def longest_ms(self) -> int:
        """The longest time that is told from longer ones."""
        return max(self.limits.stalled_after_ms, self.limits.patience_ms or 0)

    def look(self, watermark: Watermark, log_ms: int | None) -> None:
        """Take note of how far the furthest partition is at this moment; a log without times measures nothing."""
        if log_ms is None:
            return
        state, furthest_ms = self.state, watermark.furthest_ms()
        state.log_ms = log_ms = log_ms if state.log_ms is None else max(state.log_ms, log_ms)
        if furthest_ms is not None and (not state.passed or furthest_ms > state.passed[-1][1]):
            # Rounded up: no wait is ever taken for longer than it is.
            grain_ms = max(1, self.longest_ms // _MOMENTS)
            moment_ms = -(-log_ms // grain_ms) * grain_ms
            if state.passed and state.passed[-1][0] == moment_ms:
                state.passed.pop()
            state.passed.append((moment_ms, furthest_ms))
        self._forget_over(watermark.reached_ms)

    def since_ms(self, boundary_ms: int) -> int | None:
        """Return the log time since which this boundary waits; None when no partition has passed it."""
        return next((moment for moment, passed in self.state.passed if passed >= boundary_ms), None)

    def waited_ms(self, boundary_ms: int | None) -> int:
        """Return for how long this boundary has waited, in log time."""
        since = None if boundary_ms is None else self.since_ms(boundary_ms)
        return 0 if since is None or self.state.log_ms is None else max(0, self.state.log_ms - since)

    def impatient_ms(self) -> int | None:
        """Return the event time up to which boundaries have waited for longer than patience; None for none."""
        if self.limits.patience_ms is None or self.state.log_ms is None:
            return None
        long_ago_ms = self.state.log_ms - self.limits.patience_ms
        return max((passed for moment, passed in self.state.passed if moment < long_ago_ms), default=None)

    def changes(self, watermark: Watermark, boundary_ms: int | None) -> Iterator[WaitChange]:
        """Yield what began and what ended, given the next boundary that the watermark has to pass; None for none."""
        waited = self._overdue(watermark, boundary_ms)
        for reason in REASONS:
            places, told = waited.get(reason, []), self.state.told.get(reason)
            if told is not None and not places:
                yield WaitChange(reason, False, self.state.told.pop(reason))
            elif told is not None:
                told.places = places
            elif places and boundary_ms is not None:
                since_ms = self.since_ms(boundary_ms) or 0
                self.state.told[reason] = Wait(since_ms, self.state.log_ms or 0, boundary_ms, places)
                yield WaitChange(reason, True, self.state.told[reason])

    def forget(self) -> bool:
        """Begin anew: what was told of windows that wait is over with the windows. Return whether anything was told."""
        was_told = bool(self.state.told)
        self.state.told.clear()
        return was_told

    def _overdue(self, watermark: Watermark, boundary_ms: int | None) -> dict[Reason, list[tuple[str, int]]]:
        """Return the partitions that the boundary has waited for too long, by why they are behind."""
        if boundary_ms is None or self.waited_ms(boundary_ms) <= self.limits.stalled_after_ms:
            return {}
        quiet_since_ms = (self.state.log_ms or 0) - self.limits.stalled_after_ms
        found: dict[Reason, list[tuple[str, int]]] = {}
        for place in watermark.behind(boundary_ms):
            reason: Reason = "lagging" if watermark.moved_ms.get(place, 0) >= quiet_since_ms else "stalled"
            found.setdefault(reason, []).append(place)
        return found

    def _forget_over(self, reached_ms: int | None) -> None:
        """Keep only the moments that some boundary may still wait since; of the oldest of them, one."""
        state = self.state
        state.passed = [pair for pair in state.passed if reached_ms is None or pair[1] > reached_ms]
        long_ago_ms = (state.log_ms or 0) - self.longest_ms
        old = [pair for pair in state.passed if pair[0] < long_ago_ms]
        if len(old) > 1:
            state.passed = [(old[0][0], old[-1][1]), *state.passed[len(old) :]]
