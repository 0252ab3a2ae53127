"""The monitor of labelled events, which follows from the settings of the events and their labels."""

from typing import Any

from consumers.decode.format_names import JSON
from consumers.settings.labels import labelled_path
from consumers.settings.model import Settings
from consumers.settings.sections import EventSettings


def performance_of(settings: Settings) -> Settings | None:
    """Return the settings of the monitor of labelled events, as if they had a file of their own; None without labels.

    What is not said under [labels] is as for the events: the schedule, the decision, the thresholds, the features.
    """
    labels, topics = settings.labels, settings.topics
    if labels is None:
        return None
    name = f"{settings.monitor.name}.performance"
    own = {role: f"{name}.{role}" for role in ("counts", "panes", "status")}
    changes: dict[str, Any] = {
        "monitor": settings.monitor.model_copy(update={"name": name, "baseline": labels.baseline}),
        "schedule": labels.schedule(settings.schedule),
        "events": _events(settings.events),
        "topics": topics.model_copy(update={**own, "events": topics.labelled}),
        "labels": None,
        # Both monitors share the alerts topic, which is delivered once.
        "routes": {},
    }
    return settings.model_copy(update=changes)


def _events(events: EventSettings) -> EventSettings:
    paths = {path: labelled_path(path, events.features) for path in events.told_apart_by}
    return events.model_copy(
        update={
            "timestamp": "label_ts",
            "timestamp_unit": "ms",
            "id": "id",
            "format": JSON,
            "names": (),
            "side": "request",
            "features": "features",
            "more_features": (),
            "where": {},
            "segment": tuple(paths[path] for path in events.segment),
            "model": paths.get(events.model or ""),
            "model_version": paths.get(events.model_version or ""),
        }
    )
