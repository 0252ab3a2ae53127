"""Broker, rights and topics, asked without a group, a transaction or anything else that leaves a trace."""

from collections.abc import Collection, Iterator
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    BrokerResponseError,
    KafkaError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedVersionError,
)

from consumers import label_topics
from consumers.errors import SettingsError
from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import BOOTSTRAP_MS, until_answered
from consumers.kafka_reach import require_listener
from consumers.label_topics import LabelTopics
from consumers.preflight.line import Line
from consumers.settings import Settings
from consumers.settings.model import TOPIC_ROLES
from consumers.settings.places import nearest
from consumers.topic_checks import refusals, warnings
from consumers.topics import described, missing_topics, state_topics
from stream.durations import format_duration

# Asking for a group or a transaction makes a broker create these two, where they are not there yet.
_GROUPS, _TRANSACTIONS = "__consumer_offsets", "__transaction_state"


def kafka_lines(settings: Settings) -> Iterator[Line]:
    """Say what the broker allows and what topics are like; raises LogUnavailable or LogRefused where nobody answers."""
    require_listener(settings.kafka)
    with kafka_errors("Kafka cannot be asked"):
        admin = until_answered(lambda: _admin(settings))
        try:
            present = set(admin.list_topics())
            cluster = admin.describe_cluster()
            brokers = len(cluster["brokers"])
            yield Line("ok", "broker", "1 broker answers" if brokers == 1 else f"{brokers} brokers answer")
            yield from _events(admin, settings, present)
            yield from _own(admin, settings, present, cluster)
            yield from _state(admin, settings, present, brokers)
            yield from _labels(admin, settings, present)
            yield from _group_rights(admin, settings, present)
            yield from _transaction_rights(admin, settings, present)
        finally:
            admin.close()


def _admin(settings: Settings) -> Any:
    with kafka_errors("Kafka cannot be asked"):
        return KafkaAdminClient(**{"bootstrap_timeout_ms": BOOTSTRAP_MS, **settings.kafka.for_client("admin")})


def _events(admin: Any, settings: Settings, present: Collection[str]) -> Iterator[Line]:
    name = settings.topics.events
    if not name:
        yield Line("ok", "topics", "no topic of events: servers count by themselves")
        return
    if name not in present:
        guess = nearest(name, sorted(present))
        hint = f'write topics.events = "{guess}"' if guess else "name the topic that your events are on"
        yield Line("problem", "topics", f'there is no topic "{name}", or no right to see it (Describe)', hint)
        return
    yield from _right(admin, name, "READ", "the events cannot be read")
    facts = described(admin, [name])[name]
    parts = "1 partition" if facts.partitions == 1 else f"{facts.partitions} partitions"
    yield Line("ok", "topics", f'"{name}" has {parts}')
    kept_ms = int(facts.configs.get("retention.ms", -1))
    if 0 <= kept_ms < 2 * settings.window_ms:
        says = f'"{name}" keeps its records for {format_duration(kept_ms)}, less than two windows'
        yield Line("warning", "topics", says, "a driftline that was away as long loses events: keep them longer")


def _own(admin: Any, settings: Settings, present: Collection[str], cluster: Any) -> Iterator[Line]:
    """Look at what driftline writes to: is it there, may it be written, may it be created."""
    names = [getattr(settings.topics, role) for role in TOPIC_ROLES if role != "events"]
    for name in names:
        if name in present:
            yield from _right(admin, name, "WRITE", "it cannot be written")
    try:
        missing = list(missing_topics(settings, {*present, settings.topics.events}))
    except SettingsError as error:
        yield Line("problem", "topics", str(error).partition(": ")[2], "create them, or write topics.create = true")
        return
    if not missing:
        yield Line("ok", "topics", "driftline's own are all there")
        return
    allowed = cluster.get("authorized_operations")
    if allowed and "CREATE" not in allowed and "ALL" not in allowed:
        says = f"{', '.join(missing)} are not there, and no right to create topics was found (Create on the cluster)"
        yield Line("warning", "rights", says, "grant it, for the cluster or for these names, or create them")
    else:
        yield Line("ok", "topics", f"`driftline run` will create {', '.join(missing)}")


def _right(admin: Any, topic: str, operation: str, otherwise: str) -> Iterator[Line]:
    (found,) = admin.describe_topics([topic])
    allowed = found.get("authorized_operations")
    if allowed and operation not in allowed and "ALL" not in allowed:
        says = f'no right {operation.capitalize()} on the topic "{topic}": {otherwise}'
        yield Line("problem", "rights", says, f"grant {operation.capitalize()} on it to this user")


def _state(admin: Any, settings: Settings, present: Collection[str], brokers: int) -> Iterator[Line]:
    found, servers = state_topics(admin, settings, present), settings.kafka.bootstrap_servers
    for topic in found.found():
        if not topic.configs:
            yield Line("warning", "rights", f'the settings of "{topic.name}" may not be read', "grant DescribeConfigs")
    for sentence in refusals(found, servers):
        yield _sentence("problem", sentence)
    for sentence in warnings(found, servers, brokers):
        yield _sentence("warning", sentence)


def _labels(admin: Any, settings: Settings, present: Collection[str]) -> Iterator[Line]:
    topics = settings.topics
    if settings.labels is None or topics.events not in present:
        return
    if topics.labels not in present:
        says = f'there is no topic "{topics.labels}": `driftline run` creates it empty'
        yield Line("warning", "labels", says, "name the topic that the labels are on in topics.labels")
        return
    yield from _right(admin, topics.labels, "READ", "the labels cannot be read")
    facts = described(admin, [name for name in (topics.events, topics.labels, topics.labelled) if name in present])
    found = LabelTopics(facts[topics.events], facts.get(topics.labels), facts.get(topics.labelled))
    for sentence in label_topics.refusals(found):
        yield _sentence("problem", sentence)
    for sentence in label_topics.warnings(found, settings.labels.wait_ms):
        yield _sentence("warning", sentence)


def _sentence(level: Any, sentence: str) -> Line:
    says, _, change = sentence.rpartition("; ")
    return Line(level, "topics", says or change, change if says else "")


def _group_rights(admin: Any, settings: Settings, present: Collection[str]) -> Iterator[Line]:
    groups = [f"{settings.monitor.name}-{role}" for role in ("counter", "judge")]
    if _GROUPS not in present:
        yield Line("ok", "rights", "those for groups show when the first group of the cluster is made")
        return
    try:
        found = admin.describe_groups(groups)
    except AuthorizationError:
        found = {group: {"error": "not allowed"} for group in groups}
    for group in groups:
        told = found.get(group, {})
        allowed = told.get("authorized_operations")
        refused = "uthoriz" in str(told.get("error")) or told.get("error") == "not allowed"
        if refused or (allowed and "READ" not in allowed and "ALL" not in allowed):
            says = f'no right Read on the group "{group}": `driftline run` cannot join it'
            yield Line("problem", "rights", says, f'grant Read on groups that begin with "{settings.monitor.name}-"')
        elif told.get("members"):
            yield Line("ok", "groups", f'"{group}" has {len(told["members"])} members: driftline runs already')
    yield from _namesake(admin, settings, groups[0])


def _namesake(admin: Any, settings: Settings, counter: str) -> Iterator[Line]:
    """Tell of a monitor of the same name, whose state would become this one's."""
    try:
        read = {tp.topic for tp in admin.list_group_offsets({counter: None})[counter]}
    except AuthorizationError:
        return
    if others := sorted(read - {settings.topics.events}):
        name = settings.monitor.name
        says = f'"{name}" has been the monitor of the topic "{others[0]}", and would go on with its counts'
        yield Line("warning", "groups", says, "write another monitor.name, unless that is meant")


def _transaction_rights(admin: Any, settings: Settings, present: Collection[str]) -> Iterator[Line]:
    if _TRANSACTIONS not in present:
        return
    try:
        admin.describe_transactions([f"{settings.monitor.name}-counter-check"])
    except TransactionalIdAuthorizationFailedError:
        says = "no right Describe on driftline's transactional ids: nothing could be committed"
        change = f'grant Write and Describe on transactional ids that begin with "{settings.monitor.name}-"'
        yield Line("problem", "rights", says, change)
    except UnsupportedVersionError:
        yield Line("ok", "rights", "those for transactions cannot be asked for on this broker")
    except BrokerResponseError:
        # Nobody has used that id: whoever may not see it would have been told so.
        return
    except KafkaError as error:
        yield Line("warning", "rights", f"those for transactions cannot be told: {error}")
