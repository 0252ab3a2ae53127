"""Between the watermark and the records that speak of it: what was heard of each partition, and what is remembered."""

from collections.abc import Iterable, Mapping

from consumers.records import JudgeMemory, PartitionFact
from stream.watermark import Watermark


def expect(watermark: Watermark, partitions: Mapping[str, int], log_ms: int | None) -> None:
    """List every partition of topics with so many of them, whether or not anything was heard of it."""
    for topic, count in partitions.items():
        for partition in range(count):
            watermark.expect((topic, partition), log_ms)


def observe(watermark: Watermark, facts: Iterable[PartitionFact], log_ms: int | None = None) -> None:
    """Take what a counter said of its partitions; ``log_ms`` is the timestamp of the record in which it did."""
    for fact in facts:
        watermark.observe((fact.topic, fact.partition), fact.newest_ms, idle=fact.idle, log_ms=log_ms)


def facts_of(watermark: Watermark) -> list[PartitionFact]:
    """Return what was heard of every partition, in their order."""
    known = sorted(watermark.newest_ms.items())
    return [PartitionFact(*place, newest_ms, place in watermark.idle) for place, newest_ms in known]


def moved_of(watermark: Watermark) -> list[tuple[str, int, int]]:
    """Return topic, partition and the log time at which its event time last grew, in their order."""
    return [(*place, moved_ms) for place, moved_ms in sorted(watermark.moved_ms.items())]


def restore(watermark: Watermark, memory: JudgeMemory) -> None:
    """Let a watermark that has seen nothing go on from a memory."""
    observe(watermark, memory.facts)
    watermark.reached_ms = memory.reached_ms
    watermark.moved_ms = {(topic, partition): moved_ms for topic, partition, moved_ms in memory.moved}
