"""The topics that a joiner reads and writes: how they must lie beside the events, and how they are created."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consumers.settings import Settings
from consumers.topic_checks import TopicFacts
from stream.durations import UNITS_MS, format_duration

# Labelled events are read back for as long as predictions wait, and counted by whoever is away meanwhile.
_LEAST_KEPT_MS = 7 * UNITS_MS["d"]


@dataclass(frozen=True, slots=True)
class LabelTopics:
    """What is joined and where to, as found at start; None for one that did not exist."""

    events: TopicFacts
    labels: TopicFacts | None
    labelled: TopicFacts | None


def wanted(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Return the topics that labels need beside the others, with the settings to create them with; none without."""
    if settings.labels is None:
        return {}
    kept_ms = max(_LEAST_KEPT_MS, 2 * settings.labels.wait_ms)
    labelled = {"cleanup.policy": "delete", "retention.ms": str(kept_ms), "retention.bytes": "-1"}
    # Where the labels are on the events' own topic, that is there, or is missed elsewhere.
    if settings.topics.labels == settings.topics.events:
        return {settings.topics.labelled: labelled}
    return {settings.topics.labels: {}, settings.topics.labelled: labelled}


def partitions(settings: Settings, topics: LabelTopics) -> dict[str, int]:
    """Return how many partitions those get that are created: as many as the events have."""
    return dict.fromkeys(wanted(settings), topics.events.partitions)


def refusals(topics: LabelTopics) -> Iterator[str]:
    """Yield a sentence for each thing that would part labels from their predictions."""
    events = topics.events
    for topic, why in (
        (topics.labels, "a label is looked for beside the partition of the events with the same number"),
        (topics.labelled, "each partition of the events has its labelled events in the one of the same number"),
    ):
        if topic is not None and topic.partitions != events.partitions:
            yield (
                f'the topic "{topic.name}" has {topic.partitions} partitions and "{events.name}" {events.partitions}: '
                f"{why}; give both as many, and write both with the same key"
            )
    if topics.labelled is not None and "compact" in topics.labelled.configs.get("cleanup.policy", ""):
        yield (
            f'the topic "{topics.labelled.name}" has cleanup.policy = {topics.labelled.configs["cleanup.policy"]}: '
            "labelled events would be lost to compaction; set it to delete"
        )


def warnings(topics: LabelTopics, wait_ms: int) -> Iterator[str]:
    """Yield a sentence for each thing that a restart would show."""
    for topic, why in (
        (topics.events, "older predictions are not found again after a restart, and end without a label"),
        (topics.labelled, "after a restart it is not known of older predictions whether they have their label"),
    ):
        kept_ms = int(topic.configs.get("retention.ms", -1)) if topic is not None else -1
        if topic is not None and 0 <= kept_ms < wait_ms:
            yield (
                f'the topic "{topic.name}" keeps its records for {format_duration(kept_ms)}, and predictions wait '
                f"{format_duration(wait_ms)} for their labels: {why}; set its retention.ms to {wait_ms} or more"
            )
