"""One run of a process that counts: its name, and its reports in their order, each whole in one record."""

import socket
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from consumers.records import RECORD_VERSION, PaneChunk, TapReport, chunks_of
from consumers.tap.edge_tally import Growth
from consumers.taps import REMEMBERED_MS
from stream.ledger import Ledger
from stream.panes import Pane

# Well below what a judge remembers a run for: a report that comes later could be taken for a new one.
LONGEST_SILENCE_S = REMEMBERED_MS / 2_000
# A report is parted behind so many bytes: messages of 1 MB are what brokers take unless told otherwise.
_REPORT_BYTES = 400_000
_HOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a process has come: its largest event time, whether nothing comes just now, and whether it ends."""

    newest_ms: int | None
    idle: bool = False
    closing: bool = False


@dataclass(slots=True)
class _Part:
    chunks: list[PaneChunk] = field(default_factory=list)
    rows: int = 0
    size_bytes: int = 0


class EdgeRun:
    """Numbers reports; ``counted_on`` marks what they were counted on (`Schedule.counted_on`)."""

    def __init__(self, counted_on: str, lease_ms: int) -> None:
        self._counted_on, self._lease_ms = counted_on, lease_ms
        self.name = f"{socket.gethostname()[:_HOST_CHARACTERS]}-{uuid.uuid4().hex[:12]}"
        self._sequence = 0

    def reports(self, growth: Growth, standing: Standing) -> list[bytes]:
        """Return the next reports, one unless the growth is very large; the last one says how far the process is."""
        *before, last = self._parts(growth.panes.values())
        told = [self._report(part, Ledger(read=part.rows, counted=part.rows), Standing(None)) for part in before]
        rest = growth.ledger
        for part in before:
            rest.read -= part.rows
            rest.counted -= part.rows
        return [*told, self._report(last, rest, standing)]

    def _parts(self, panes: Iterable[Pane]) -> list[_Part]:
        """Deal what panes grew out to reports; what is in one of them is counted with it or not at all."""
        parts = [_Part()]
        for pane in panes:
            for number, chunk in enumerate(chunks_of(pane, self._counted_on)):
                size_bytes = len(msgspec.msgpack.encode(chunk))
                if parts[-1].chunks and parts[-1].size_bytes + size_bytes > _REPORT_BYTES:
                    parts.append(_Part())
                parts[-1].chunks.append(chunk)
                parts[-1].rows += 0 if number else pane.counts.rows
                parts[-1].size_bytes += size_bytes
        return parts

    def _report(self, part: _Part, ledger: Ledger, standing: Standing) -> bytes:
        report = TapReport(
            RECORD_VERSION,
            self._counted_on,
            self.name,
            self._sequence,
            self._lease_ms,
            ledger.to_dict(),
            part.chunks,
            standing.newest_ms,
            standing.idle,
            standing.closing,
        )
        self._sequence += 1
        return msgspec.msgpack.encode(report)
