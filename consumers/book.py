"""The judge's book of one counts partition: the monitor, the watermark and the ledger, and what is not yet written."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consumers import notices, partition_facts
from consumers.bookmark import Bookmark
from consumers.monitor_status import log_status, statuses_of, waiting_record
from consumers.records import (
    Control,
    JudgeMemory,
    PaneChunk,
    RecordError,
    TapReport,
    grow,
    read_counts_topic,
    write_memory,
)
from consumers.shelf import Shelf, memory_key
from consumers.taps import Taps, tap_place
from consumers.topic_lives import TopicLives
from stream.drift_event import DriftEvent
from stream.ledger import Ledger
from stream.monitor import Tick
from stream.monitors import Monitors
from stream.packing import chunk_rows
from stream.refusals import Refusals
from stream.waiting import Waiting
from stream.waiting_events import wait_event
from stream.watermark import Watermark

if TYPE_CHECKING:
    from stream.panes import Pane, PaneKey

# Panes are written again when this many bytes of counts were consumed since, or a window was tested.
_BYTES_BETWEEN_WRITES = 1_000_000
# Counted by a counter with another baseline: those rows are in no window of this one.
_OTHER_BASELINE = "other_baseline"
_log = logging.getLogger("driftline.judge")


@dataclass(slots=True)
class Book:
    """Takes the records of one counts partition in their order; everything it knows is a function of them."""

    monitors: Monitors
    watermark: Watermark
    # How many partitions each topic has that is counted.
    partitions: dict[str, int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    # Offsets that were gone before they were read, by topic and partition; no ledger has them.
    lost: dict[str, dict[int, int]] = field(default_factory=dict)
    lives: TopicLives = field(default_factory=TopicLives)
    # Processes that count by themselves.
    taps: Taps = field(default_factory=Taps)
    # How long windows wait for partitions that are behind.
    waiting: Waiting = field(default_factory=Waiting)
    # How much of what is read is refused.
    refusals: Refusals = field(default_factory=Refusals)
    # Whether what is told of that changed since the last writing.
    waits_changed: bool = False
    ticks: list[Tick] = field(default_factory=list)
    # Health events that come from no tick.
    notices: list[DriftEvent] = field(default_factory=list)
    # Up to where the partition was read at the last writing; None: nothing was ever written.
    bookmark: Bookmark | None = None
    # The next offset to read, when something was taken since the last writing.
    next_offset: int | None = None
    # Whether the monitor's counts are on this partition.
    _ours: bool = True
    _shelf: Shelf = field(default_factory=Shelf)
    _taken_bytes: int = 0

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Go on from the records of the panes topic, oldest first; none is a new monitor, and so is another baseline.

        Raises RecordError for what another version wrote.
        """
        memory, chunks = self._shelf.fill(records)
        if memory is not None:
            self._remember(memory, chunks)

    def begin(self, committed: int, topic_id: str, topic: str, *, ours: bool) -> int:
        """Return the offset to go on from, in the topic that there is now; say so when counts or panes are gone.

        ``committed`` is where the group stands; ``ours`` tells whether the monitor's counts are on this partition.
        """
        known, told = self.bookmark, []
        if known is None:
            told = [notices.memory_lost(self.monitors, committed)] if committed else []
            known = Bookmark()
        elif known.is_of_another(topic_id):
            told = [notices.counts_recreated(self.monitors, topic, known.next_offset or 0)]
        offset = known.begin(committed, topic_id)
        self.bookmark = Bookmark(offset, topic_id)
        self._ours = ours
        if told and ours:
            self.notices += told
            self.next_offset = offset
        return offset

    def has_begun(self) -> bool:
        """Tell whether the monitor has seen counts; on a partition that none go to there is nothing to tell of it."""
        return bool(self.monitors.pane_keys()) or self.monitors.sealed_to_ms is not None

    def read_to(self) -> int:
        """Return the first offset that was not taken yet."""
        written = self.bookmark.next_offset if self.bookmark else None
        return self.next_offset if self.next_offset is not None else written or 0

    def miss(self, topic: str, partition: int, offsets: int, next_offset: int) -> None:
        """Take note that offsets of the counts topic itself are gone, and say so where counts may be among them."""
        self.next_offset = next_offset
        if self._ours:
            self._lose({topic: {partition: offsets}})
            total = self.lost[topic][partition]
            self.notices.append(notices.counts_lost(self.monitors, f"{topic}-{partition}", offsets, total))

    def take(self, value: bytes, offset: int, log_ms: int | None = None) -> None:
        """Take the next record: counts are added, a control record moves the watermark.

        ``log_ms`` is the record's own timestamp (UTC); without one, it is never told that windows wait.
        """
        self.next_offset = offset + 1
        self._taken_bytes += len(value)
        try:
            self._take(read_counts_topic(value), log_ms)
        except RecordError as error:
            # Not of our counters, or damaged on the way: what it counted, if anything, cannot be known.
            _log.warning("offset %d of the counts topic is left out: %s", offset, error)

    def worth_writing(self) -> bool:
        """Tell whether the panes should be written: windows were tested, or much was taken since."""
        return bool(self.ticks or self.notices) or self._taken_bytes > _BYTES_BETWEEN_WRITES

    def events(self) -> list[DriftEvent]:
        """Return the drift events that are not yet written."""
        return [*self.notices, *(event for tick in self.ticks for event in tick.events)]

    def unwritten(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Return key and value of what the panes topic must get: changed panes, expired ones as None, the memory."""
        yield from self._shelf.unwritten(self.monitors)
        yield memory_key(self.monitors), write_memory(self._memory())

    def written(self) -> None:
        """Take note that all of it is written."""
        self._shelf.written(self.monitors)
        self.bookmark = self._bookmark()
        self.ticks.clear()
        self.notices.clear()
        self.waits_changed = False
        self._taken_bytes, self.next_offset = 0, None

    def statuses(self) -> Iterator[tuple[str, bytes]]:
        """Return how each segment with an unwritten tick looks at its latest, as JSON, with the segment's label."""
        log = log_status(self.lost, self.taps, self.watermark)
        return statuses_of(self.monitors, self.ticks, self.watermark, self.ledger, log)

    def waiting_status(self) -> bytes | None:
        """Return which partitions windows wait for, and since when, as JSON; None when they wait for none."""
        return waiting_record(self.monitors.whole.monitor, self.waiting, self.watermark)

    def _take(self, record: PaneChunk | Control | TapReport, log_ms: int | None) -> None:
        if isinstance(record, PaneChunk):
            self._add([record])
            return
        self.taps.pass_time(log_ms)
        if isinstance(record, Control):
            self._control(record, log_ms)
        elif (missing := self.taps.take(record)) is not None:
            self._report(record, log_ms)
            if missing:
                self.notices.append(notices.reports_lost(self.monitors, record.run, missing, self.taps.memory.lost))
        for run in self.taps.lapsed():
            _log.warning("the tap %s was silent for its lease: windows wait for it no more", run)
            self.watermark.forget(tap_place(run)[0])
        self.ticks.extend(self.monitors.advance(self.watermark.current_ms()))
        self.notices += self.monitors.untold()
        self.notices += self.refusals.said(self.monitors.whole) if self._ours else ()
        self._wait(log_ms)

    def _add(self, chunks: Sequence[PaneChunk]) -> None:
        if any(chunk.counted_on != self.monitors.any.counted_on for chunk in chunks):
            for chunk in chunks:
                rows = chunk_rows(chunk.chunk)
                self.ledger.uncount(rows if chunk.events is None else chunk.events, rows, _OTHER_BASELINE)
            return
        grown: dict[PaneKey, Pane] = {}
        for chunk in chunks:
            self._see_topics(chunk.topic_ids)
            grow(grown, self.lives.named(chunk), self.monitors.any.layout)
        for pane in grown.values():
            if late := self.monitors.add(pane):
                self.ledger.uncount(pane.events, late)
            # The monitors may have taken it for another segment's.
            self._shelf.changed.add(pane.key)

    def _report(self, report: TapReport, log_ms: int | None) -> None:
        """Take what a tap has counted, and only then how far it has come."""
        self._add(report.panes)
        self._enter(report.ledger, {}, log_ms)
        place = tap_place(report.run)
        self.watermark.observe(place, report.newest_ms, idle=report.idle, log_ms=log_ms)
        if report.closing:
            # The last word of the only one that speaks moves the watermark, too.
            self.watermark.current_ms()
            self.watermark.forget(place[0])

    def _control(self, record: Control, log_ms: int | None) -> None:
        self._see_topics(record.topic_ids)
        over = {topic for topic in record.partitions if self.lives.is_over(topic, record.topic_ids)}
        self.partitions.update({topic: count for topic, count in record.partitions.items() if topic not in over})
        self._enter(record.ledger, record.refused, log_ms)
        self._lose(record.lost)
        partition_facts.expect(self.watermark, self.partitions, log_ms)
        partition_facts.observe(self.watermark, (fact for fact in record.facts if fact.topic not in over), log_ms)

    def _enter(self, growth: dict[str, Any], examples: Mapping[str, str], log_ms: int | None) -> None:
        self.ledger.add(grown := Ledger.from_dict(growth))
        self.refusals.take(grown, examples, log_ms)

    def _wait(self, log_ms: int | None) -> None:
        """Measure what windows wait for: test those that waited too long, and say that they wait, or no more."""
        self.waiting.look(self.watermark, log_ms)
        boundary, impatient_ms = self.monitors.next_boundary(), self.waiting.impatient_ms()
        # With nobody behind who speaks, time stands still, as it does without patience.
        if boundary is not None and impatient_ms is not None and self.watermark.behind(boundary):
            self.ticks.extend(self.monitors.advance_early(impatient_ms, self.watermark.covered))
        for change in self.waiting.changes(self.watermark, boundary):
            end_ms = max(change.wait.boundary_ms, self.monitors.sealed_to_ms or 0)
            window = self.monitors.window_to(end_ms, self.watermark.covered)
            self.notices.append(wait_event(self.monitors.whole, change, window))
            self.waits_changed = True

    def _see_topics(self, topic_ids: Mapping[str, str]) -> None:
        """Begin anew with the partitions of a topic that was deleted and created again, and say so."""
        for topic in self.lives.see(topic_ids):
            _log.warning("%s was deleted and created again: it is read from its beginning", topic)
            self.watermark.forget(topic)
            self.partitions.pop(topic, None)
            event = notices.topic_recreated(self.monitors, topic, len(self.lives.ids[topic]))
            # A counts partition that no monitor's counts go to hears of it, too, and has nobody to speak for.
            self.notices += [event] if self.monitors.pane_keys() else []

    def _lose(self, lost: Mapping[str, Mapping[int, int]]) -> None:
        for topic, partitions in lost.items():
            known = self.lost.setdefault(topic, {})
            for partition, offsets in partitions.items():
                known[partition] = known.get(partition, 0) + offsets

    def _remember(self, memory: JudgeMemory, chunks: Sequence[PaneChunk]) -> None:
        self.partitions, self.lost = memory.partitions, memory.lost
        self.lives = TopicLives(memory.topic_ids)
        self.ledger = Ledger.from_dict(memory.ledger)
        partition_facts.restore(self.watermark, memory)
        self.waiting.state, self.taps = memory.waiting, Taps(memory.taps)
        self.refusals.state = memory.refusals
        self.bookmark = memory.bookmark
        others = [one for _, one in memory.monitors if not self.monitors.any.continues(one)]
        if others:
            # Panes of another baseline or schedule do not fit; nothing holds them, so the next writing deletes them.
            self.notices.append(notices.begun_anew(self.monitors, others[0]))
            self.waits_changed = self.waiting.forget()
            return
        if memory.chunks not in (None, len(chunks)):
            # Half of the panes would make windows that never were.
            read_to = memory.bookmark.next_offset or 0
            sealed = [one.state.sealed_to_ms or 0 for _, one in memory.monitors]
            self.notices.append(notices.memory_lost(self.monitors, read_to, max(sealed, default=0)))
            self.waits_changed = self.waiting.forget()
            return
        panes: dict[PaneKey, Pane] = {}
        for chunk in chunks:
            grow(panes, chunk, self.monitors.any.layout)
        self.monitors.restore(memory.monitors, panes.values())
        self.monitors.schema.state = memory.schema

    def _memory(self) -> JudgeMemory:
        return JudgeMemory(
            self.monitors.remember(),
            self.partitions,
            partition_facts.facts_of(self.watermark),
            self.watermark.reached_ms,
            self.ledger.to_dict(),
            self.lost,
            self.lives.ids,
            self._bookmark(),
            len(self._shelf.next_held(self.monitors)),
            partition_facts.moved_of(self.watermark),
            self.waiting.state,
            taps=self.taps.memory,
            schema=self.monitors.schema.state,
            refusals=self.refusals.state,
        )

    def _bookmark(self) -> Bookmark:
        return Bookmark(self.read_to(), self.bookmark.topic_id if self.bookmark else "")
