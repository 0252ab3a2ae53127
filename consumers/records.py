"""The records of driftline's own topics: counts, control, panes, memory; versioned, as msgpack without module names.

A counter writes counts records and, at the end of each transaction, a control record. The judge writes its panes and
its memory. All carry what they were counted on, baseline and panes: counts over other cells must never be added.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import msgspec

from baselines import Layout
from consumers.bookmark import Bookmark
from consumers.source import Place
from stream.ledger import Ledger
from stream.looks import Looks
from stream.memory import Memory
from stream.packing import pack, unpack
from stream.panes import OffsetRanges, Pane, PaneKey
from stream.refusals import RefusalState
from stream.schema_drift import SchemaState
from stream.segments import WHOLE, Segment
from stream.waiting import WaitState

RECORD_VERSION = 1


class RecordError(ValueError):
    """A record of driftline's own topics cannot be used; the message says why."""


class PaneChunk(msgspec.Struct, frozen=True, tag="pane"):
    """A chunk of what a pane grew (on the counts topic), or of a pane whole (on the panes topic)."""

    version: int
    counted_on: str
    start_ms: int
    chunk: bytes
    offsets: dict[str, dict[int, tuple[int, int]]] = {}
    first_ms: int | None = None
    # Which topic each name in ``offsets`` stood for, where the counter knew; on the counts topic only.
    topic_ids: dict[str, str] = {}
    segment: Segment = WHOLE
    # How many events the rows belong to, each counted where its first row is; None: as many as rows.
    events: int | None = None
    # What a sample of the events looked like; None where no event was looked at.
    looks: Looks | None = None


class PartitionFact(msgspec.Struct, frozen=True, array_like=True):
    """What a counter knows of one partition it owns: largest event time so far, and whether nothing more comes."""

    topic: str
    partition: int
    newest_ms: int | None
    idle: bool


class Control(msgspec.Struct, frozen=True, tag="control"):
    """The end of a counter's transaction: facts about its partitions, how many there are, and the ledger's growth.

    ``lost`` are offsets by topic and partition that were gone before they were read. ``refused`` has an example for
    each reason: where it is, and what is wrong with it.
    """

    version: int
    counted_on: str
    partitions: dict[str, int]
    facts: list[PartitionFact]
    ledger: dict[str, Any]
    lost: dict[str, dict[int, int]] = {}
    topic_ids: dict[str, str] = {}
    refused: dict[str, str] = {}


class TapReport(msgspec.Struct, frozen=True, tag="tap"):
    """What a process that counts by itself has counted since its last report: whole, in one record.

    ``run`` names the process from its start, or its fork, on; ``sequence`` numbers its reports from 0. ``ledger`` is
    the ledger's growth by these panes and whatever else it read. ``newest_ms`` is its largest event time so far; None
    says nothing of it. Who is silent for ``lease_ms`` of log time is taken for dead; ``closing`` says goodbye.
    """

    version: int
    counted_on: str
    run: str
    sequence: int
    lease_ms: int
    ledger: dict[str, Any]
    panes: list[PaneChunk] = []
    newest_ms: int | None = None
    idle: bool = False
    closing: bool = False


class TapRun(msgspec.Struct, array_like=True):
    """What the judge remembers of such a process: its latest report, and when on the leases' clock it was heard."""

    sequence: int
    heard_ms: int
    lease_ms: int
    speaks: bool = True


@dataclass(slots=True)
class TapMemory:
    """The leases' clock, the log's time behind it, the runs that were heard, and how many reports never came."""

    clock_ms: int = 0
    log_ms: int | None = None
    runs: dict[str, TapRun] = field(default_factory=dict)
    lost: int = 0
    repeated: int = 0


@dataclass(slots=True)
class JudgeMemory:
    """A judge's memory of one counts partition: each segment's monitor's, the watermark's facts, and the ledger.

    ``topic_ids`` holds the ids that each topic has had, the latest last; ``chunks`` is how many records of panes belong
    to the memory (None: not known); ``moved`` is the log time at which each partition's event time last grew.
    """

    monitors: list[tuple[Segment, Memory]]
    partitions: dict[str, int] = field(default_factory=dict)
    facts: list[PartitionFact] = field(default_factory=list)
    reached_ms: int | None = None
    ledger: dict[str, Any] = field(default_factory=lambda: Ledger().to_dict())
    lost: dict[str, dict[int, int]] = field(default_factory=dict)
    topic_ids: dict[str, list[str]] = field(default_factory=dict)
    bookmark: Bookmark = field(default_factory=Bookmark)
    chunks: int | None = None
    moved: list[tuple[str, int, int]] = field(default_factory=list)
    waiting: WaitState = field(default_factory=WaitState)
    version: int = RECORD_VERSION
    taps: TapMemory = field(default_factory=TapMemory)
    schema: SchemaState = field(default_factory=SchemaState)
    refusals: RefusalState = field(default_factory=RefusalState)


_COUNTS_TOPIC = msgspec.msgpack.Decoder(PaneChunk | Control | TapReport)
_PANES_TOPIC = msgspec.msgpack.Decoder(PaneChunk)
_MEMORY = msgspec.msgpack.Decoder(JudgeMemory)


def counts_partition(monitor: str, partitions: int) -> int:
    """Return the partition of the counts topic that a monitor's counts are on.

    Not the client's partitioner: every counter, in whatever language, must choose the same one.
    """
    return crc32(monitor.encode()) % partitions


def counts_moved(topic: str, partitions: int, known: int) -> str:
    """Return why a monitor whose counts were on partition ``known`` cannot go on, and what to do."""
    return (
        f"{topic} has {partitions} partitions now, with which this monitor's counts are on another one than partition "
        f"{known}, where they were; Kafka cannot take partitions away: name two new topics in topics.counts and "
        "topics.panes, where windows begin anew"
    )


def pane_chunks(pane: Pane, counted_on: str, topic_ids: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """Return a pane, or what it grew, as records that each fit into a message."""
    yield from map(msgspec.msgpack.encode, chunks_of(pane, counted_on, topic_ids))


def chunks_of(pane: Pane, counted_on: str, topic_ids: Mapping[str, str] | None = None) -> Iterator[PaneChunk]:
    """Return a pane, or what it grew, in parts that each fit into a message."""
    for number, chunk in enumerate(pack(pane.counts)):
        offsets = {} if number else pane.offsets
        ids = {} if number or not topic_ids else dict(topic_ids)
        # None, and the record no longer than it must be, where an event is a row.
        events = None if pane.events == pane.counts.rows else 0 if number else pane.events
        looks = pane.looks.in_order() if pane.looks.n and not number else None
        yield PaneChunk(
            RECORD_VERSION, counted_on, pane.start_ms, chunk, offsets, pane.first_ms, ids, pane.segment, events, looks
        )


def control(
    partitions: Mapping[str, int],
    facts: Iterable[PartitionFact],
    ledger: Ledger,
    counted_on: str,
    *,
    lost: Mapping[Place, int] | None = None,
    topic_ids: Mapping[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
) -> bytes:
    """Return the record that ends a counter's transaction."""
    gone: dict[str, dict[int, int]] = {}
    for (topic, partition), offsets in (lost or {}).items():
        gone.setdefault(topic, {})[partition] = offsets
    growth, ids, examples = ledger.to_dict(), dict(topic_ids or {}), dict(refused or {})
    record = Control(RECORD_VERSION, counted_on, dict(partitions), list(facts), growth, gone, ids, examples)
    return msgspec.msgpack.encode(record)


def read_counts_topic(value: bytes) -> PaneChunk | Control | TapReport:
    """Read a record of the counts topic, of whatever baseline; raises RecordError for another version."""
    record: PaneChunk | Control | TapReport = _checked(_COUNTS_TOPIC, value)
    return record


def read_pane(value: bytes) -> PaneChunk:
    """Read a record of the panes topic, of whatever baseline; raises RecordError for another version."""
    record: PaneChunk = _checked(_PANES_TOPIC, value)
    return record


def grow(panes: dict[PaneKey, Pane], record: PaneChunk, layout: Layout) -> None:
    """Add a chunk to the pane it belongs to; raises RecordError, with nothing added, for a damaged one."""
    try:
        counts = unpack([record.chunk], layout)
    except ValueError as error:
        raise RecordError(f"damaged counts: {error}") from error
    events = counts.rows if record.events is None else record.events
    looks = Looks() if record.looks is None else record.looks
    part = Pane(record.start_ms, counts, offsets_of(record), record.first_ms, record.segment, events, looks)
    known = panes.setdefault(part.key, part)
    if known is not part:
        known.add(part)


def offsets_of(record: PaneChunk) -> OffsetRanges:
    """Return the record's offsets as panes have them."""
    return {topic: dict(partitions) for topic, partitions in record.offsets.items()}


def write_memory(memory: JudgeMemory) -> bytes:
    """Return the judge's memory as bytes."""
    return msgspec.msgpack.encode(memory)


def read_memory(value: bytes) -> JudgeMemory:
    """Read what ``write_memory`` wrote; raises RecordError for what it did not."""
    try:
        memory: JudgeMemory = _MEMORY.decode(value)
    except msgspec.DecodeError as error:
        raise RecordError(f"not a judge's memory: {error}") from error
    if memory.version != RECORD_VERSION:
        raise RecordError(f"a judge's memory of version {memory.version}; this driftline reads {RECORD_VERSION}")
    return memory


def _checked(decoder: Any, value: bytes) -> Any:
    try:
        record = decoder.decode(value)
    except msgspec.DecodeError as error:
        raise RecordError(f"not a record of driftline: {error}") from error
    if record.version != RECORD_VERSION:
        raise RecordError(f"a record of version {record.version}; this driftline reads {RECORD_VERSION}")
    return record
