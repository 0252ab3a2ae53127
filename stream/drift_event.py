"""The drift event: what leaves on the alerts topic, and explains itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stream.ids import digest
from stream.panes import OffsetRanges

SCHEMA_VERSION = 1
MOST_FEATURES = 50


def told_apart(segment: Mapping[str, str], model: str | None, model_version: str | None) -> dict[str, str]:
    """Return what tells events apart from the monitor's other ones: segment by name, model and version."""
    asked = {"model": model, "model_version": model_version}
    return dict(sorted(segment.items())) | {key: name for key, name in asked.items() if name is not None}


def label(monitor: str, told: Mapping[str, str], between: str = "|") -> str:
    """Return a monitor's name and what tells it apart.

    >>> label("prices", told_apart({"country": "DE"}, None, "7"))
    'prices|country=DE|model_version=7'
    """
    return between.join([monitor, *(f"{key}={name}" for key, name in told.items())])


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose events these are: the monitor, its segment and model, and the baseline it compares with."""

    monitor: str
    fingerprint: str
    reference_n: int
    segment: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    model_version: str | None = None

    @property
    def told_apart(self) -> dict[str, str]:
        """What tells these events apart from the monitor's other ones: segment, model and version."""
        return told_apart(self.segment, self.model, self.model_version)

    @property
    def label(self) -> str:
        """The monitor's name and what tells it apart, as Kafka keys have it."""
        return label(self.monitor, self.told_apart)

    def parts(self) -> tuple[str, ...]:
        """Return what makes ids unique to this monitor, segment and baseline."""
        told = [part for pair in self.told_apart.items() for part in pair]
        return (self.monitor, *told, self.fingerprint)


@dataclass(frozen=True, slots=True)
class TestedWindow:
    """The window a tick looked at: event times in UTC ms, rows, and the share of it that has data behind it."""

    start_ms: int
    end_ms: int
    n: int
    coverage: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the window as it stands in events."""
        return {"start": iso(self.start_ms), "end": iso(self.end_ms), **asdict(self)}


@dataclass(frozen=True, slots=True)
class DriftEvent:
    """One value of the alerts topic; field by field as the JSON Schema beside this file says."""

    id: str
    incident: str
    type: str
    monitor: str
    segment: dict[str, str]
    severity: str
    summary: str
    window: dict[str, Any]
    baseline: dict[str, Any]
    features_total: int = 0
    features: list[dict[str, Any]] = field(default_factory=list)
    offsets: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    advice: str = ""
    model: str | None = None
    model_version: str | None = None
    reason: str | None = None
    state: str | None = None
    concept: dict[str, Any] | None = None
    changes: list[dict[str, Any]] | None = None

    @property
    def label(self) -> str:
        """Whose event it is, as `Identity.label` says it."""
        return label(self.monitor, told_apart(self.segment, self.model, self.model_version))

    def to_dict(self) -> dict[str, Any]:
        """Return the event as it is published; a reason, a state or a model only where it has one."""
        data = {"schema_version": SCHEMA_VERSION, **asdict(self)}
        return {key: value for key, value in data.items() if value is not None}


def health_event(
    identity: Identity, window: TestedWindow, reason: str, state: str, sentence: str, began_ms: int
) -> DriftEvent:
    """Return a `monitor.health` event: a state of the monitor itself has begun or ended."""
    incident = digest("health", *identity.parts(), reason, str(began_ms))
    return DriftEvent(
        id=event_id(incident, f"monitor.health.{state}", window.end_ms),
        incident=incident,
        type="monitor.health",
        monitor=identity.monitor,
        segment=dict(identity.segment),
        severity="warning" if state == "begun" else "info",
        summary=sentence,
        window=window.to_dict(),
        baseline={"fingerprint": identity.fingerprint, "n": identity.reference_n},
        model=identity.model,
        model_version=identity.model_version,
        reason=reason,
        state=state,
    )


def event_id(incident: str, kind: str, end_ms: int) -> str:
    """Return the id of what is said of an incident at one tick."""
    return digest("event", incident, kind, str(end_ms))


def offsets_to_dict(ranges: OffsetRanges) -> dict[str, dict[str, list[int]]]:
    """Return offset ranges as JSON has them, in order of topic and partition."""
    return {
        topic: {str(partition): list(span) for partition, span in sorted(partitions.items())}
        for topic, partitions in sorted(ranges.items())
    }


def iso(time_ms: int) -> str:
    """Return UTC milliseconds as RFC 3339.

    >>> iso(0), iso(1_500)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500Z')
    """
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    text = moment.isoformat(timespec="milliseconds" if time_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")
