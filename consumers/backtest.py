"""Back-test: recorded events are read and counted once, and every variant of the settings judges the same panes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from consumers.raw import RawBatch
from consumers.replay import counted, decoded
from consumers.variants import Variant
from stream.decision import tick_level
from stream.drift_event import DriftEvent, iso
from stream.ledger import Ledger
from stream.monitor import INCOMPLETE, Tick
from stream.monitors import Monitors
from stream.panes import Pane, PaneKey
from stream.policy import SEVERITIES
from stream.schedule import Schedule


@dataclass(slots=True)
class Episode:
    """An incident as history has it: times are the ends of the windows that opened and resolved it, in UTC ms.

    ``since_ms`` is where its earliest window begins, ``features`` are those that opened it, by impact.
    """

    since_ms: int
    opened_ms: int
    features: list[str]
    features_total: int
    severity: str
    summary: str
    resolved_ms: int | None = None
    changes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, with times as people read them."""
        resolved = None if self.resolved_ms is None else iso(self.resolved_ms)
        return {
            "since": iso(self.since_ms),
            "opened": iso(self.opened_ms),
            "resolved": resolved,
            "severity": self.severity,
            "changes": self.changes,
            "features": self.features,
            "features_total": self.features_total,
            "summary": self.summary,
        }


@dataclass(slots=True)
class Course:
    """What one variant made of history."""

    variant: Variant
    monitors: Monitors
    statuses: Counter[str] = field(default_factory=Counter)
    event_types: Counter[str] = field(default_factory=Counter)
    episodes: list[Episode] = field(default_factory=list)
    # Those that are open, by the id of their incident: each segment may have one.
    running: dict[str, Episode] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None

    def note(self, tick: Tick) -> None:
        """Take a tick into the record."""
        self.statuses[tick.status] += 1
        if tick.status != INCOMPLETE:
            self.first_ms = tick.window.end_ms if self.first_ms is None else self.first_ms
            self.last_ms = tick.window.end_ms
        for event in tick.events:
            self.event_types[event.type] += 1
            self._follow(event)

    def share_in_incident(self) -> float:
        """Return the share of the time between the first and the last window in which an incident was open."""
        if self.first_ms is None or self.last_ms is None or self.first_ms == self.last_ms:
            return 0.0
        spent_ms, to_ms = 0, self.first_ms
        # Incidents of several segments overlap, and count once.
        for one in sorted(self.episodes, key=lambda episode: episode.opened_ms):
            end_ms = self.last_ms if one.resolved_ms is None else one.resolved_ms
            spent_ms += max(0, end_ms - max(one.opened_ms, to_ms))
            to_ms = max(to_ms, end_ms)
        return spent_ms / (self.last_ms - self.first_ms)

    def leading(self) -> dict[str, int]:
        """Return the features that came first in their incidents, with how often, most often first."""
        return dict(Counter(one.features[0] for one in self.episodes).most_common())

    def to_dict(self) -> dict[str, Any]:
        """Return what is told of this variant, for JSON."""
        settings = self.variant.assembly.settings
        return {
            "variant": self.variant.name,
            "said": self.variant.said,
            "tick_level": tick_level(settings.policy(), settings.every_ms),
            "windows": dict(sorted(self.statuses.items())),
            "events": dict(sorted(self.event_types.items())),
            "share_in_incident": self.share_in_incident(),
            "first_opened": iso(self.episodes[0].opened_ms) if self.episodes else None,
            "leading": self.leading(),
            "incidents": [episode.to_dict() for episode in self.episodes],
        }

    def _follow(self, event: DriftEvent) -> None:
        if event.type == "drift.opened":
            names = [feature["name"] for feature in event.features]
            since_ms = min(feature["since_ms"] for feature in event.features)
            end_ms: int = event.window["end_ms"]
            episode = Episode(since_ms, end_ms, names, event.features_total, event.severity, event.summary)
            self.episodes.append(episode)
            self.running[event.incident] = episode
        elif event.type == "drift.changed":
            episode = self.running[event.incident]
            episode.changes += 1
            episode.severity = max(episode.severity, event.severity, key=SEVERITIES.index)
        elif event.type == "drift.resolved":
            self.running.pop(event.incident).resolved_ms = event.window["end_ms"]


class Backtest:
    """Feeds files to one monitor per variant; ``run`` yields their ticks as windows become whole."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.ledger = Ledger()
        self.courses = [Course(variant, variant.assembly.new_monitors()) for variant in variants]

    def run(self, batches: Iterable[RawBatch]) -> Iterator[tuple[Variant, Tick]]:
        """Count batches in their order; yield every boundary of the schedule once per variant.

        Panes are handed over when nothing comes for them any more.
        """
        counting = self.courses[0].variant.assembly
        growing = GrowingPanes(counting.schedule)
        for panes, watermark_ms in counted(counting, decoded(counting, batches), self.ledger):
            for pane in panes:
                growing.add(pane)
            for pane in growing.whole(watermark_ms):
                for course in self.courses:
                    # A pane of its own for each: where segments are too many, theirs are added up.
                    course.monitors.add(replace(pane, counts=pane.counts.copy(), looks=pane.looks.in_order()))
            for course in self.courses:
                for tick in course.monitors.advance(watermark_ms):
                    course.note(tick)
                    yield course.variant, tick

    def summary(self) -> dict[str, Any]:
        """Return the ledger and what each variant made of history, for JSON."""
        assembly = self.courses[0].variant.assembly
        return {
            "monitor": assembly.settings.monitor.name,
            "baseline": assembly.baseline.fingerprint,
            "ledger": self.ledger.to_dict(),
            "variants": [course.to_dict() for course in self.courses],
        }


@dataclass(slots=True)
class GrowingPanes:
    """Panes that still grow."""

    schedule: Schedule
    open: dict[PaneKey, Pane] = field(default_factory=dict)

    def add(self, pane: Pane) -> None:
        """Add growth."""
        known = self.open.setdefault(pane.key, pane)
        if known is not pane:
            known.add(pane)

    def whole(self, watermark_ms: int | None) -> list[Pane]:
        """Return, in order of time, the panes that end at or before the watermark, and keep them no longer."""
        if watermark_ms is None:
            return []
        ended = [key for key in self.open if self.schedule.pane_end(key[1]) <= watermark_ms]
        return [self.open.pop(key) for key in sorted(ended, key=lambda key: (key[1], key[0]))]
