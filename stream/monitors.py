"""A monitor per segment, in step: at every boundary of the schedule each of them seals and tests its own window.

With events that are not told apart there is one. Of segments beyond the most that are watched, the events are counted
together, under a name of their own: none is lost, and memory has a bound.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from stream.comparators import versions
from stream.counts import Counts
from stream.drift_event import DriftEvent, Identity, TestedWindow
from stream.memory import Memory
from stream.monitor import Monitor, Tick
from stream.panes import Pane, PaneKey
from stream.references import Rival
from stream.schema_drift import SchemaWatch
from stream.segments import UNDIVIDED, WHOLE, Division, Segment

NewMonitor: TypeAlias = Callable[[Segment, Rival], Monitor]


class Monitors:
    """The monitors of all segments, made as these come; ``any`` of them is there before the first event is."""

    def __init__(self, new_monitor: NewMonitor, division: Division = UNDIVIDED) -> None:
        self._new_monitor = new_monitor
        self._division = division
        self.each: dict[Segment, Monitor] = {}
        self._reached_ms: int | None = None
        self.any = new_monitor(division.others, partial(self._rival, division.others))
        if not division.names:
            self.each[WHOLE] = self.any
        # How events are made is a matter of the whole stream: one change of a producer is one incident.
        self.schema = SchemaWatch(self.any.layout, self.any.schedule, self.any.policy)
        self._sealed: list[Pane] = []
        self.any.on_seal = self._sealed.append
        self._untold: list[DriftEvent] = []

    @property
    def whole(self) -> Identity:
        """Whose events all of them are, whatever their segment."""
        return replace(self.any.identity, segment={}, model=None, model_version=None)

    @property
    def sealed_to_ms(self) -> int | None:
        """The latest boundary that any of them has passed."""
        return max((at for one in self.each.values() if (at := one.state.sealed_to_ms) is not None), default=None)

    def add(self, pane: Pane) -> int:
        """Add growth to the pane of its segment; see `Monitor.add`."""
        monitor = self._of(pane)
        return monitor.add(pane)

    def advance(self, watermark_ms: int | None) -> Iterator[Tick]:
        """Pass the boundaries up to the watermark in order, all segments at each; see `Monitor.advance`."""
        if watermark_ms is None:
            return
        self._reached_ms = watermark_ms if self._reached_ms is None else max(watermark_ms, self._reached_ms)
        while (boundary := self.next_boundary()) is not None and boundary <= watermark_ms:
            yield from self._told(boundary, list(self._each(partial(_advance, watermark_ms=boundary))))
        yield from self._each(partial(_advance, watermark_ms=watermark_ms))

    def advance_early(self, until_ms: int, covered: Callable[[int, int], float]) -> Iterator[Tick]:
        """Test what nobody waits for any longer; see `Monitor.advance_early`."""
        yield from self._each(lambda monitor: monitor.advance_early(until_ms, covered))

    def untold(self) -> list[DriftEvent]:
        """Return what is to be said of boundaries that had their ticks before, once."""
        untold, self._untold = self._untold, []
        return untold

    def next_boundary(self) -> int | None:
        """Return the next boundary that the watermark has to pass; None while nothing waits for it."""
        return min((at for one in self.each.values() if (at := one.next_boundary()) is not None), default=None)

    def pane(self, key: PaneKey) -> Pane | None:
        """Return a pane, open or sealed; None when there is none, or no more."""
        segment, start_ms = key
        monitor = self.each.get(segment)
        pane = None if monitor is None else monitor.pane(start_ms)
        return None if pane is None else replace(pane, segment=segment)

    def pane_keys(self) -> set[PaneKey]:
        """Return which panes are held, open and sealed."""
        return {(segment, start) for segment, monitor in self.each.items() for start in monitor.pane_starts()}

    def window_to(self, end_ms: int, covered: Callable[[int, int], float]) -> TestedWindow:
        """Return the window to a boundary, with what the panes of all segments hold so far."""
        windows = [monitor.window_to(end_ms, covered) for monitor in self.each.values()]
        start_ms = self.any.schedule.window_start(end_ms)
        return TestedWindow(start_ms, end_ms, sum(one.n for one in windows), covered(start_ms, end_ms))

    def unfinished(self) -> list[tuple[Segment, TestedWindow]]:
        """Return the windows, with their segments, that have data but that the watermark has not reached."""
        return [(segment, window) for segment, one in self.each.items() for window in one.unfinished()]

    def remember(self) -> list[tuple[Segment, Memory]]:
        """Return what must outlive this process beside the panes."""
        return [(segment, monitor.remember()) for segment, monitor in self.each.items()]

    def restore(self, memories: Iterable[tuple[Segment, Memory]], panes: Iterable[Pane]) -> None:
        """Go on from what was remembered, and from the panes; see `Monitor.restore`."""
        by_segment: dict[Segment, list[Pane]] = {}
        for pane in panes:
            by_segment.setdefault(pane.segment, []).append(pane)
        for segment, memory in memories:
            monitor = self._made(segment)
            monitor.restore(memory, by_segment.get(segment, []))
            passed = [at for at in (self._reached_ms, memory.state.watermark_ms) if at is not None]
            self._reached_ms = max(passed, default=None)

    def _of(self, pane: Pane) -> Monitor:
        known = self.each.get(pane.segment)
        if known is not None:
            return known
        if len(self.each.keys() - {self._division.others}) >= self._division.most:
            pane.segment = self._division.others
        return self._made(pane.segment)

    def _made(self, segment: Segment) -> Monitor:
        if segment not in self.each:
            # That of all further segments is there already.
            fresh = segment != self._division.others
            monitor = self._new_monitor(segment, partial(self._rival, segment)) if fresh else self.any
            monitor.on_seal = self._sealed.append
            self.each[segment] = monitor
            # What the others have sealed is late for a segment that comes now, too.
            monitor.state.watermark_ms = self._reached_ms
        return self.each[segment]

    def _each(self, move: Callable[[Monitor], Iterator[Tick]]) -> Iterator[Tick]:
        """Move every monitor; those that others are compared with come first, so that their windows end there, too."""
        rivals = versions(self.any.policy.comparators)
        at = self._division.version_at
        for segment in sorted(self.each, key=lambda one: (at is None or one[at] not in rivals, one)):
            for tick in move(self.each[segment]):
                yield replace(tick, segment=segment)

    def _told(self, boundary: int, ticks: list[Tick]) -> list[Tick]:
        """Return the ticks of a boundary; the first also says what the sealed panes tell of how events are made."""
        self.schema.seal(self._sealed)
        self._sealed.clear()
        rows = sum(monitor.window.rows for monitor in self.each.values())
        window = TestedWindow(self.any.schedule.window_start(boundary), boundary, rows)
        events = self.schema.tick(self.whole, window)
        if not ticks:
            self._untold += events
            return []
        return [replace(ticks[0], events=(*ticks[0].events, *events)), *ticks[1:]] if events else ticks

    def _rival(self, segment: Segment, version: str, end_ms: int) -> Counts | None:
        other = self._division.of_version(segment, version)
        monitor = None if other is None else self.each.get(other)
        if monitor is None or monitor.state.sealed_to_ms != end_ms:
            return None
        return monitor.window.total


def _advance(monitor: Monitor, watermark_ms: int) -> Iterator[Tick]:
    return monitor.advance(watermark_ms)
