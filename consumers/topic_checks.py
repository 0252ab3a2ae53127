"""Topics that exist already: which of their settings would lose driftline's state, and which only cost more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# Compaction that waits longer makes a judge read more at its start than the panes of its window.
_LONGEST_LAG_MS = 3_600_000
_SMALLEST_MESSAGE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What a topic is like: partitions, copies of each, and its settings by Kafka's names, defaults among them.

    ``configs`` is empty where we may not read them.
    """

    name: str
    partitions: int
    copies: int
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateTopics:
    """The topics that hold state, as found at start; None for one that did not exist."""

    counts: TopicFacts | None
    panes: TopicFacts | None
    status: TopicFacts | None

    def found(self) -> list[TopicFacts]:
        """Return those that exist."""
        return [topic for topic in (self.counts, self.panes, self.status) if topic is not None]


def refusals(topics: StateTopics, servers: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each thing that would lose state: topic, setting, value wanted, the command for it."""
    counts, panes = topics.counts, topics.panes
    if counts is not None:
        # All counts of a monitor have one key, and every record of it is needed until it is judged.
        yield from _must_be(counts, "cleanup.policy", "delete", "counts would be lost to compaction", servers)
        for key in ("retention.ms", "retention.bytes"):
            yield from _must_be(counts, key, "-1", "counts would be deleted before they are judged", servers)
    if panes is not None:
        yield from _must_be(panes, "cleanup.policy", "compact", "the judge's memory would be deleted", servers)
    if counts is not None and panes is not None and counts.partitions != panes.partitions:
        yield (
            f'the topic "{panes.name}" has {panes.partitions} partitions and "{counts.name}" {counts.partitions}: '
            "each partition of the counts keeps its panes in the one of the same number; give both as many "
            "partitions as the one had that driftline ran with, or name two new topics"
        )


def warnings(topics: StateTopics, servers: Sequence[str], brokers: int) -> Iterator[str]:
    """Yield a sentence for each thing that loses nothing, but costs time, space or safety."""
    if topics.status is not None:
        why = "the latest status is deleted by age, or kept beside all the earlier ones"
        yield from _must_be(topics.status, "cleanup.policy", "compact", why, servers)
    if topics.counts is not None:
        why = "how long windows wait is measured by the clocks of the counters' hosts"
        yield from _must_be(topics.counts, "message.timestamp.type", "LogAppendTime", why, servers)
    if topics.panes is not None:
        lag_ms = int(topics.panes.configs.get("max.compaction.lag.ms", 0))
        if lag_ms > _LONGEST_LAG_MS:
            why = "a judge reads every writing of its panes at its start"
            yield _sentence(topics.panes, "max.compaction.lag.ms", "600000", why, servers)
    for topic in topics.found():
        yield from _expensive(topic, servers, brokers)


def _expensive(topic: TopicFacts, servers: Sequence[str], brokers: int) -> Iterator[str]:
    if int(topic.configs.get("max.message.bytes", _SMALLEST_MESSAGE_BYTES)) < _SMALLEST_MESSAGE_BYTES:
        why = "records of many features may not fit"
        yield _sentence(topic, "max.message.bytes", "1048588", why, servers)
    if topic.copies == 1 and brokers > 1:
        yield f'the topic "{topic.name}" has one copy: with its broker the state is lost; 3 copies are usual'
    in_sync = int(topic.configs.get("min.insync.replicas", 0))
    if in_sync > 1 and in_sync >= topic.copies:
        why = f"with {topic.copies} copies nothing can be written while one broker is down"
        yield _sentence(topic, "min.insync.replicas", str(max(1, topic.copies - 1)), why, servers)
    if topic.copies > 2 and in_sync == 1:
        why = "what one broker alone acknowledged may be lost with it"
        yield _sentence(topic, "min.insync.replicas", "2", why, servers)


def _must_be(topic: TopicFacts, key: str, wanted: str, otherwise: str, servers: Sequence[str]) -> Iterator[str]:
    if topic.configs.get(key, wanted) != wanted:
        yield _sentence(topic, key, wanted, otherwise, servers)


def _sentence(topic: TopicFacts, key: str, wanted: str, why: str, servers: Sequence[str]) -> str:
    return (
        f'the topic "{topic.name}" has {key} = {topic.configs.get(key)}: {why}; set it to {wanted}: '
        f"kafka-configs --bootstrap-server {servers[0]} --alter --entity-type topics --entity-name {topic.name} "
        f"--add-config {key}={wanted}"
    )
