"""The monitor: panes go in, the watermark moves, and what has become of the windows comes out.

It reads no clock: it is a function of the panes added and of the watermarks given, in their order. The same monitor
runs behind the judge, over Kafka, and behind replay, over files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from baselines import Layout
from stream.decision import decide, tick_level
from stream.drift_event import DriftEvent, Identity, TestedWindow, health_event
from stream.explain import Explanation
from stream.findings import Finding
from stream.history import History
from stream.incidents import Incidents
from stream.memory import Memory, MonitorState
from stream.panes import Pane
from stream.persistence import COMPANION, OPENING, Vote, Votes
from stream.policy import Policy
from stream.references import References
from stream.schedule import Schedule
from stream.telling import tell
from stream.window import SlidingWindow

# What a tick found: a window whose beginning has no data behind it, one with too few rows, one that no comparator has
# anything to compare with yet, or one that was tested.
INCOMPLETE, INSUFFICIENT, UNCOMPARED, TESTED = "incomplete", "insufficient", "uncompared", "tested"


@dataclass(frozen=True, slots=True)
class Tick:
    """One boundary of the schedule: the window that ended there, what came of it, and what is to be said of it."""

    window: TestedWindow
    status: str
    events: tuple[DriftEvent, ...] = ()
    explanation: Explanation | None = field(default=None, repr=False)

    def findings(self) -> list[Finding]:
        """Return every test of the window with its p-value; none where nothing was tested."""
        return self.explanation.findings() if self.explanation else []


class Monitor:
    """Counts one monitor's panes into its sliding window and tests it at every boundary of the schedule."""

    def __init__(self, identity: Identity, layout: Layout, schedule: Schedule, policy: Policy) -> None:
        self.identity = identity
        self.layout = layout
        self.schedule = schedule
        self.policy = policy
        self.state = MonitorState()
        self.open: dict[int, Pane] = {}
        self.window = SlidingWindow.empty(layout)
        votes = Votes(*policy.persist, schedule.panes_per_window)
        self.incidents = Incidents(identity.parts(), schedule.window_ms, votes)
        self.history = History(layout)
        self._references = References(layout, policy, schedule)
        self._level = tick_level(policy, schedule.every_ms)

    @property
    def counted_on(self) -> str:
        """What marks counts that this monitor may add."""
        return self.schedule.counted_on(self.identity.fingerprint)

    def remember(self) -> Memory:
        """Return what must outlive this process beside the panes."""
        votes, incident = self.incidents.votes.recent, self.incidents.open
        return Memory(self.counted_on, self.schedule.window_ms, self.state, votes, incident)

    def continues(self, memory: Memory) -> bool:
        """Tell whether this monitor may go on from a memory: the same cells, panes and windows."""
        return (memory.counted_on, memory.window_ms) == (self.counted_on, self.schedule.window_ms)

    def restore(self, memory: Memory, panes: Iterable[Pane]) -> None:
        """Go on from what another monitor remembered that this one ``continues``, and from its panes."""
        self.state = memory.state
        self.incidents.votes.recent = memory.votes
        self.incidents.open = memory.incident
        sealed_to = memory.state.sealed_to_ms
        for pane in sorted(panes, key=lambda pane: pane.start_ms):
            if sealed_to is not None and pane.start_ms < sealed_to:
                self.window.add(pane)
            else:
                self.open[pane.start_ms] = pane
        if sealed_to is not None:
            self.history.keep(self.window.expire(self.schedule.window_start(sealed_to)))

    def add(self, pane: Pane) -> int:
        """Add growth to an open pane; return the rows refused because the pane is sealed already.

        That happens only where an idle partition, left out of the watermark, spoke again.
        """
        watermark = self.state.watermark_ms
        if watermark is not None and self.schedule.pane_end(pane.start_ms) <= watermark:
            return pane.counts.rows
        known = self.open.get(pane.start_ms)
        if known is None:
            self.open[pane.start_ms] = pane
        else:
            known.add(pane)
        return 0

    def advance(self, watermark_ms: int | None) -> Iterator[Tick]:
        """Seal the panes that end at or before the watermark, and yield a tick for each boundary passed."""
        if watermark_ms is None:
            return
        known = self.state.watermark_ms
        reached = watermark_ms if known is None else max(watermark_ms, known)
        self.state.watermark_ms = reached
        while (boundary := self._next_boundary()) is not None and boundary <= reached:
            yield self._tick(boundary)

    def pane(self, start_ms: int) -> Pane | None:
        """Return the pane that begins here, open or sealed; None when there is none, or no more."""
        return self.open.get(start_ms) or self.window.pane(start_ms) or self.history.pane(start_ms)

    def pane_starts(self) -> set[int]:
        """Return where the panes begin that are held, open and sealed."""
        return {*self.open, *self.window.panes, *self.history.panes}

    def unfinished(self) -> list[TestedWindow]:
        """Return the windows that have data but that the watermark has not reached."""
        if not self.open or (boundary := self._next_boundary()) is None:
            return []
        windows = []
        last = self.schedule.pane_end(max(self.open))
        while boundary <= last:
            start = self.schedule.window_start(boundary)
            rows = sum(pane.counts.rows for at, pane in self.open.items() if start <= at < boundary)
            reached = start if self.state.watermark_ms is None else self.state.watermark_ms
            covered = (reached - start) / (boundary - start)
            rows += self.window.rows_from(start)
            windows.append(TestedWindow(start, boundary, rows, min(max(covered, 0.0), 1.0)))
            boundary = self.schedule.pane_end(boundary)
        return windows

    def _next_boundary(self) -> int | None:
        """Return the next boundary to test; a long silence is skipped once it has been said."""
        sealed = self.state.sealed_to_ms
        silent = not self.window.panes and self.state.insufficient_since_ms is not None
        if sealed is None or silent:
            return self.schedule.pane_end(min(self.open)) if self.open else None
        return self.schedule.pane_end(sealed)

    def _tick(self, end_ms: int) -> Tick:
        start_ms = self.schedule.window_start(end_ms)
        self._seal(end_ms)
        self.history.keep(self.window.expire(start_ms))
        self.history.forget(self._references.earliest(start_ms))
        window = TestedWindow(start_ms, end_ms, self.window.total.rows)
        origin_ms = self.state.origin_ms
        if origin_ms is not None and start_ms < origin_ms:
            covered = (end_ms - origin_ms) / (end_ms - start_ms)
            return Tick(replace(window, coverage=covered), INCOMPLETE)
        events = self._health(window)
        if window.n < self.policy.min_samples:
            return Tick(window, INSUFFICIENT, events)
        return self._test(window, events)

    def _seal(self, end_ms: int) -> None:
        """Move the pane that ends here, if it has any rows, into the window."""
        for start in sorted(start for start in self.open if start < end_ms):
            pane = self.open.pop(start)
            self.window.add(pane)
            if self.state.origin_ms is None:
                self.state.origin_ms = pane.first_ms
        self.state.sealed_to_ms = end_ms

    def _health(self, window: TestedWindow) -> tuple[DriftEvent, ...]:
        """Say once that a stretch of too few samples begins, and once that it ends."""
        few, since = window.n < self.policy.min_samples, self.state.insufficient_since_ms
        if few == (since is not None):
            return ()
        self.state.insufficient_since_ms = window.end_ms if few else None
        sentence = (
            f"{window.n} events in the window, fewer than min_samples = {self.policy.min_samples}: nothing is tested."
            if few
            else f"{window.n} events in the window: testing goes on."
        )
        state, began = ("ended", since) if since is not None else ("begun", window.end_ms)
        return (health_event(self.identity, window, INSUFFICIENT, state, sentence, began),)

    def _test(self, window: TestedWindow, events: tuple[DriftEvent, ...]) -> Tick:
        compared = self._references.compare(self.window, self.history, window.end_ms, self.state.origin_ms)
        if compared is None:
            return Tick(window, UNCOMPARED, events)
        decision = decide(compared.measured, self.policy, self._level)
        explanation = Explanation(self.layout, self.policy, compared, decision, self.window.names)
        levels = dict.fromkeys(sorted(decision.drifting()), COMPANION) | dict.fromkeys(decision.opening(), OPENING)
        vote = Vote(window.start_ms, window.end_ms, levels, compared.untested)
        told = tell(self.identity, self.incidents, vote, explanation, window, self.window.offsets)
        return Tick(window, TESTED, (*events, *told), explanation)
