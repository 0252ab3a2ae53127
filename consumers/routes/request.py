"""What is sent over HTTP, and the words of an event that fill a template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

import orjson

from stream.drift_event import DriftEvent

_WHOLE = "$event"


@dataclass(frozen=True, slots=True)
class Request:
    """A POST; headers and address may hold secrets, and are not shown."""

    url: str = field(repr=False)
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def words(event: DriftEvent) -> dict[str, str]:
    """Return what templates may name, as text; "" where an event has none.

    The names are those of ``PLACEHOLDERS`` in the settings.
    """
    names = [str(feature["name"]) for feature in event.features]
    more = event.features_total - len(names)
    return {
        "id": event.id,
        "incident": event.incident,
        "type": event.type,
        "monitor": event.monitor,
        "severity": event.severity,
        "summary": event.summary,
        "advice": event.advice,
        "features": ", ".join(names) + (f" and {more} more" if more > 0 else ""),
        "features_total": str(event.features_total),
        "segment": ", ".join(f"{key}={value}" for key, value in sorted(event.segment.items())),
        "window_start": str(event.window.get("start", "")),
        "window_end": str(event.window.get("end", "")),
        "n": str(event.window.get("n", "")),
        "baseline": str(event.baseline.get("fingerprint", "")),
        "model": event.model or "",
        "model_version": event.model_version or "",
        "reason": event.reason or "",
        "state": event.state or "",
    }


def filled(text: str, event: DriftEvent) -> str:
    """Return a template with an event's words in it."""
    return Template(text).substitute(words(event))


def filled_all(shape: Any, event: DriftEvent) -> Any:
    """Return a structure whose texts are filled in; a text that is "$event" becomes the event itself."""
    if isinstance(shape, str):
        return event.to_dict() if shape == _WHOLE else filled(shape, event)
    if isinstance(shape, Mapping):
        return {key: filled_all(part, event) for key, part in shape.items()}
    return [filled_all(part, event) for part in shape] if isinstance(shape, list) else shape


def as_json(value: object) -> bytes:
    """Return JSON; moments of a TOML file become text."""
    return orjson.dumps(value, default=str)
