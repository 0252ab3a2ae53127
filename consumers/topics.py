"""driftline's own topics: created when missing, with settings that make its state cheap to keep and to read back.

Those that exist already are looked at: what would lose state is refused, what only costs more is said.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from consumers import label_topics
from consumers.errors import SettingsError
from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import BOOTSTRAP_MS, until_answered
from consumers.label_topics import LabelTopics
from consumers.settings import Settings
from consumers.topic_checks import StateTopics, TopicFacts, refusals, warnings

# Counts are cut behind the judge, never by age; compaction must keep up with panes that are written again and again.
# Written out, for a cluster's own defaults may be limits.
_COUNTS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "segment.bytes": "67108864",
    # Waits are measured by these timestamps: by the broker's clock, not by that of each counter's host.
    "message.timestamp.type": "LogAppendTime",
}
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": "16777216",
    "segment.ms": "600000",
    "max.compaction.lag.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": "86400000",
}
_log = logging.getLogger("driftline.topics")


def ensure_topics(settings: Settings) -> None:
    """Create the missing topics, all but the events; returns when each has a leader.

    Raises SettingsError when the events topic, or one that may not be created, does not exist, and when one that exists
    has settings that would lose state.
    """
    until_answered(lambda: _ensure(settings))


def _ensure(settings: Settings) -> None:
    with kafka_errors("topics cannot be listed or created"):
        admin = KafkaAdminClient(**{"bootstrap_timeout_ms": BOOTSTRAP_MS, **settings.kafka.for_client("admin")})
        try:
            present = set(admin.list_topics())
            missing = missing_topics(settings, present)
            found = state_topics(admin, settings, present)
            _check(admin, settings, found)
            partitions = {**_partitions(settings, found), **_label_partitions(admin, settings, present)}
            _create(admin, missing, partitions, settings.topics.replication_factor)
        finally:
            admin.close()


def missing_topics(settings: Settings, present: Collection[str]) -> dict[str, Mapping[str, str]]:
    """Return the topics to create with their settings; raises SettingsError where that cannot be."""
    topics = settings.topics
    if topics.events and topics.events not in present:
        raise SettingsError(
            f'{settings.path}: topics.events: the topic "{topics.events}" does not exist at '
            f"{', '.join(settings.kafka.bootstrap_servers)}; name the topic that your events are on"
        )
    wanted: dict[str, Mapping[str, str]] = {
        topics.counts: _COUNTS,
        topics.panes: _COMPACTED,
        topics.status: _COMPACTED,
        topics.alerts: {},
        topics.rejects: {},
        **label_topics.wanted(settings),
    }
    missing = {name: configs for name, configs in wanted.items() if name not in present}
    if missing and not topics.create:
        raise SettingsError(
            f"{settings.path}: topics.create is false and these topics do not exist: {', '.join(missing)}; "
            "create them, or write create = true"
        )
    return missing


def _check(admin: KafkaAdminClient, settings: Settings, found: StateTopics) -> None:
    """Raise SettingsError with the first thing that would lose state; warn of the rest."""
    servers = settings.kafka.bootstrap_servers
    for sentence in refusals(found, servers):
        raise SettingsError(f"{settings.path}: topics: {sentence}")
    for topic in found.found():
        if not topic.configs:
            _log.warning('the settings of "%s" may not be read here (DescribeConfigs) and are not checked', topic.name)
    if found.found():
        for sentence in warnings(found, servers, brokers=len(admin.describe_cluster()["brokers"])):
            _log.warning("%s", sentence)


def state_topics(admin: KafkaAdminClient, settings: Settings, present: Collection[str]) -> StateTopics:
    """Return those of the topics with state that are among the present ones."""
    topics = settings.topics
    facts = described(admin, [name for name in (topics.counts, topics.panes, topics.status) if name in present])
    return StateTopics(facts.get(topics.counts), facts.get(topics.panes), facts.get(topics.status))


def _label_partitions(admin: KafkaAdminClient, settings: Settings, present: Collection[str]) -> dict[str, int]:
    """Return how many partitions the topics of labels get, where there are labels.

    Raises SettingsError where those that exist would part labels from their predictions; warns of the rest.
    """
    if settings.labels is None:
        return {}
    topics = settings.topics
    facts = described(admin, [name for name in (topics.events, topics.labels, topics.labelled) if name in present])
    found = LabelTopics(facts[topics.events], facts.get(topics.labels), facts.get(topics.labelled))
    for sentence in label_topics.refusals(found):
        raise SettingsError(f"{settings.path}: topics: {sentence}")
    for sentence in label_topics.warnings(found, settings.labels.wait_ms):
        _log.warning("%s", sentence)
    return label_topics.partitions(settings, found)


def described(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, TopicFacts]:
    """Return what topics that exist are like, by name."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs = admin.describe_configs(resources, config_filter="all").get("topic", {})
    return {topic["name"]: _facts(topic, configs) for topic in admin.describe_topics(names)}


def _facts(topic: Mapping[str, Any], configs: Mapping[str, Any]) -> TopicFacts:
    copies = min((len(partition["replica_nodes"]) for partition in topic["partitions"]), default=0)
    values = {key: config["value"] for key, config in configs.get(topic["name"], {}).items()}
    return TopicFacts(topic["name"], len(topic["partitions"]), copies, values)


def _partitions(settings: Settings, found: StateTopics) -> dict[str, int]:
    """Return how many partitions a missing topic gets where it is not one: panes as many as counts, and back."""
    known = found.counts or found.panes
    count = known.partitions if known else 1
    return {settings.topics.counts: count, settings.topics.panes: count}


def _create(
    admin: KafkaAdminClient,
    missing: Mapping[str, Mapping[str, str]],
    partitions: Mapping[str, int],
    replication_factor: int,
) -> None:
    for name, configs in missing.items():
        topic = {
            "num_partitions": partitions.get(name, 1),
            "replication_factor": replication_factor,
            "configs": dict(configs),
        }
        try:
            admin.create_topics({name: topic}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            # Another member was quicker.
            continue
