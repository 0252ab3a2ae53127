"""What befalls the events topic over a long life: it grows, is replaced, loses its beginning; on a real broker."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from consumers.assembly import Assembly
from consumers.book import Book
from consumers.kafka_loops import new_counter
from consumers.kafka_source import KafkaSource
from consumers.topics import ensure_topics
from stream.watermark import Watermark

START_MS, EVERY_MS = 1_700_000_000_000, 10_000
PATIENCE_S = 90.0


def lines(times_ms: Iterator[int] | range) -> list[bytes]:
    """Return an event for each time."""
    return [json.dumps({"ts": t, "features": {"age": 40, "device": "mobile"}}).encode() for t in times_ms]


class Life:
    """A monitor on a topic of its own, its counter in this process, and a book over what it wrote."""

    def __init__(self, assembly: Assembly, events: str, committed: Callable[..., list[Any]]) -> None:
        self.events = events
        self._assembly = assembly
        self._committed = committed
        self.counter = new_counter(assembly)

    def step_until(self, wanted: Callable[[Book], bool]) -> Book:
        """Step until the book is as wanted, which it must be in time; return the book."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            # Several at once: the client drops the answer to a join that comes between steps, while the book is read.
            for _ in range(3):
                self.counter.step(0.2)
            book = self.book()
            if wanted(book):
                return book
            assert time.monotonic() < deadline, (book.ledger, book.lost, book.watermark, book.partitions)

    def book(self) -> Book:
        """Return what a judge makes of everything on the counts topic."""
        book = Book(self._assembly.new_monitors(), Watermark(self._assembly.settings.lateness_ms))
        for record in self._committed(self._assembly.settings.topics.counts):
            book.take(record.value, record.offset)
        return book

    def restart(self) -> None:
        """Stop the counter and start another one."""
        self.counter.close()
        self.counter = new_counter(self._assembly)


@pytest.fixture
def new_life(
    stage_assembly: Callable[..., Assembly],
    bootstrap_servers: list[str],
    make_topic: Callable[..., str],
    committed: Callable[..., list[Any]],
) -> Iterator[Callable[..., Life]]:
    """Return ``make(partitions=1, **options)``: a monitor whose partitions are idle only after a long time.

    The options are the client's own.
    """
    lives: list[Life] = []

    def make(partitions: int = 1, **options: Any) -> Life:
        events = make_topic("long-life", partitions)
        assembly = stage_assembly(idle="10m")
        settings = assembly.settings
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": tuple(bootstrap_servers), "options": options})
        topics = settings.topics.model_copy(
            update={name: f"{events}.{name}" for name in ("counts", "panes", "alerts", "status", "rejects")}
            | {"events": events}
        )
        monitor = settings.monitor.model_copy(update={"name": events})
        settings = settings.model_copy(update={"kafka": kafka, "topics": topics, "monitor": monitor})
        ensure_topics(settings)
        lives.append(Life(replace(assembly, settings=settings), events, committed))
        return lives[-1]

    yield make
    for life in lives:
        life.counter.close()


def recreate(admin: KafkaAdminClient, topic: str, partitions: int) -> None:
    """Delete a topic and create it again as soon as its name is free."""
    admin.delete_topics([topic])
    deadline = time.monotonic() + PATIENCE_S
    while topic in admin.list_topics():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}}, wait_for_metadata=True)


def test_partitions_that_are_added_are_read_from_their_beginning(
    new_life: Callable[..., Life], produce: Callable[..., None], admin: KafkaAdminClient
) -> None:
    """Every event of a partition added while running is counted, and the watermark waits for it until it speaks."""
    life = new_life(partitions=1)
    produce(life.events, lines(range(START_MS, START_MS + 50)))
    before = life.step_until(lambda book: book.ledger.read == 50)
    assert before.watermark.current_ms() == START_MS + 49 - 1_000
    admin.create_partitions({life.events: 3})
    # Number 0 goes on by hours; numbers 1 and 2 are there, and say nothing yet.
    produce(life.events, lines(range(START_MS + 3_600_000, START_MS + 3_600_050)))
    grown = life.step_until(lambda book: book.partitions == {life.events: 3} and book.ledger.read == 100)
    assert grown.watermark.current_ms() == before.watermark.current_ms()
    produce(life.events, lines(range(START_MS + 50, START_MS + 110)), partitions=3)
    after = life.step_until(lambda book: book.ledger.read == 160)
    # The twenty that went to number 0 are an hour behind its newest.
    assert (after.ledger.counted, after.ledger.late) == (140, 20)
    assert after.watermark.current_ms() == START_MS + 108 - 1_000


@pytest.mark.parametrize("running", [True, False])
def test_trap_10_a_topic_that_is_created_again_is_read_from_its_beginning(
    new_life: Callable[..., Life], produce: Callable[..., None], admin: KafkaAdminClient, *, running: bool
) -> None:
    """None of the 80 events of the new topic is taken for one of the old one, by a live counter or by the next."""
    life = new_life(partitions=1)
    produce(life.events, lines(range(START_MS, START_MS + 50)))
    life.step_until(lambda book: book.ledger.read == 50)
    if not running:
        life.counter.close()
    recreate(admin, life.events, 2)
    produce(life.events, lines(range(START_MS + 50, START_MS + 130)), partitions=1)
    if not running:
        life.restart()
    book = life.step_until(lambda book: book.ledger.read >= 130)
    assert (book.ledger.read, book.ledger.counted) == (130, 130)
    (told,) = book.notices
    assert (told.reason, told.state) == ("topic_recreated", "begun")
    assert book.partitions == {life.events: 2}
    assert book.watermark.newest_ms == {(life.events, 0): START_MS + 129, (life.events, 1): None}
    first, second = next(
        pane for pane in map(book.monitors.any.pane, book.monitors.any.pane_starts()) if pane
    ).offsets.items()
    assert first == (life.events, {0: (0, 49)})
    assert second == (f"{life.events}@{book.lives.ids[life.events][1]}", {0: (0, 79)})


def delete_before(admin: KafkaAdminClient, topic: str, offset: int) -> None:
    """Delete the records before an offset, as retention does."""
    admin.delete_records({TopicPartition(topic, 0): offset})


def away_while_deleted(
    life: Life, produce: Callable[..., None], admin: KafkaAdminClient, *, events: int, before: int
) -> None:
    """Read 50 events; without a counter, produce the rest of ``events`` and delete those ``before``; come back."""
    produce(life.events, lines(range(START_MS, START_MS + 50)))
    life.step_until(lambda book: book.ledger.read == 50)
    life.counter.close()
    produce(life.events, lines(range(START_MS + 50, START_MS + events)))
    delete_before(admin, life.events, before)
    life.restart()


def test_events_deleted_before_they_were_read_are_told(
    new_life: Callable[..., Life], produce: Callable[..., None], admin: KafkaAdminClient
) -> None:
    """A counter that comes back after retention goes on with what is left, and says how many offsets are gone."""
    life = new_life()
    away_while_deleted(life, produce, admin, events=100, before=80)
    book = life.step_until(lambda book: book.ledger.read == 70)
    assert book.lost == {life.events: {0: 30}}
    assert book.ledger.balanced()
    # Nothing is told twice.
    life.restart()
    produce(life.events, lines(range(START_MS + 100, START_MS + 101)))
    assert life.step_until(lambda book: book.ledger.read == 71).lost == {life.events: {0: 30}}


def test_everything_deleted_is_told_before_anything_new_comes(
    new_life: Callable[..., Life], produce: Callable[..., None], admin: KafkaAdminClient
) -> None:
    """A loss does not wait for the next event to be known, and the next start does not find it again."""
    life = new_life()
    away_while_deleted(life, produce, admin, events=60, before=60)
    life.step_until(lambda book: book.lost == {life.events: {0: 10}})
    life.restart()
    produce(life.events, lines(range(START_MS + 60, START_MS + 61)))
    assert life.step_until(lambda book: book.ledger.read == 51).lost == {life.events: {0: 10}}


def test_events_deleted_under_a_running_counter_are_told(
    new_life: Callable[..., Life], produce: Callable[..., None], admin: KafkaAdminClient
) -> None:
    """The client goes on at the new beginning in silence; the gap is found and told."""
    life = new_life()
    produce(life.events, lines(range(START_MS, START_MS + 10)))
    life.step_until(lambda book: book.ledger.read == 10)
    # Not polled meanwhile, and more than was fetched ahead.
    produce(life.events, [event + b" " * 900_000 for event in lines(range(START_MS + 10, START_MS + 40))])
    delete_before(admin, life.events, 38)
    book = life.step_until(lambda book: bool(book.lost))
    (lost,) = book.lost[life.events].values()
    assert lost > 0
    assert life.step_until(lambda book: book.ledger.read + lost == 40).ledger.balanced()


def test_transaction_markers_are_no_loss(
    new_life: Callable[..., Life], produce: Callable[..., None], bootstrap_servers: list[str]
) -> None:
    """Offsets that hold a transaction's marker are missing from what is read, and nothing is lost."""
    life = new_life()
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"{life.events}-producer")
    producer.init_transactions()
    for start_ms in range(START_MS, START_MS + 50, 10):
        producer.begin_transaction()
        for event in lines(range(start_ms, start_ms + 10)):
            producer.send(life.events, event)
        producer.commit_transaction()
    producer.close()
    produce(life.events, lines(range(START_MS + 50, START_MS + 51)))
    book = life.step_until(lambda book: book.ledger.read == 51)
    assert book.lost == {}


def test_a_producer_an_hour_ahead_closes_no_window_of_the_others(
    new_life: Callable[..., Life], produce: Callable[..., None]
) -> None:
    """The watermark is that of the slowest partition: its events are counted, however far another one is."""
    life = new_life(partitions=2)
    slow, fast = (range(at, at + 40) for at in (START_MS, START_MS + 3_600_000))
    produce(life.events, [event for pair in zip(lines(slow), lines(fast), strict=True) for event in pair], partitions=2)
    book = life.step_until(lambda book: book.ledger.read == 80)
    assert book.watermark.current_ms() == START_MS + 39 - 1_000
    assert book.ticks == []
    more = range(START_MS + 40, START_MS + 80)
    produce(life.events, [event for pair in zip(lines(more), lines(fast), strict=True) for event in pair], partitions=2)
    book = life.step_until(lambda book: book.ledger.read == 160)
    assert (book.ledger.counted, book.ledger.late) == (160, 0)


def test_a_counter_with_a_name_of_its_own_counts(new_life: Callable[..., Life], produce: Callable[..., None]) -> None:
    """Clients that belong to no group refuse `group_instance_id`; none of those that a counter needs is given it."""
    life = new_life(group_instance_id="driftline-0", session_timeout_ms=30_000)
    produce(life.events, lines(range(START_MS, START_MS + 10)))
    life.step_until(lambda book: book.ledger.read == 10)
    life.restart()
    produce(life.events, lines(range(START_MS + 10, START_MS + 20)))
    assert life.step_until(lambda book: book.ledger.read == 20).ledger.counted == 20


def test_a_member_with_a_name_of_its_own_restarts_without_a_rebalance(
    make_topic: Callable[..., str], bootstrap_servers: list[str]
) -> None:
    """With `group_instance_id`, one that is back within its session has its partitions; the others keep theirs."""
    topic = make_topic("static", 2)
    group = f"{topic}-counter"
    first = member(topic, group, "one", bootstrap_servers)
    settled([first])
    second = member(topic, group, "two", bootstrap_servers)
    owned = settled([first, second])
    generation = second.poll(0.1).membership.generation_id
    first.close()
    again = member(topic, group, "one", bootstrap_servers)
    assert settled([again])[again] == owned[first]
    assert second.assigned() is None
    assert second.poll(0.1).membership.generation_id == generation
    again.close()
    second.close()


def member(topic: str, group: str, name: str, bootstrap_servers: list[str]) -> KafkaSource:
    """Return a static member of a group, whose session is longer than a restart."""
    options = {"bootstrap_servers": bootstrap_servers, "group_instance_id": name, "session_timeout_ms": 30_000}
    return KafkaSource(topic, group, options)


def settled(sources: list[KafkaSource]) -> dict[KafkaSource, list[Any]]:
    """Poll, all at the same time as processes would, until each owns something; return what each owns."""
    owned: dict[KafkaSource, list[Any]] = {}
    deadline = time.monotonic() + PATIENCE_S
    with ThreadPoolExecutor(len(sources)) as pool:
        while not (len(owned) == len(sources) and all(owned.values())):
            for source, positions in zip(sources, pool.map(polled, sources), strict=True):
                if positions is not None:
                    owned[source] = sorted(positions)
            assert time.monotonic() < deadline, owned
    return owned


def polled(source: KafkaSource) -> Any:
    """Poll once, and return what was assigned, if that has changed."""
    source.poll(0.5)
    return source.assigned()
