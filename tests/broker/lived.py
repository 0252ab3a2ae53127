"""A monitor of age and device over a broker, whose counters and judges come and go in this process."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from consumers.assembly import Assembly
from consumers.book import Book
from consumers.judge import Judge
from consumers.kafka_lookup import read_to_end
from consumers.kafka_loops import new_counter
from stream.watermark import Watermark
from tests.torture.recount import Recount
from tests.torture.verdict import plain

PARTITIONS = 4


def counted(assembly: Assembly) -> None:
    """Count what is on the topic."""
    counter = new_counter(assembly)
    ends = counter.end_offsets()
    while not counter.caught_up(ends):
        counter.step(0.2)
    counter.close()


def judged(judge: Judge) -> None:
    """Judge what is on the counts topic, commit all of it, and leave."""
    ends = judge.end_offsets()
    while not judge.caught_up(ends):
        judge.step(0.2)
    judge.finish()
    judge.close()


def bounds(assembly: Assembly, topic: str) -> tuple[int, int]:
    """Return the first offset of a topic's one partition and the one behind its last."""
    tp = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=list(assembly.settings.kafka.bootstrap_servers))
    with contextlib.closing(consumer):
        return consumer.beginning_offsets([tp])[tp], consumer.end_offsets([tp])[tp]


def held(assembly: Assembly) -> Book:
    """Return the book that the panes topic holds."""
    topics, consumer = assembly.settings.topics, assembly.settings.kafka.for_client("consumer")
    book = Book(assembly.new_monitors(), Watermark(assembly.settings.lateness_ms))
    book.restore(read_to_end(topics.panes, 0, consumer))
    return book


def assert_equals(recounted: Recount, assembly: Assembly, committed: Callable[..., list[Any]]) -> None:
    """Hold panes, ledger and drift events against the recount."""
    book = held(assembly)
    starts = sorted(book.monitors.any.pane_starts())
    assert starts == sorted(recounted.panes)[-len(starts) :]
    for start in starts:
        pane = book.monitors.any.pane(start)
        assert pane is not None
        assert plain(pane) == plain(recounted.panes[start])
    assert book.ledger.to_dict() == recounted.ledger.to_dict()
    events = [json.loads(record.value) for record in committed(assembly.settings.topics.alerts)]
    assert events == json.loads(json.dumps(recounted.events))


def judged_to(admin: KafkaAdminClient, assembly: Assembly) -> int:
    """Return the offset of the counts topic that the judges have committed."""
    group = f"{assembly.settings.monitor.name}-judge"
    offsets = admin.list_group_offsets({group: None})[group]
    return int(offsets[TopicPartition(assembly.settings.topics.counts, 0)].offset)
