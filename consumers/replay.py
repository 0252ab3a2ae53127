"""Replay: the counter's and the judge's arithmetic over files, without a broker.

The files are one stream in the order given, as one partition would be; a line is an event, its number the offset.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from consumers.assembly import Assembly
from consumers.errors import SettingsError
from consumers.raw import Decoded, RawBatch
from consumers.settings import Settings
from consumers.undecodable import decode_all
from stream.decision import tick_level
from stream.drift_event import Identity
from stream.ledger import Ledger
from stream.monitor import INCOMPLETE, Tick
from stream.panes import Pane
from stream.segments import Segment
from stream.watermark import Watermark

_STREAM = ("replay", 0)


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """So many events of one partition, decoded."""

    topic: str
    partition: int
    events: int
    decoded: Decoded


@dataclass(slots=True)
class Replay:
    """Feeds files to one monitor; ``run`` yields its ticks as their windows become whole."""

    assembly: Assembly
    ledger: Ledger = field(default_factory=Ledger)
    statuses: Counter[str] = field(default_factory=Counter)
    event_types: Counter[str] = field(default_factory=Counter)
    incomplete: list[dict[str, Any]] = field(default_factory=list)

    def run(self, batches: Iterable[RawBatch]) -> Iterator[Tick]:
        """Count batches in their order and yield every boundary of the schedule that they pass."""
        return self.run_decoded(decoded(self.assembly, batches))

    def run_decoded(self, batches: Iterable[DecodedBatch]) -> Iterator[Tick]:
        """Do the same with what was decoded elsewhere."""
        monitors = self.assembly.new_monitors()
        for panes, watermark_ms in counted(self.assembly, batches, self.ledger):
            for pane in panes:
                monitors.add(pane)
            for tick in monitors.advance(watermark_ms):
                yield self._noted(tick)
        for segment, window in monitors.unfinished():
            reason = "the stream ended before the window was complete"
            self.incomplete.append({**self._whose(segment), **window.to_dict(), "reason": reason})

    def summary(self) -> dict[str, Any]:
        """Return the ledger and what became of the windows, for JSON."""
        settings = self.assembly.settings
        return {
            "monitor": settings.monitor.name,
            "baseline": self.assembly.baseline.fingerprint,
            "ledger": self.ledger.to_dict(),
            "windows": dict(sorted(self.statuses.items())),
            "incomplete_windows": self.incomplete,
            "events": dict(sorted(self.event_types.items())),
            "tick_level": tick_level(settings.policy(), settings.every_ms),
            "budget": self.assembly.budget,
        }

    def _noted(self, tick: Tick) -> Tick:
        self.statuses[tick.status] += 1
        self.event_types.update(event.type for event in tick.events)
        if tick.status == INCOMPLETE:
            reason = "the stream began after the window did"
            self.incomplete.append({**self._whose(tick.segment), **tick.window.to_dict(), "reason": reason})
        return tick

    def _whose(self, segment: Segment) -> dict[str, str]:
        return self.assembly.identity(segment).told_apart


def findings_of(identity: Identity, tick: Tick) -> Iterator[dict[str, Any]]:
    """Yield every test of a tick with the window and the monitor that it belongs to."""
    asked = {"model": identity.model, "model_version": identity.model_version}
    for finding in tick.findings():
        yield {
            "monitor": identity.monitor,
            "segment": dict(identity.segment),
            **{key: name for key, name in asked.items() if name is not None},
            "window_start_ms": tick.window.start_ms,
            "window_end_ms": tick.window.end_ms,
            **finding.to_dict(),
        }


def decoded(assembly: Assembly, batches: Iterable[RawBatch]) -> Iterator[DecodedBatch]:
    """Decode batches as the configuration says."""
    decoder = assembly.new_decoder()
    for batch in batches:
        yield DecodedBatch(batch.topic, batch.partition, len(batch), decode_all(decoder, batch))


def counted(
    assembly: Assembly, batches: Iterable[DecodedBatch], ledger: Ledger
) -> Iterator[tuple[Iterable[Pane], int | None]]:
    """Count batches in their order; yield what each run of events adds to panes, and the watermark behind it.

    ``ledger`` takes every event. The panes are new, and belong to whoever takes them.
    """
    tallier, watermark = assembly.new_tallier(), Watermark(assembly.settings.lateness_ms)
    newest_ms: int | None = None
    for batch in batches:
        found = batch.decoded
        reasons = (reject.reason for reject in found.rejected)
        ledger.enter_read(batch.events, found.foreign, reasons, found.foreign_rows)
        rows, newest_ms = tallier.sift(found.rows, newest_ms, ledger)
        for run in tallier.runs(rows):
            watermark.observe(_STREAM, int(run.times_ms.max(initial=0)) if len(run) else newest_ms)
            yield tallier.panes((batch.topic, batch.partition), run), watermark.current_ms()


def check_streams(settings: Settings, paths: Sequence[Path]) -> None:
    """Raise SettingsError for what would go wrong with these files before anything is read."""
    if settings.events.timestamp is None:
        raise SettingsError(
            f"{settings.path}: events.timestamp is not set, and lines of a file have no record timestamp; "
            'write for example timestamp = "ts"'
        )
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise SettingsError(f"{', '.join(missing)}: no such file; name files of events, a JSON object a line")
