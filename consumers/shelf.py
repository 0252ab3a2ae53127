"""What a partition of the panes topic holds of a monitor, by key, and which of its panes were not written since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from consumers.records import JudgeMemory, PaneChunk, pane_chunks, read_memory, read_pane
from stream.monitors import Monitors
from stream.packing import chunk_count
from stream.panes import PaneKey

_MEMORY = b"memory"


@dataclass(slots=True)
class Shelf:
    """Keys that hold something, with their pane; and the panes that changed since writing."""

    held: dict[bytes, PaneKey] = field(default_factory=dict)
    changed: set[PaneKey] = field(default_factory=set)

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
        self.held = {key: (record.segment, record.start_ms) for key, record in chunks.items()}
        return memories[-1] if memories else None, list(chunks.values())

    def unwritten(self, monitors: Monitors) -> Iterator[tuple[bytes, bytes | None]]:
        """Return key and value of what must be written: changed panes, expired ones as None."""
        panes = monitors.pane_keys()
        for which in sorted(self.changed & panes):
            pane = monitors.pane(which)
            if pane is not None:
                values = pane_chunks(pane, monitors.any.counted_on)
                yield from ((_key(monitors, which, number), value) for number, value in enumerate(values))
        yield from ((key, None) for key, which in sorted(self.held.items()) if which not in panes)

    def next_held(self, monitors: Monitors) -> dict[bytes, PaneKey]:
        """Return the keys that hold something after the next writing."""
        panes, chunks = monitors.pane_keys(), chunk_count(monitors.any.layout)
        kept = {key: which for key, which in self.held.items() if which in panes}
        changed = self.changed & panes
        return kept | {_key(monitors, which, number): which for which in changed for number in range(chunks)}

    def written(self, monitors: Monitors) -> None:
        """Take note that all of it is written."""
        self.held = self.next_held(monitors)
        self.changed.clear()


def memory_key(monitors: Monitors) -> bytes:
    """Return the key of the monitors' memory."""
    return _prefix(monitors) + _MEMORY


def _key(monitors: Monitors, which: PaneKey, chunk: int) -> bytes:
    segment, start_ms = which
    return _prefix(monitors) + f"pane|{start_ms}|{chunk}".encode() + (orjson.dumps(segment) if segment else b"")


def _prefix(monitors: Monitors) -> bytes:
    return monitors.any.identity.monitor.encode() + b"|"
