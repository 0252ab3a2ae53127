"""The monitor: panes go in, the watermark moves, and what has become of the windows comes out.

It reads no clock: it is a function of the panes added and of the watermarks given, in their order. The same monitor
runs behind the judge, over Kafka, and behind replay, over files.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from baselines import Layout
from stream.comparators import BASELINE
from stream.decision import cusum_level, decide, tick_level
from stream.detector_events import fired_events
from stream.detectors import Detectors
from stream.drift_event import DriftEvent, Identity, TestedWindow, health_event
from stream.explain import Explanation
from stream.findings import Finding
from stream.gradual import Accumulator, Ongoing
from stream.history import History
from stream.incidents import Incidents
from stream.memory import Memory, MonitorState
from stream.panes import Pane
from stream.persistence import Votes
from stream.policy import Policy
from stream.references import References, Rival, no_rival
from stream.schedule import Schedule
from stream.segments import WHOLE, Segment
from stream.telling import tell
from stream.window import SlidingWindow

# What is learned of pairs says nothing of a feature by itself.
_OF_PAIRS = frozenset({"correlation"})
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
    segment: Segment = WHOLE

    def findings(self) -> list[Finding]:
        """Return every test of the window with its p-value; none where nothing was tested."""
        return self.explanation.findings() if self.explanation else []


class Monitor:
    """Counts one monitor's panes into its sliding window and tests it at every boundary of the schedule."""

    def __init__(
        self,
        identity: Identity,
        layout: Layout,
        schedule: Schedule,
        policy: Policy,
        rival: Rival = no_rival,
    ) -> None:
        self.identity = identity
        self.layout = layout
        self.schedule = schedule
        self.policy = policy
        self.state = MonitorState()
        self.open: dict[int, Pane] = {}
        self.window = SlidingWindow(layout)
        votes = Votes(*policy.persist, schedule.panes_per_window)
        self.incidents = Incidents(identity.parts(), schedule.window_ms, votes)
        self.history = History(layout)
        self._references = References(layout, policy, schedule, rival)
        self._level = tick_level(policy, schedule.every_ms)
        slow_level = cusum_level(policy, self._level)
        known = layout.baseline.calibration
        effects = {} if known is None else known.design_effects(BASELINE, _OF_PAIRS)
        self._gradual = Accumulator(layout, policy, slow_level, effects) if policy.accumulates else None
        self._detectors = Detectors(layout, policy.detectors)
        # Is shown every pane as it is sealed.
        self.on_seal: Callable[[Pane], None] | None = None

    @property
    def counted_on(self) -> str:
        """What marks counts that this monitor may add."""
        return self.schedule.counted_on(self.identity.fingerprint)

    def remember(self) -> Memory:
        """Return what must outlive this process beside the panes."""
        votes, incident = self.incidents.votes.recent, self.incidents.open
        gradual = self._gradual.ongoing() if self._gradual else Ongoing()
        return Memory(
            self.counted_on, self.schedule.window_ms, self.state, votes, incident, gradual, self._detectors.errors
        )

    def continues(self, memory: Memory) -> bool:
        """Tell whether this monitor may go on from a memory: the same cells, panes and windows."""
        return (memory.counted_on, memory.window_ms) == (self.counted_on, self.schedule.window_ms)

    def restore(self, memory: Memory, panes: Iterable[Pane]) -> None:
        """Go on from what another monitor remembered that this one ``continues``, and from its panes."""
        self.state = memory.state
        self.incidents.votes.recent = memory.votes
        self.incidents.open = memory.incident
        if self._gradual:
            self._gradual.resume(memory.gradual)
        self._detectors.errors = memory.errors
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
        self._seal_tested(reached)
        while (boundary := self.next_boundary()) is not None and boundary <= reached:
            yield self._tick(boundary)

    def advance_early(self, until_ms: int, covered: Callable[[int, int], float]) -> Iterator[Tick]:
        """Test the boundaries up to here with what there is, and leave their panes open for what is behind.

        ``covered`` says which share of a window, from start to end (UTC ms), has data behind it. Each boundary is
        tested once: when the watermark passes one that was tested here, its pane is sealed and no tick comes.
        """
        while (boundary := self._next_untested()) is not None and boundary <= until_ms:
            yield self._early_tick(boundary, covered(self.schedule.window_start(boundary), boundary))

    def pane(self, start_ms: int) -> Pane | None:
        """Return the pane that begins here, open or sealed; None when there is none, or no more."""
        return self.open.get(start_ms) or self.window.pane(start_ms) or self.history.pane(start_ms)

    def pane_starts(self) -> set[int]:
        """Return where the panes begin that are held, open and sealed."""
        return {*self.open, *self.window.panes, *self.history.panes}

    def unfinished(self) -> list[TestedWindow]:
        """Return the windows that have data but that the watermark has not reached."""
        if not self.open or (boundary := self.next_boundary()) is None:
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

    def window_to(self, end_ms: int, covered: Callable[[int, int], float]) -> TestedWindow:
        """Return the window that ends at this boundary, with the rows that its panes hold so far, open and sealed."""
        start_ms = self.schedule.window_start(end_ms)
        rows = {start: pane.rows for start, pane in self.window.panes.items()}
        rows |= {start: pane.counts.rows for start, pane in self.open.items()}
        held = sum(count for start, count in rows.items() if start_ms <= start < end_ms)
        return TestedWindow(start_ms, end_ms, held, covered(start_ms, end_ms))

    def next_boundary(self) -> int | None:
        """Return the next boundary that the watermark has to pass; None while nothing waits for it."""
        return self._boundary_after(self.state.sealed_to_ms)

    def _next_untested(self) -> int | None:
        done = [at for at in (self.state.sealed_to_ms, self.state.tested_to_ms) if at is not None]
        return self._boundary_after(max(done, default=None))

    def _boundary_after(self, done_ms: int | None) -> int | None:
        """Return the boundary after one that is done with; a long silence is skipped once it has been said."""
        if done_ms is not None and not self._silent(done_ms):
            return self.schedule.pane_end(done_ms)
        ahead = [start for start in self.open if done_ms is None or start >= done_ms]
        return self.schedule.pane_end(min(ahead)) if ahead else None

    def _silent(self, end_ms: int) -> bool:
        """Tell whether the window that ends here has no rows, and that there are too few has been said."""
        start_ms = self.schedule.window_start(end_ms)
        held = any(start_ms <= start < end_ms for start in (*self.open, *self.window.panes))
        return not held and self.state.insufficient_since_ms is not None

    def _seal_tested(self, reached_ms: int) -> None:
        """Seal what the watermark has passed of the panes that were tested before; their boundaries had their tick."""
        boundary, tested_ms = self.next_boundary(), self.state.tested_to_ms
        end_ms = None if tested_ms is None else min(tested_ms, self.schedule.pane_start(reached_ms))
        if boundary is not None and end_ms is not None and boundary <= end_ms:
            self._pass(end_ms)

    def _early_tick(self, end_ms: int, coverage: float) -> Tick:
        sealed = self.window, self.history
        self.window, self.history = self._as_if_passed(end_ms)
        try:
            first_ms = self.open[min(self.open)].first_ms if self.open else None
            origin_ms = first_ms if self.state.origin_ms is None else self.state.origin_ms
            return self._judge(end_ms, origin_ms, coverage)
        finally:
            self.window, self.history = sealed
            self.state.tested_to_ms = end_ms

    def _as_if_passed(self, end_ms: int) -> tuple[SlidingWindow, History]:
        """Return copies of the window and what is behind it in which the open panes before this boundary are, too."""
        window, history = self.window.copy(), History(self.layout, self.history.panes)
        for start in sorted(start for start in self.open if start < end_ms):
            pane = self.open[start]
            # It goes on counting behind this tick.
            window.add(replace(pane, counts=pane.counts.copy()))
        history.keep(window.expire(self.schedule.window_start(end_ms)))
        return window, history

    def _tick(self, end_ms: int) -> Tick:
        self._pass(end_ms)
        return self._judge(end_ms, self.state.origin_ms, 1.0)

    def _pass(self, end_ms: int) -> None:
        """Let the window end at this boundary: seal, and move on what has left it."""
        start_ms = self.schedule.window_start(end_ms)
        # What has left already leaves first: where the window is one pane, nothing is added up.
        self.history.keep(self.window.expire(start_ms))
        self._seal(end_ms)
        self.history.keep(self.window.expire(start_ms))
        self.history.forget(self._references.earliest(start_ms))

    def _judge(self, end_ms: int, origin_ms: int | None, coverage: float) -> Tick:
        """Say what comes of the window as it stands; ``coverage`` is the share of it that partitions have passed."""
        start_ms = self.schedule.window_start(end_ms)
        window = TestedWindow(start_ms, end_ms, self.window.rows, coverage)
        if origin_ms is not None and start_ms < origin_ms:
            covered = (end_ms - origin_ms) / (end_ms - start_ms)
            return Tick(replace(window, coverage=max(0.0, min(coverage, covered))), INCOMPLETE)
        events = self._health(window)
        if window.n < self.policy.min_samples:
            return Tick(window, INSUFFICIENT, events)
        return self._test(window, events)

    def _seal(self, end_ms: int) -> None:
        """Move the pane that ends here, if it has any rows, into the window."""
        for start in sorted(start for start in self.open if start < end_ms):
            pane = self.open.pop(start)
            runs = self.window.add(pane)
            if self._gradual:
                self._gradual.add(start, runs)
            self._detectors.add(start, pane.counts)
            if self.on_seal is not None:
                self.on_seal(pane)
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
        if self._gradual:
            compared = compared.and_of(self._gradual.measured(compared.sample))
        decision = decide(compared.measured, self.policy, self._level, self.incidents.carried())
        explanation = Explanation(self.layout, self.policy, compared, decision, self.window.names)
        vote = decision.vote(window.start_ms, window.end_ms, compared.untested)
        told = tell(self.identity, self.incidents, vote, explanation, window, self.window.offsets)
        fired = fired_events(self.identity, self._detectors.fired(), explanation, self._detectors.feature, window)
        return Tick(window, TESTED, (*events, *told, *fired), explanation)
