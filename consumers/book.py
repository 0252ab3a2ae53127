"""The judge's book of one counts partition: the monitor, the watermark and the ledger, and what is not yet written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from consumers.records import (
    Control,
    JudgeMemory,
    PaneChunk,
    PartitionFact,
    RecordError,
    grow,
    pane_chunks,
    read_counts_topic,
    read_memory,
    read_pane,
    write_memory,
)
from stream.drift_event import DriftEvent, iso
from stream.ledger import Ledger
from stream.monitor import Monitor, Tick
from stream.packing import chunk_count
from stream.panes import Pane
from stream.watermark import Watermark

# Panes are written again when this many bytes of counts were consumed since, or a window was tested.
_BYTES_BETWEEN_WRITES = 1_000_000
_MEMORY = b"memory"


@dataclass(slots=True)
class Book:
    """Takes the records of one counts partition in their order; everything it knows is a function of them."""

    monitor: Monitor
    watermark: Watermark
    # How many partitions each topic has that is counted.
    partitions: dict[str, int] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    ticks: list[Tick] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    # The next offset to read, when something was taken since the last writing.
    next_offset: int | None = None
    _changed: set[int] = field(default_factory=set)
    _written: set[int] = field(default_factory=set)
    _taken_bytes: int = 0

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Go on from the records of the panes topic, oldest first; none is a new monitor.

        Raises RecordError for what another version wrote, or for panes of another baseline.
        """
        live: dict[bytes, bytes] = {}
        for key, value in records:
            if value is None:
                live.pop(key, None)
            else:
                live[key] = value
        memories = [value for key, value in live.items() if key.endswith(_MEMORY)]
        if not memories:
            return
        panes: dict[int, Pane] = {}
        for key, value in live.items():
            if not key.endswith(_MEMORY):
                grow(panes, read_pane(value, self.monitor.identity.fingerprint), self.monitor.layout)
        self._remember(read_memory(memories[0]), panes)

    def take(self, value: bytes, offset: int) -> None:
        """Take the next record: counts are added, a control record moves the watermark."""
        self.next_offset = offset + 1
        self._taken_bytes += len(value)
        try:
            record = read_counts_topic(value, self.monitor.identity.fingerprint)
        except RecordError as error:
            self.refused.append(str(error))
            return
        if isinstance(record, PaneChunk):
            self._add(record)
        else:
            self._control(record)

    def worth_writing(self) -> bool:
        """Tell whether the panes should be written: windows were tested, or much was taken since."""
        return bool(self.ticks) or self._taken_bytes > _BYTES_BETWEEN_WRITES

    def events(self) -> list[DriftEvent]:
        """Return the drift events that are not yet written."""
        return [event for tick in self.ticks for event in tick.events]

    def unwritten(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Return key and value of what the panes topic must get: changed panes, expired ones as None, the memory."""
        fingerprint, chunks = self.monitor.identity.fingerprint, chunk_count(self.monitor.layout)
        held = self.monitor.pane_starts()
        for start in sorted(self._changed & held):
            pane = self.monitor.pane(start)
            if pane is not None:
                values = pane_chunks(pane, fingerprint)
                yield from ((self._key(start, number), value) for number, value in enumerate(values))
        for start in sorted(self._written - held):
            yield from ((self._key(start, number), None) for number in range(chunks))
        yield self._prefix() + _MEMORY, write_memory(self._memory())

    def written(self) -> None:
        """Take note that all of it is written."""
        held = self.monitor.pane_starts()
        self._written = (self._written | self._changed) & held
        self._changed.clear()
        self.ticks.clear()
        self._taken_bytes, self.next_offset = 0, None

    def status(self) -> bytes:
        """Return what this monitor looks like at its latest tick, as JSON."""
        tick, incident, watermark = self.ticks[-1], self.monitor.incidents.open, self.watermark.reached_ms
        status = {
            "schema_version": 1,
            "monitor": self.monitor.identity.monitor,
            "baseline": self.monitor.identity.fingerprint,
            "status": tick.status,
            "window": tick.window.to_dict(),
            "incident": incident.id if incident else None,
            "drifting": sorted(incident.joined_ms) if incident else [],
            "watermark": None if watermark is None else iso(watermark),
            "ledger": self.ledger.to_dict(),
        }
        return orjson.dumps(status)

    def _add(self, record: PaneChunk) -> None:
        grown: dict[int, Pane] = {}
        grow(grown, record, self.monitor.layout)
        late = self.monitor.add(grown[record.start_ms])
        self.ledger.counted -= late
        self.ledger.late += late
        self._changed.add(record.start_ms)

    def _control(self, record: Control) -> None:
        self.partitions.update(record.partitions)
        self.ledger.add(Ledger.from_dict(record.ledger))
        for topic, count in self.partitions.items():
            for partition in range(count):
                self.watermark.expect((topic, partition))
        self._observe(record.facts)
        self.ticks.extend(self.monitor.advance(self.watermark.current_ms()))

    def _observe(self, facts: Iterable[PartitionFact]) -> None:
        for fact in facts:
            self.watermark.observe((fact.topic, fact.partition), fact.newest_ms, idle=fact.idle)

    def _remember(self, memory: JudgeMemory, panes: dict[int, Pane]) -> None:
        self.monitor.restore(memory.monitor, panes.values())
        self.partitions = memory.partitions
        self.ledger = Ledger.from_dict(memory.ledger)
        self._observe(memory.facts)
        self.watermark.reached_ms = memory.reached_ms
        self._written = set(panes)

    def _memory(self) -> JudgeMemory:
        known = sorted(self.watermark.newest_ms.items())
        facts = [PartitionFact(*place, newest_ms, place in self.watermark.idle) for place, newest_ms in known]
        reached_ms, ledger = self.watermark.reached_ms, self.ledger.to_dict()
        return JudgeMemory(self.monitor.remember(), self.partitions, facts, reached_ms, ledger)

    def _prefix(self) -> bytes:
        return self.monitor.identity.monitor.encode() + b"|"

    def _key(self, start_ms: int, chunk: int) -> bytes:
        return self._prefix() + f"pane|{start_ms}|{chunk}".encode()
