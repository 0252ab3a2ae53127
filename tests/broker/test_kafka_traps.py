"""What Kafka and its client do that would lose or double counts, each met by the source and the sink on a real broker.

The numbers are those of docs/kafka-traps.md. Traps of topics and settings have a file of their own.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

import consumers.kafka_sink
from consumers.kafka_lookup import read_to_end
from consumers.kafka_sink import KafkaSink
from consumers.kafka_source import KafkaSource
from consumers.local_kafka import LocalKafka
from consumers.source import LogUnavailable, Place, Position
from tests.broker.trap_stage import EVENTS, WAIT_S, Stage, counted, owned, polled, until, values


def test_trap_1_a_commit_that_lost_a_batch_is_no_commit(
    new_stage: Callable[..., Stage], committed: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the future of a batch knows that it was lost, the client commits and returns well."""

    class Lost:  # a future
        def get(self, timeout: float) -> None:
            raise KafkaTimeoutError(f"the batch expired, {timeout}")

    class Losing(KafkaProducer):
        def send(self, topic: str, **record: Any) -> Any:
            if record["value"] != b"lost":
                return super().send(topic, **record)
            return Lost()

    monkeypatch.setattr(consumers.kafka_sink, "KafkaProducer", Losing)
    stage = new_stage()
    source, sink = stage.source(), stage.sink()
    owned(source)
    membership = polled(source).membership
    at = {stage.place(): Position(10)}
    with pytest.raises(LogUnavailable, match="the batch expired"):
        sink.commit([stage.record(b"first"), stage.record(b"lost")], at, membership)
    assert stage.committed() == {}
    sink.commit([stage.record(b"again")], at, membership)
    assert counted(committed(stage.counts)) == [b"again"]
    assert stage.soon_committed()[0][0] == 10


@pytest.mark.parametrize("generation", [-1, 0])
def test_trap_2_a_zombie_commits_nothing(
    new_stage: Callable[..., Stage], committed: Callable[..., list[Any]], generation: int
) -> None:
    """The broker would take offsets of generation -1, so the sink refuses; an older generation the broker refuses."""
    stage = new_stage()
    source = stage.source()
    owned(source)
    now = polled(source).membership
    zombie = ConsumerGroupMetadata(stage.group, -1, "", None)
    if generation == 0:
        zombie = ConsumerGroupMetadata(stage.group, now.generation_id - 1, now.member_id, None)
    with pytest.raises(LogUnavailable):
        stage.sink().commit([stage.record()], {stage.place(): Position(3)}, zombie)
    assert (stage.committed(), committed(stage.counts)) == ({}, [])


def test_trap_2_the_membership_is_that_of_the_poll(new_stage: Callable[..., Stage]) -> None:
    """What was polled before somebody joined cannot be committed once the group has moved on."""
    stage = new_stage(partitions=2)
    source = stage.source()
    owned(source)
    before = polled(source)
    other = stage.source()
    until(lambda: (source.poll(0.2), other.poll(0.2), other.assigned())[2])
    assert source.poll(0.2).membership != before.membership
    with pytest.raises(LogUnavailable):
        stage.sink().commit([stage.record()], {stage.place(): Position(3)}, before.membership)
    assert stage.committed() == {}


def test_trap_3_offsets_of_an_aborted_transaction_are_not_committed_later(new_stage: Callable[..., Stage]) -> None:
    """The producer that failed still holds them, so it is thrown away; the next one commits its own alone."""
    stage = new_stage(partitions=2)
    source, sink = stage.source(), stage.sink()
    owned(source)
    now = polled(source).membership
    stale = ConsumerGroupMetadata(stage.group, now.generation_id + 7, now.member_id, None)
    with pytest.raises(LogUnavailable):
        sink.commit([stage.record()], {stage.place(0): Position(9)}, stale)
    sink.commit([stage.record()], {stage.place(1): Position(4)}, now)
    assert {partition: offset for partition, (offset, _) in stage.soon_committed().items()} == {1: 4}


def test_trap_4_what_was_polled_and_forgotten_is_read_again(new_stage: Callable[..., Stage]) -> None:
    """After an error, from where the group stands and with its note, though the client is long past it."""
    stage = new_stage()
    source = stage.source()
    owned(source)
    first = polled(source)
    stage.sink().commit([stage.record()], {stage.place(): Position(6, "newest")}, first.membership)
    source.rewind()
    assert source.assigned() == {stage.place(): Position(6, "newest")}
    assert values(polled(source)) == {0: EVENTS[6:]}


def test_trap_4_a_kept_partition_is_read_again_after_a_rebalance(new_stage: Callable[..., Stage]) -> None:
    """A rebalance moves one of two partitions; the kept one begins anew, and together they miss nothing."""
    stage = new_stage(partitions=2)
    source = stage.source()
    until(lambda: len(owned(source)) == 2)
    until(lambda: len(values(polled(source))))
    stands: dict[KafkaSource, Mapping[Place, Position]] = {}
    read: dict[KafkaSource, dict[int, list[bytes]]] = {}

    def step(member: KafkaSource) -> None:
        if (positions := member.assigned()) is not None:
            stands[member], read[member] = positions, {}
        for partition, some in values(member.poll(0.2)).items():
            read[member].setdefault(partition, []).extend(some)

    def shared() -> bool:
        # At the same time: the client drops the answer to a join that comes between two polls, and the group answers
        # one member only once the other has asked, too.
        list(pool.map(step, (source, other)))
        whole = sorted(partition for member in read.values() for partition, some in member.items() if some == EVENTS)
        return whole == [0, 1] and [len(positions) for positions in stands.values()] == [1, 1]

    other = stage.source()
    with ThreadPoolExecutor(2) as pool:
        until(shared)


def test_trap_6_offsets_in_the_making_are_waited_for(new_stage: Callable[..., Stage]) -> None:
    """In the middle of an open transaction nobody knows where the group stands; the answer comes with its end."""
    stage = new_stage()
    first = stage.source()
    owned(first)
    membership = polled(first).membership
    stage.sink().commit([stage.record()], {stage.place(): Position(2)}, membership)
    # Of another id than the one beside the offset, so that nobody can hasten its end.
    slow = stage.producer(f"{stage.group}-slow")
    slow.begin_transaction()
    slow.send_offsets_to_transaction({TopicPartition(*stage.place()): OffsetAndMetadata(7, "x", -1)}, membership)
    first.close()
    ending = threading.Timer(3, slow.commit_transaction)
    ending.start()
    found = owned(stage.source())
    ending.join()
    assert found == {stage.place(): Position(7, "x")}


def test_trap_7_panes_are_read_to_the_high_watermark(new_stage: Callable[..., Stage]) -> None:
    """What is committed behind an open transaction counts; the stable end lies before it, so the end is waited for."""
    stage = new_stage()
    slow = stage.producer(f"{stage.group}-slow")
    slow.begin_transaction()
    slow.send(stage.counts, b"slow", key=b"k", partition=0).get(timeout=WAIT_S)
    stage.sink().commit([stage.record(b"quick")], {}, None)
    ending = threading.Timer(1, slow.commit_transaction)
    ending.start()
    found = [value for _, value in read_to_end(stage.counts, 0, stage.options)]
    ending.join()
    assert found == [b"slow", b"quick"]


def test_trap_8_a_successor_ends_the_transaction_of_who_was_killed(new_stage: Callable[..., Stage]) -> None:
    """The id beside the offset leads to the transaction that a broker would keep open; its offset is never seen."""
    stage = new_stage()
    first = stage.source()
    owned(first)
    membership = polled(first).membership
    stage.sink().commit([stage.record()], {stage.place(): Position(5, "note")}, membership)
    offset, metadata = stage.soon_committed()[0]
    assert offset == 5
    killed = stage.producer(metadata.split("\n")[0])
    killed.begin_transaction()
    at = {TopicPartition(*stage.place()): OffsetAndMetadata(9, "", -1)}
    killed.send_offsets_to_transaction(at, membership)
    first.close()
    successor = stage.source()
    assert owned(successor) == {stage.place(): Position(5, "note")}
    assert values(polled(successor)) == {0: EVENTS[5:]}


def test_trap_16_notes_move_with_offsets_and_records_or_not_at_all(
    new_stage: Callable[..., Stage], committed: Callable[..., list[Any]]
) -> None:
    """Two sinks in threads of one process commit; what a third one aborted before is in neither topic nor offsets."""
    stage = new_stage(partitions=2)
    source = stage.source()
    owned(source)
    membership = polled(source).membership
    aborted = stage.producer(f"{stage.group}-aborted")
    aborted.begin_transaction()
    aborted.send(stage.counts, b"aborted", partition=0)
    at = {TopicPartition(*stage.place(0)): OffsetAndMetadata(9, "aborted", -1)}
    aborted.send_offsets_to_transaction(at, membership)
    aborted.abort_transaction()

    def commit(partition: int, sink: KafkaSink) -> None:
        position = {stage.place(partition): Position(partition + 1, "é" * 1000 + str(partition))}
        sink.commit([stage.record(b"%d" % partition)], position, membership)

    threads = [threading.Thread(target=commit, args=(number, stage.sink())) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counted(committed(stage.counts))) == [b"0", b"1"]
    source.rewind()
    assert source.assigned() == {stage.place(n): Position(n + 1, "é" * 1000 + str(n)) for n in range(2)}


@pytest.fixture
def mortal() -> Iterator[tuple[LocalKafka, Stage]]:
    """Yield a broker that a test may kill, and a stage on it."""
    with LocalKafka(settings={"broker.session.timeout.ms": "2000"}) as kafka, contextlib.ExitStack() as ending:
        options = {"bootstrap_servers": kafka.bootstrap_servers}
        admin = ending.enter_context(contextlib.closing(KafkaAdminClient(**options)))
        admin.create_topics(["events", "counts"], wait_for_metadata=True)
        with contextlib.closing(KafkaProducer(**options)) as producer:
            for value in EVENTS:
                producer.send("events", value)
        stage = Stage("events", "counts", options, admin)
        ending.enter_context(stage.open)
        yield kafka, stage


def test_trap_19_a_commit_whose_coordinator_dies_is_given_up(
    mortal: tuple[LocalKafka, Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would wait for the answer for ever; the sink does not, and commits what is polled again, once."""
    kafka, stage = mortal

    class Bereft(KafkaProducer):
        def send_offsets_to_transaction(self, *offsets: Any) -> None:
            if not killed:
                killed.append(kafka.kill(0))
            super().send_offsets_to_transaction(*offsets)

    killed: list[None] = []
    monkeypatch.setattr(consumers.kafka_sink, "KafkaProducer", Bereft)
    monkeypatch.setattr(consumers.kafka_sink, "ANSWER_S", 3.0)
    source, sink = stage.source(), stage.sink(request_timeout_ms=1000, delivery_timeout_ms=2000, max_block_ms=2000)
    owned(source)
    found = polled(source)
    with pytest.raises(LogUnavailable, match="no answer within 3 s"):
        sink.commit([stage.record()], {stage.place(): Position(4)}, found.membership)
    kafka.restart(0)

    def again() -> dict[int, list[bytes]] | None:
        source.rewind()
        with contextlib.suppress(LogUnavailable):
            found = polled(source)
            sink.commit([stage.record()], {stage.place(): Position(4)}, found.membership)
            return values(found)
        return None

    assert until(again) == {0: EVENTS}
    source.rewind()
    assert until(source.assigned)[stage.place()].offset == 4
    with contextlib.closing(KafkaConsumer(**stage.options, isolation_level="read_committed")) as reader:
        counts = TopicPartition(stage.counts, 0)
        reader.assign([counts])
        reader.seek_to_beginning(counts)
        assert until(lambda: counted(reader.poll(500).get(counts, []))) == [b"counts"]
