"""What Kafka itself knows of a monitor: its latest status, its groups and their lag, transactions that hang."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import AuthorizationError, KafkaError, UnsupportedVersionError
from kafka.protocol.consumer import IsolationLevel

from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import BOOTSTRAP_MS, read_to_end
from consumers.kafka_takeover import note_of
from consumers.lane import read_lane_note
from consumers.settings import Settings
from consumers.settings.model import LABEL_TOPICS, TOPIC_ROLES
from consumers.settings.performance import performance_of
from consumers.status import GroupState, OpenTransaction, PartitionLag, Seen
from stream.join_ledger import JoinLedger

# Which topics each role reads.
_READS = {"counter": ("events",), "judge": ("counts",)}
_GONE = "Dead"
_PATIENCE_S, _PAUSE_S = 10.0, 0.3
_T = TypeVar("_T")
_Ends = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class _Offsets:
    earliest: _Ends
    stable: _Ends
    end: _Ends


def look(settings: Settings) -> Seen:
    """Read the status topics to their end, and ask for groups, offsets and open transactions.

    Where labels are set, that is of both monitors. Raises LogUnavailable or LogRefused when Kafka cannot be asked.
    """
    performance = performance_of(settings)
    seen = _look(settings)
    return seen if performance is None else seen.beside(_look(performance))


def _look(settings: Settings) -> Seen:
    with kafka_errors("the monitor's state cannot be read"):
        admin = KafkaAdminClient(**{"bootstrap_timeout_ms": BOOTSTRAP_MS, **settings.kafka.for_client("admin")})
        try:
            partitions, seen = _patiently(lambda: _asked(admin, settings))
        finally:
            admin.close()
    told = _told(settings, partitions["status"])
    statuses = tuple(status for status in told if "waiting" not in status and "route" not in status)
    waits = tuple(status for status in told if "waiting" in status)
    # A route that was taken out of the configuration is of no interest any more.
    routes = tuple(status for status in told if status.get("route") in settings.routes)
    return replace(seen, statuses=statuses, waits=waits, routes=routes)


def _patiently(ask: Callable[[], _T]) -> _T:
    """Ask again while leaders move, or while a new cluster creates the topic of its groups' offsets."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline_s:
                raise
        time.sleep(_PAUSE_S)


def _asked(admin: KafkaAdminClient, settings: Settings) -> tuple[dict[str, list[TopicPartition]], Seen]:
    partitions = _partitions(admin, settings)
    offsets = _offsets(admin, [tp for some in partitions.values() for tp in some])
    groups = tuple(_groups(admin, settings, partitions, offsets))
    joined = _joined(admin, settings) if settings.labels is not None else None
    transactions = tuple(_open_transactions(admin, settings, offsets))
    missing = tuple(getattr(settings.topics, role) for role, found in partitions.items() if not found)
    return partitions, Seen((), groups, transactions, missing, joined=joined)


def _partitions(admin: KafkaAdminClient, settings: Settings) -> dict[str, list[TopicPartition]]:
    """Return the partitions of each role's topic; none where there is no such topic."""
    roles = TOPIC_ROLES if settings.labels is None else TOPIC_ROLES + LABEL_TOPICS
    names = {role: name for role in roles if (name := getattr(settings.topics, role))}
    present = set(admin.list_topics())
    described = admin.describe_topics([name for name in names.values() if name in present])
    numbers = {topic["name"]: sorted(part["partition_index"] for part in topic["partitions"]) for topic in described}
    # A monitor whose events are counted by taps alone has no topic of events, and none is missing.
    return {role: [TopicPartition(name, number) for number in numbers.get(name, [])] for role, name in names.items()}


def _offsets(admin: KafkaAdminClient, partitions: list[TopicPartition]) -> _Offsets:
    latest = dict.fromkeys(partitions, OffsetSpec.LATEST)
    earliest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    # The stable end first: asked for second, it could lie behind records that came meanwhile and are no transaction's.
    stable = admin.list_partition_offsets(latest, isolation_level=IsolationLevel.READ_COMMITTED)
    end = admin.list_partition_offsets(latest)
    return _Offsets(*({tp: found.offset for tp, found in answer.items()} for answer in (earliest, stable, end)))


def _groups(
    admin: KafkaAdminClient, settings: Settings, partitions: Mapping[str, list[TopicPartition]], offsets: _Offsets
) -> Iterator[GroupState]:
    reads = _READS if settings.labels is None else {**_READS, "joiner": ("events", "labels")}
    reads = {**reads, **{f"route-{name}": ("alerts",) for name in settings.routes}}
    reads = {role: topics for role, topics in reads.items() if topics[0] in partitions}
    names = {role: f"{settings.monitor.name}-{role}" for role in reads}
    described = admin.describe_groups(list(names.values()))
    committed = admin.list_group_offsets(dict.fromkeys(names.values()))
    for role, topics in reads.items():
        group = described[names[role]]
        state = group["group_state"] or _GONE
        members, known = len(group["members"] or ()), committed[names[role]]
        lags = tuple(_lag(tp, known.get(tp), offsets) for topic in topics for tp in partitions[topic])
        yield GroupState(role, names[role], "Absent" if state == _GONE else state, members, lags)


def _joined(admin: KafkaAdminClient, settings: Settings) -> JoinLedger:
    """Return the ledger of all lanes: each stands beside the committed offset of its partition."""
    group, ledger = f"{settings.monitor.name}-joiner", JoinLedger()
    for tp, committed in admin.list_group_offsets({group: None})[group].items():
        if tp.topic == settings.topics.events:
            ledger.add(read_lane_note(note_of(committed.metadata or "")).read_ledger())
    return ledger


def _lag(tp: TopicPartition, committed: Any, offsets: _Offsets) -> PartitionLag:
    # Offsets are -1 where nothing was committed; a deleted beginning cannot be read any more.
    offset = committed.offset if committed is not None and committed.offset >= 0 else None
    begin = max(offset or 0, offsets.earliest[tp])
    return PartitionLag(tp.topic, tp.partition, offset, offsets.end[tp], max(0, offsets.end[tp] - begin))


def _open_transactions(admin: KafkaAdminClient, settings: Settings, offsets: _Offsets) -> Iterator[OpenTransaction]:
    """Yield who holds back a stable end; without the right to ask, only that somebody does."""
    held = [tp for tp in offsets.end if offsets.stable[tp] < offsets.end[tp]]
    try:
        producers = admin.describe_producers(held) if held else {}
    except (AuthorizationError, UnsupportedVersionError):
        producers = {}
    for tp in held:
        active = producers[tp].active_producers if tp in producers else ()
        since = [state.last_timestamp for state in active if state.current_transaction_start_offset >= 0]
        behind = offsets.end[tp] - offsets.stable[tp]
        ours = tp.topic != settings.topics.events
        if since or tp not in producers:
            yield OpenTransaction(tp.topic, tp.partition, behind, min(since, default=None), ours)


def _told(settings: Settings, partitions: list[TopicPartition]) -> tuple[dict[str, Any], ...]:
    """Return the latest record of each key of the status topic."""
    latest: dict[bytes, bytes | None] = {}
    for tp in partitions:
        latest.update(read_to_end(tp.topic, tp.partition, settings.kafka.for_client("consumer")))
    return tuple(orjson.loads(value) for _, value in sorted(latest.items()) if value is not None)
