"""Topics deleted and created again: another source each time, in whatever order counters tell of it."""

from collections.abc import Callable
from typing import Any

from consumers.book import Book
from consumers.records import PaneChunk, PartitionFact, control
from consumers.topic_lives import TopicLives
from stream.ledger import Ledger

START_MS = 1_700_000_000_000


def event(at_ms: int) -> bytes:
    """Return an event at this time."""
    return b'{"ts": %d, "features": {"age": 40, "device": "mobile"}}' % (START_MS + at_ms)


def book_of(made: Any) -> Book:
    """Return a book that has taken all counts."""
    book: Book = made.book()
    for offset, record in enumerate(made.log.records("counts")):
        book.take(record.value, offset)
    return book


def test_the_first_topic_of_a_name_is_no_change() -> None:
    """Only a second id is another topic, and that only once."""
    lives = TopicLives()
    assert [lives.see({"events": topic_id}) for topic_id in "aabab"] == [[], [], ["events"], [], []]


def test_offsets_of_different_topics_have_different_names() -> None:
    """The first one keeps its plain name; so does a topic whose log gives no ids."""
    lives = TopicLives({"events": ["a", "b"]})
    spans = {0: (0, 9)}
    chunks = [PaneChunk(1, "on", 0, b"", {"events": spans, "other": spans}, None, {"events": i}) for i in "ab"]
    assert [set(lives.named(chunk).offsets) for chunk in chunks] == [{"events", "other"}, {"events@b", "other"}]


def test_a_counter_reads_the_new_topic_from_its_beginning(stage: Callable[..., Any]) -> None:
    """Whether it lived on or came after, nothing of the new topic is taken for read, and no old event time remains."""
    for restarted in (False, True):
        made = stage()
        made.feed([event(at + 5_000) for at in range(10)])
        counter = made.counter()
        counter.step(0.0)
        made.log.recreate("events")
        made.feed([event(at) for at in range(16)])
        if restarted:
            made.log.expel_all("counters")
            counter = made.counter()
        for _ in range(3):
            counter.step(0.0)
        book = book_of(made)
        assert (book.ledger.read, book.ledger.counted) == (26, 26)
        assert book.watermark.newest_ms == {("events", 0): START_MS + 14, ("events", 1): START_MS + 15}


def test_a_recreated_topic_is_told_and_remembered(stage: Callable[..., Any]) -> None:
    """One health event; a judge that comes later knows the ids and does not say it again."""
    made = stage()
    made.feed([event(at) for at in range(10)])
    counter = made.counter()
    counter.step(0.0)
    made.log.recreate("events")
    made.feed([event(at) for at in range(10)])
    for _ in range(3):
        counter.step(0.0)
    book = book_of(made)
    assert [(notice.reason, notice.state) for notice in book.notices] == [("topic_recreated", "begun")]
    assert book.worth_writing()
    restored = made.book()
    restored.restore(book.unwritten())
    assert restored.lives == book.lives == TopicLives({"events": ["events#1", "events#2"]})
    restored.take(made.log.records("counts")[-1].value, 99)
    assert restored.notices == []


def test_what_a_slow_counter_says_of_the_old_topic_moves_no_watermark(stage: Callable[..., Any]) -> None:
    """Its ledger counts, for its events were counted; its facts are of partitions that are no more."""
    book: Book = stage().book()
    for topic_id, newest_ms in (("a", 5), ("b", 3), ("a", 9)):
        facts = [PartitionFact("events", 0, newest_ms, idle=False)]
        partitions = {"events": 1 if topic_id == "b" else 4}
        growth = Ledger(read=1, counted=1)
        book.take(control(partitions, facts, growth, "on", topic_ids={"events": topic_id}), 0)
    assert book.watermark.newest_ms == {("events", 0): 3}
    assert book.partitions == {"events": 1}
    assert book.ledger.read == 3


def test_lost_offsets_add_up_beside_the_ledger(stage: Callable[..., Any]) -> None:
    """They were never read, so they unbalance nothing; a judge that comes later has them, too."""
    made = stage()
    made.feed([event(0)])
    made.counter().step(0.0)
    book = book_of(made)
    for lost in ({("events", 0): 3}, {("events", 0): 4, ("events", 1): 5}):
        book.take(control({"events": 2}, [], Ledger(), made.counted_on, lost=lost), 0)
    assert book.lost == {"events": {0: 7, 1: 5}}
    assert book.ledger.balanced()
    restored = made.book()
    restored.restore(book.unwritten())
    assert restored.lost == book.lost
