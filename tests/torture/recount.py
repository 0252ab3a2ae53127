"""What should be on the topics: the events counted again, in one process, without a group, a transaction or a fault."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from consumers.assembly import Assembly
from consumers.decode import Decoder
from consumers.raw import RawBatch
from stream.ledger import Ledger
from stream.monitor import Tick
from stream.panes import Pane
from stream.tally import Tallier
from stream.watermark import Watermark
from tests.torture.traffic import PARTITIONS

# Topic partition, offset, reason.
RejectKey = tuple[int, int, str]


@dataclass(slots=True)
class Recount:
    """Everything that does not depend on what happened on the way."""

    panes: dict[int, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    rejects: Counter[RejectKey] = field(default_factory=Counter)
    newest_ms: dict[int, int] = field(default_factory=dict)
    # How many records the topic has, by its own account.
    records: int = 0
    # Start and end of each tested window (UTC ms), its rows, its status; the last of them ends the run.
    windows: list[tuple[int, int, int, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def take(self, other: "Recount") -> None:
        """Add what somebody else counted."""
        for pane in other.panes.values():
            _grow(self.panes, pane)
        self.ledger.add(other.ledger)
        self.records += other.records


def recount(assembly: Assembly, servers: Sequence[str]) -> Recount:
    """Count the events topic again, and judge the panes once all of them are whole."""
    found = count_again(assembly, servers)
    judge(assembly, found)
    return found


def count_again(assembly: Assembly, servers: Sequence[str]) -> Recount:
    """Count the events topic again; nothing is judged yet."""
    found = Recount()
    decoder, tallier = assembly.new_decoder(), assembly.new_tallier()
    topic = assembly.settings.topics.events
    for partition in range(PARTITIONS):
        newest_ms: int | None = None
        for batch in _batches(servers, topic, partition):
            newest_ms = count_batch(found, batch, decoder, tallier, newest_ms)
        if newest_ms is not None:
            found.newest_ms[partition] = newest_ms
    found.records = _records(servers, topic)
    return found


def count_batch(
    found: Recount, batch: RawBatch, decoder: Decoder, tallier: Tallier, newest_ms: int | None
) -> int | None:
    """Count the next records of a partition; return its largest event time so far."""
    decoded = decoder.decode(batch)
    found.ledger.read += len(batch)
    found.ledger.foreign += decoded.foreign
    for reject in decoded.rejected:
        found.ledger.rejected[reject.reason] += 1
        found.rejects[batch.partition, reject.offset, reject.reason] += 1
    rows, newest_ms = tallier.sift(decoded.rows, newest_ms, found.ledger)
    for run in tallier.runs(rows):
        for pane in tallier.panes((batch.topic, batch.partition), run):
            _grow(found.panes, pane)
    return newest_ms


def read_committed(servers: Sequence[str], topic: str, partition: int = 0) -> Iterator[list[Any]]:
    """Yield the committed records of a partition in offset order, poll by poll, up to the end it has now."""
    tp = TopicPartition(topic, partition)
    consumer = KafkaConsumer(
        bootstrap_servers=list(servers),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=20_000,
        max_partition_fetch_bytes=8_388_608,
    )
    with contextlib.closing(consumer):
        consumer.assign([tp])
        end = consumer.end_offsets([tp])[tp]
        while consumer.position(tp) < end:
            yield consumer.poll(timeout_ms=500).get(tp, [])


def all_committed(servers: Sequence[str], topic: str, partition: int = 0) -> Iterator[Any]:
    """Yield the committed records of a partition in offset order, up to the end it has now."""
    return (record for records in read_committed(servers, topic, partition) for record in records)


def first_offset(servers: Sequence[str], topic: str, partition: int = 0) -> int:
    """Return the first offset that a partition still has."""
    tp = TopicPartition(topic, partition)
    with contextlib.closing(KafkaConsumer(bootstrap_servers=list(servers))) as consumer:
        return int(consumer.beginning_offsets([tp])[tp])


def _records(servers: Sequence[str], topic: str) -> int:
    with contextlib.closing(KafkaConsumer(bootstrap_servers=list(servers))) as consumer:
        ends = consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
    return sum(ends.values())


def _batches(servers: Sequence[str], topic: str, partition: int) -> Iterator[RawBatch]:
    for records in read_committed(servers, topic, partition):
        if records:
            offsets = [record.offset for record in records]
            values, times = [record.value for record in records], [record.timestamp for record in records]
            yield RawBatch(topic, partition, offsets, values, times)


def _grow(panes: dict[int, Pane], pane: Pane) -> None:
    known = panes.setdefault(pane.start_ms, pane)
    if known is not pane:
        known.add(pane)


def judge(assembly: Assembly, found: Recount) -> None:
    """Give all panes to a monitor, each once and whole, and note what it says."""
    monitor, watermark = assembly.new_monitors(), Watermark(assembly.settings.lateness_ms)
    for partition, newest_ms in found.newest_ms.items():
        watermark.observe(("events", partition), newest_ms)
    for pane in found.panes.values():
        monitor.add(pane)
    for tick in monitor.advance(watermark.current_ms()):
        found.windows.append(seen(tick))
        found.events.extend(event.to_dict() for event in tick.events)


def seen(tick: Tick) -> tuple[int, int, int, str]:
    """Return what a tick was about."""
    return tick.window.start_ms, tick.window.end_ms, tick.window.n, tick.status
