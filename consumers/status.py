"""How every monitor looks now, and whether driftline itself is healthy: what was seen, and what follows from it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from stream.drift_event import iso
from stream.join_ledger import JoinLedger
from stream.waiting_events import place_names

STATUS_VERSION = 1
# The broker ends our transactions after ten seconds, and looks for such every ten.
_OURS_HANGS_AFTER_MS = 60_000
# A producer of events may have a time-out of its own, up to the broker's `transaction.max.timeout.ms`.
_THEIRS_HANGS_AFTER_MS = 900_000
# So few labels that most of them may be unmatched by chance, or because the topic was begun in the middle.
_LABELS_TO_JUDGE_BY = 100


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """Where a group stands in a partition; ``committed`` None: nowhere yet. ``lag`` is in offsets."""

    topic: str
    partition: int
    committed: int | None
    end: int
    lag: int


@dataclass(frozen=True, slots=True)
class GroupState:
    """A consumer group as its coordinator describes it; ``state`` is Kafka's word, or Absent."""

    role: str
    group: str
    state: str
    members: int
    partitions: tuple[PartitionLag, ...] = ()

    @property
    def lag(self) -> int:
        """Offsets not yet committed, over all partitions."""
        return sum(partition.lag for partition in self.partitions)


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that readers of committed records wait for; ``since_ms`` None where the broker would not say."""

    topic: str
    partition: int
    behind: int
    since_ms: int | None
    ours: bool

    def hangs(self, now_ms: int) -> bool:
        """Tell whether it has been open for longer than its time-out can be."""
        longest_ms = _OURS_HANGS_AFTER_MS if self.ours else _THEIRS_HANGS_AFTER_MS
        return self.since_ms is not None and now_ms - self.since_ms > longest_ms


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was read: statuses by monitor, groups, open transactions, topics that are not there.

    ``waits`` are the records of monitors whose windows wait for partitions, ``routes`` of routes that failed once.
    """

    statuses: tuple[dict[str, Any], ...]
    groups: tuple[GroupState, ...]
    transactions: tuple[OpenTransaction, ...] = ()
    missing_topics: tuple[str, ...] = ()
    waits: tuple[dict[str, Any], ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    # What became of predictions and labels; None where no labels are set.
    joined: JoinLedger | None = None

    def beside(self, other: "Seen") -> "Seen":
        """Return what both have seen, each thing once: two monitors share some of their topics."""
        return Seen(
            (*self.statuses, *other.statuses),
            (*self.groups, *other.groups),
            tuple(dict.fromkeys((*self.transactions, *other.transactions))),
            tuple(dict.fromkeys((*self.missing_topics, *other.missing_topics))),
            (*self.waits, *other.waits),
            self.routes,
            self.joined,
        )


def report(monitor: str, seen: Seen, now_ms: int) -> dict[str, Any]:
    """Return what is shown, as plain values; ``now_ms`` (UTC) only tells how old things are, and what hangs."""
    problems = [{"reason": reason, "detail": detail} for reason, detail in _problems(seen, now_ms)]
    return {
        "schema_version": STATUS_VERSION,
        "monitor": monitor,
        "healthy": not problems,
        "problems": problems,
        "monitors": [{**_aged(status, now_ms), "waiting": _waits_of(status, seen)} for status in seen.statuses],
        "groups": [{**asdict(group), "lag": group.lag} for group in seen.groups],
        "routes": list(seen.routes),
        "labels": None if seen.joined is None else seen.joined.to_dict(),
        "transactions": [{**asdict(open_one), "hanging": open_one.hangs(now_ms)} for open_one in seen.transactions],
    }


def _problems(seen: Seen, now_ms: int) -> Iterator[tuple[str, str]]:
    for topic in seen.missing_topics:
        yield "missing_topic", f"the topic {topic} does not exist"
    for group in seen.groups:
        if not group.members:
            yield "not_running", f"no {group.role} is running: the group {group.group} has no members"
    for transaction in seen.transactions:
        if transaction.hangs(now_ms):
            yield "hanging_transaction", _hanging(transaction)
    yield from _unmatched(seen.joined)
    for record in seen.waits:
        for reason, wait in record["waiting"].items():
            places = [(place["topic"], place["partition"]) for place in wait["partitions"]]
            yield reason, f"windows of {record['monitor']} wait for {place_names(places)} since {wait['since']}"
    for route in seen.routes:
        if route["failing"]:
            yield "route_failing", _failing(route)


def _failing(route: dict[str, Any]) -> str:
    return f"the route {route['route']} has not delivered since {route['since']}: {route['failing']}"


def _waits_of(status: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """Return what a monitor's windows wait for, by reason."""
    return next((wait["waiting"] for wait in seen.waits if wait["monitor"] == status.get("monitor")), {})


def _unmatched(joined: JoinLedger | None) -> Iterator[tuple[str, str]]:
    if joined is None:
        return
    labels = joined.labels - joined.labels_foreign
    if labels >= _LABELS_TO_JUDGE_BY and joined.unmatched > labels / 2:
        found = f"{joined.unmatched:,} of {labels:,} labels found no prediction with their id"
        why = "are both topics written with the same key, by clients that choose partitions alike?"
        yield "labels_unmatched", f"{found}: {why}"


def _hanging(transaction: OpenTransaction) -> str:
    place = f"{transaction.topic}-{transaction.partition}"
    return (
        f"{place}: a transaction is open since {iso(transaction.since_ms or 0)} and holds back {transaction.behind} "
        f"offsets; look at it with kafka-transactions.sh find-hanging, and abort it there"
    )


def _aged(status: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Add how far the watermark lies behind the clock: tells about replayed or late traffic, and is no fault."""
    watermark = status.get("watermark")
    if watermark is None:
        return {**status, "watermark_behind_s": None}
    reached_s = datetime.fromisoformat(watermark).timestamp()
    return {**status, "watermark_behind_s": round(now_ms / 1000 - reached_s, 3)}
