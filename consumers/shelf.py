"""What a partition of the panes topic holds of a monitor, by key, and which of its panes were not written since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from consumers.records import JudgeMemory, PaneChunk, pane_chunks, read_memory, read_pane
from stream.monitor import Monitor
from stream.packing import chunk_count

_MEMORY = b"memory"


@dataclass(slots=True)
class Shelf:
    """Keys that hold something, with the start of their pane; and the starts of panes that changed since writing."""

    held: dict[bytes, int] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def fill(self, records: Iterable[tuple[bytes, bytes | None]]) -> tuple[JudgeMemory | None, list[PaneChunk]]:
        """Take the records of the panes topic, oldest first; return what holds: the memory and the panes' chunks.

        Raises RecordError for what another version wrote.
        """
        live: dict[bytes, bytes] = {}
        for key, value in records:
            if value is None:
                live.pop(key, None)
            else:
                live[key] = value
        memories = [read_memory(value) for key, value in live.items() if key.endswith(_MEMORY)]
        chunks = {key: read_pane(value) for key, value in live.items() if not key.endswith(_MEMORY)}
        self.held = {key: record.start_ms for key, record in chunks.items()}
        return memories[-1] if memories else None, list(chunks.values())

    def unwritten(self, monitor: Monitor) -> Iterator[tuple[bytes, bytes | None]]:
        """Return key and value of what must be written: changed panes, expired ones as None."""
        starts = monitor.pane_starts()
        for start in sorted(self.changed & starts):
            pane = monitor.pane(start)
            if pane is not None:
                values = pane_chunks(pane, monitor.counted_on)
                yield from ((_key(monitor, start, number), value) for number, value in enumerate(values))
        yield from ((key, None) for key, start in sorted(self.held.items()) if start not in starts)

    def next_held(self, monitor: Monitor) -> dict[bytes, int]:
        """Return the keys that hold something after the next writing."""
        starts, chunks = monitor.pane_starts(), chunk_count(monitor.layout)
        kept = {key: start for key, start in self.held.items() if start in starts}
        changed = self.changed & starts
        return kept | {_key(monitor, start, number): start for start in changed for number in range(chunks)}

    def written(self, monitor: Monitor) -> None:
        """Take note that all of it is written."""
        self.held = self.next_held(monitor)
        self.changed.clear()


def memory_key(monitor: Monitor) -> bytes:
    """Return the key of a monitor's memory."""
    return _prefix(monitor) + _MEMORY


def _key(monitor: Monitor, start_ms: int, chunk: int) -> bytes:
    return _prefix(monitor) + f"pane|{start_ms}|{chunk}".encode()


def _prefix(monitor: Monitor) -> bytes:
    return monitor.identity.monitor.encode() + b"|"
