"""The counter: events in, what each pane grew out, in one transaction; it keeps nothing between transactions.

Killed, moved to another host or doubled, it has nothing to restore but the largest event time of each partition, which
stands beside the committed offset.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from consumers.decode import Decoder
from consumers.facts import NOBODY, EventsLost, Observer, counted
from consumers.idle import IdleWatch
from consumers.place_note import PlaceNote, read_note
from consumers.raw import RawBatch, Rejected
from consumers.records import PartitionFact, control, counts_moved, pane_chunks
from consumers.sink import Outgoing, Sink
from consumers.source import LogRefused, Place, Polled, Position, Source, rewinding
from consumers.undecodable import decode_all
from stream.drift_event import DriftEvent
from stream.ledger import Ledger
from stream.panes import Pane, PaneKey
from stream.rows import Rows
from stream.tally import Tallier

# A reject must fit into a message of its own, however large the record was.
LARGEST_REJECT = 262_144
# Panes of more than this are written as they come instead of being merged across batches.
_PANES_HELD = 16


@dataclass(frozen=True, slots=True)
class CounterOutlet:
    """Where a counter writes, and what its records are marked with: the monitor, and what it counts on.

    Control records go to each of the ``counts_partitions``, counts to one of them. ``counts_id`` says which topic that
    is, of those that have had its name.
    """

    counts: str
    counts_partitions: int
    counts_partition: int
    rejects: str
    monitor: str
    counted_on: str
    counts_id: str = ""


@dataclass(slots=True)
class _Work:
    """One transaction in the making."""

    ledger: Ledger = field(default_factory=Ledger)
    newest_ms: dict[Place, int] = field(default_factory=dict)
    panes: dict[PaneKey, Pane] = field(default_factory=dict)
    records: list[Outgoing] = field(default_factory=list)
    topic_ids: dict[str, str] = field(default_factory=dict)
    # For each reason, one event that was refused.
    refused: dict[str, str] = field(default_factory=dict)


class Counter:
    """Reads events, counts them, writes counts; ``step`` is one transaction at most."""

    def __init__(
        self,
        source: Source,
        sink: Sink,
        decoder: Decoder,
        tallier: Tallier,
        outlet: CounterOutlet,
        idle: IdleWatch,
        observer: Observer = NOBODY,
    ) -> None:
        self._source = source
        self._sink = sink
        self._decoder = decoder
        self._tallier = tallier
        self._outlet = outlet
        self._key = outlet.monitor.encode()
        self._idle = idle
        self._observer = observer
        self._newest_ms: dict[Place, int | None] = {}
        self._told_idle: frozenset[Place] = frozenset()
        self.ledger = Ledger()

    def step(self, gather_s: float) -> Sequence[DriftEvent]:
        """Gather for at most ``gather_s`` and do one transaction, if there is anything to do; publishes no events.

        1. Take a new assignment, if there is one. 2. Poll. 3. Decode and count. 4. Write counts, rejects, then control,
        with the offsets, all or nothing. 5. Only now remember.

        Raises LogUnavailable when nothing was committed; the next step begins again from the committed positions.
        """
        with rewinding(self._source):
            self._step(gather_s)
        return ()

    def _step(self, gather_s: float) -> None:
        positions = self._source.assigned()
        if positions is not None:
            self._take_over(positions)
        polled = self._source.poll(gather_s)
        idle = self._idle.idle(polled)
        if not polled.batches and not polled.lost and idle == self._told_idle:
            return
        work = self._count(polled)
        self._write_control(work, idle, polled)
        self._sink.commit(work.records, self._positions(polled, work), polled.membership)
        self._newest_ms.update(work.newest_ms)
        self._told_idle = idle
        self.ledger.add(work.ledger)
        self._observer.note(counted(work.ledger))
        if polled.lost:
            self._observer.note(EventsLost(dict(polled.lost)))

    def finish(self) -> Sequence[DriftEvent]:
        """Do nothing: every step has committed what it counted."""
        return ()

    def end_offsets(self) -> Mapping[Place, int]:
        """See `Source.end_offsets`."""
        return self._source.end_offsets()

    def caught_up(self, ends: Mapping[Place, int]) -> bool:
        """See `Source.caught_up`."""
        return self._source.caught_up(ends)

    def close(self) -> None:
        """Leave the group; what was not committed will be counted by the next owner."""
        self._source.close()
        self._sink.close()

    def _take_over(self, positions: Mapping[Place, Position]) -> None:
        notes = {place: read_note(position.note) for place, position in positions.items()}
        for note in notes.values():
            self._refuse_moved_counts(note)
        self._newest_ms = {place: note.newest_ms for place, note in notes.items()}
        self._idle.forget()
        # Facts about partitions that are new here must be told again, idle or not.
        self._told_idle = frozenset()

    def _refuse_moved_counts(self, note: PlaceNote) -> None:
        """Raise LogRefused where counts went to another partition of the same topic: the judge has its panes there."""
        outlet = self._outlet
        if note.counts_id == outlet.counts_id and note.counts_partition not in (-1, outlet.counts_partition):
            raise LogRefused(counts_moved(outlet.counts, outlet.counts_partitions, note.counts_partition))

    def _count(self, polled: Polled) -> _Work:
        work = _Work(topic_ids=dict(polled.topic_ids))
        parts = [((batch.topic, batch.partition), self._sift(work, batch)) for batch in polled.batches]
        for pane in self._tallier.panes_of(parts):
            self._grow(work, pane)
        for pane in work.panes.values():
            work.records.extend(self._counts_records(work, pane))
        return work

    def _sift(self, work: _Work, batch: RawBatch) -> Rows:
        place = (batch.topic, batch.partition)
        decoded = decode_all(self._decoder, batch)
        reasons = (reject.reason for reject in decoded.rejected)
        work.ledger.enter_read(len(batch), decoded.foreign, reasons, decoded.foreign_rows)
        for reject in decoded.rejected:
            work.records.append(reject_record(self._outlet.rejects, place, reject))
            if reject.reason not in work.refused:
                work.refused[reject.reason] = reject.told(*place)
        rows, newest_ms = self._tallier.sift(decoded.rows, self._newest_ms.get(place), work.ledger)
        if newest_ms is not None:
            work.newest_ms[place] = newest_ms
        return rows

    def _grow(self, work: _Work, pane: Pane) -> None:
        known = work.panes.get(pane.key)
        if known is not None:
            known.add(pane)
            return
        if len(work.panes) >= _PANES_HELD:
            oldest = min(work.panes, key=lambda key: (key[1], key[0]))
            work.records.extend(self._counts_records(work, work.panes.pop(oldest)))
        work.panes[pane.key] = pane

    def _counts_records(self, work: _Work, pane: Pane) -> Iterator[Outgoing]:
        for value in pane_chunks(pane, self._outlet.counted_on, work.topic_ids):
            yield Outgoing(self._outlet.counts, self._key, value, partition=self._outlet.counts_partition)

    def _write_control(self, work: _Work, idle: frozenset[Place], polled: Polled) -> None:
        newest = {**self._newest_ms, **work.newest_ms}
        facts = [PartitionFact(*place, newest[place], place in idle) for place in sorted(newest)]
        value = control(
            self._source.partition_counts(),
            facts,
            work.ledger,
            self._outlet.counted_on,
            lost=polled.lost,
            topic_ids=work.topic_ids,
            refused=work.refused,
        )
        for partition in range(self._outlet.counts_partitions):
            work.records.append(Outgoing(self._outlet.counts, self._key, value, partition=partition))

    def _positions(self, polled: Polled, work: _Work) -> dict[Place, Position]:
        newest = {**self._newest_ms, **work.newest_ms}
        return {
            place: Position(offset, self._note(place, newest, work)) for place, offset in polled.next_offsets.items()
        }

    def _note(self, place: Place, newest: Mapping[Place, int | None], work: _Work) -> str:
        topic_id, outlet = work.topic_ids.get(place[0], ""), self._outlet
        note = PlaceNote(
            newest.get(place), topic_id, counts_id=outlet.counts_id, counts_partition=outlet.counts_partition
        )
        return note.to_text()


def reject_record(topic: str, place: Place, reject: Rejected) -> Outgoing:
    """Return a reject with its bytes, cut to fit a message, and in headers its reason and where it came from."""
    value = reject.value
    headers = {
        "driftline_reason": reject.reason,
        "driftline_detail": reject.detail,
        "driftline_topic": place[0],
        "driftline_partition": str(place[1]),
        "driftline_offset": str(reject.offset),
        "driftline_size": str(len(value)) if value is not None else "",
    }
    cut = value[:LARGEST_REJECT] if value is not None else None
    key = f"{place[0]}-{place[1]}".encode()
    return Outgoing(topic, key, cut, tuple((name, text.encode()) for name, text in headers.items()))
