"""driftline's own topics: created when missing, with settings that make its state cheap to keep and to read back."""

from collections.abc import Mapping

from kafka import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from consumers.errors import SettingsError
from consumers.kafka_source import BOOTSTRAP_MS, kafka_errors, until_answered
from consumers.settings import Settings

# Counts are cut behind the judge, never by age; compaction must keep up with panes that are written again and again.
_COUNTS = {"cleanup.policy": "delete", "retention.ms": "-1", "segment.bytes": "67108864"}
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": "16777216",
    "segment.ms": "600000",
    "max.compaction.lag.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": "86400000",
}


def ensure_topics(settings: Settings) -> None:
    """Create the missing topics, all but the events; returns when each has a leader.

    Raises SettingsError when the events topic, or one that may not be created, does not exist.
    """
    until_answered(lambda: _ensure(settings))


def _ensure(settings: Settings) -> None:
    topics = settings.topics
    wanted = {
        topics.counts: _COUNTS,
        topics.panes: _COMPACTED,
        topics.status: _COMPACTED,
        topics.alerts: {},
        topics.rejects: {},
    }
    with kafka_errors("topics cannot be listed or created"):
        admin = KafkaAdminClient(**{"bootstrap_timeout_ms": BOOTSTRAP_MS, **settings.kafka.for_client("admin")})
        try:
            present = set(admin.list_topics())
            if topics.events not in present:
                raise SettingsError(
                    f'{settings.path}: topics.events: the topic "{topics.events}" does not exist at '
                    f"{', '.join(settings.kafka.bootstrap_servers)}; name the topic that your events are on"
                )
            missing = {name: configs for name, configs in wanted.items() if name not in present}
            if missing and not topics.create:
                raise SettingsError(
                    f"{settings.path}: topics.create is false and these topics do not exist: {', '.join(missing)}; "
                    "create them, or write create = true"
                )
            _create(admin, missing, topics.replication_factor)
        finally:
            admin.close()


def _create(admin: KafkaAdminClient, missing: Mapping[str, Mapping[str, str]], replication_factor: int) -> None:
    for name, configs in missing.items():
        topic = {"num_partitions": 1, "replication_factor": replication_factor, "configs": dict(configs)}
        try:
            admin.create_topics({name: topic}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            # Another member was quicker.
            continue
