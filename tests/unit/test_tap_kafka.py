"""Kafka as the tap's outlet when it is away, full, or forked; a fake producer stands in for the client."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError
from kafka.future import Future

from consumers.tap import KafkaEvents, Tap, kafka_producer
from consumers.tap import kafka_events as module
from consumers.tap.stats import Account, TapStats


class FakeProducer:
    """Takes records and settles none of them by itself."""

    def __init__(self, **settings: Any) -> None:
        self.settings, self.futures, self.values, self.keys = settings, [], [], []
        self._closed = False

    def send(self, topic: str, value: bytes, key: bytes | None) -> Any:
        """Keep a record."""
        future = Future()
        self.keys.append(key)
        self.futures.append(future)
        self.values.append((topic, value))
        return future

    def flush(self, timeout: float) -> None:
        """Confirm everything."""
        for future in self.futures:
            if not future.is_done:
                future.success("metadata")

    def close(self, timeout: float) -> None:
        """Confirm everything."""
        self.flush(timeout)


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> list[FakeProducer]:
    """Return the producers that were made, none of which is real."""
    made: list[FakeProducer] = []

    def make(**settings: Any) -> FakeProducer:
        made.append(FakeProducer(**settings))
        return made[-1]

    monkeypatch.setattr(kafka_producer, "KafkaProducer", make)
    monkeypatch.setattr(module, "_ROOM_WAIT_S", 0.0)
    return made


def settle(account: Account, lines: int) -> Callable[[int, int], None]:
    """Count lines as handed over, and return what settles them."""
    account.arrived(lines, lines)
    account.handed_over(lines)
    return account.settled


def test_rows_are_unconfirmed_until_the_broker_answers(producers: list[FakeProducer]) -> None:
    """Sent and lost are what the client's futures say, one by one."""
    account, outlet = Account(), KafkaEvents("localhost:1", "events")
    outlet.send([b"1", b"2", b"3"], settle(account, 3))
    (producer,) = producers
    assert producer.values == [("events", b"1"), ("events", b"2"), ("events", b"3")]
    assert account.stats() == TapStats(rows=3, unconfirmed=3)
    producer.futures[0].success("metadata")
    producer.futures[1].failure(KafkaTimeoutError("away"))
    assert account.stats() == TapStats(rows=3, unconfirmed=1, sent=1, dropped={"outlet": 1})
    outlet.flush(1)
    assert account.stats() == TapStats(rows=3, sent=2, dropped={"outlet": 1})


def test_what_waits_for_a_broker_is_bounded(producers: list[FakeProducer]) -> None:
    """Beyond the bound rows are lost and counted; an answer makes room again."""
    account, outlet = Account(), KafkaEvents("localhost:1", "events", most_unconfirmed_bytes=10)
    outlet.send([b"x" * 4] * 5, settle(account, 5))
    (producer,) = producers
    assert len(producer.values) == 2
    assert account.stats() == TapStats(rows=5, unconfirmed=2, dropped={"outlet": 3})
    producer.futures[0].success("metadata")
    outlet.send([b"y" * 4] * 2, settle(account, 2))
    assert [value for _, value in producer.values] == [b"xxxx", b"xxxx", b"yyyy"]
    assert account.stats() == TapStats(rows=7, unconfirmed=2, sent=1, dropped={"outlet": 4})


def test_a_record_larger_than_the_bound_passes_alone(producers: list[FakeProducer]) -> None:
    """The bound holds nothing back for ever."""
    account, outlet = Account(), KafkaEvents("localhost:1", "events", most_unconfirmed_bytes=1)
    outlet.send([b"large"], settle(account, 1))
    assert account.stats() == TapStats(rows=1, unconfirmed=1)
    outlet.close(1)
    assert account.stats() == TapStats(rows=1, sent=1)


def test_no_broker_costs_the_rows_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody answers, batches are lost one by one; when somebody does, the next one is sent."""
    tries: list[Any] = []

    def make(**settings: Any) -> FakeProducer:
        tries.append(settings)
        if len(tries) < 3:
            raise KafkaTimeoutError("nobody there")
        return FakeProducer(**settings)

    monkeypatch.setattr(kafka_producer, "KafkaProducer", make)
    account, outlet = Account(), KafkaEvents("localhost:1", "events")
    for _ in range(4):
        outlet.send([b"1", b"2"], settle(account, 2))
    assert len(tries) == 3
    assert account.stats() == TapStats(rows=8, unconfirmed=4, dropped={"outlet": 4})


def test_an_address_where_nobody_is_keeps_nobody_waiting() -> None:
    """The real client with no broker: recording goes on, rows are lost and counted."""
    tap = Tap(KafkaEvents("127.0.0.1:1", "events", bootstrap_timeout_ms=50))
    for _ in range(3):
        tap.record({"x": [1, 2]})
    assert tap.close(60)
    assert tap.stats() == TapStats(rows=6, dropped={"outlet": 6})


def test_a_forked_child_makes_its_own_producer(producers: list[FakeProducer]) -> None:
    """The parent's is neither used nor closed, and what it waits for is not the child's."""
    account, outlet = Account(), KafkaEvents("localhost:1", "events", most_unconfirmed_bytes=4)
    outlet.send([b"x" * 4], settle(account, 1))
    outlet.forget()
    outlet.send([b"y" * 4], settle(account, 1))
    parents, own = producers
    assert ([value for _, value in parents.values], [value for _, value in own.values]) == ([b"xxxx"], [b"yyyy"])
    assert (parents._closed, own._closed) == (True, False)
    assert not parents.futures[0].is_done


def test_options_are_the_clients_own(producers: list[FakeProducer]) -> None:
    """What the caller says of the producer wins over what the tap would."""
    outlet = KafkaEvents(["a:1", "b:2"], "events", acks=1, security_protocol="SSL")
    outlet.send([b"1"], settle(Account(), 1))
    settings = producers[0].settings
    assert (settings["acks"], settings["security_protocol"]) == (1, "SSL")
    assert settings["bootstrap_servers"] == ["a:1", "b:2"]
    assert settings["allow_auto_create_topics"] is False


def test_the_tap_needs_no_thread_for_a_broker_that_is_away() -> None:
    """Nothing is connected before the first row."""
    before = threading.active_count()
    tap = Tap(KafkaEvents("127.0.0.1:1", "events"))
    assert threading.active_count() == before
    tap.close(0)


def test_an_event_has_its_id_for_a_key(producers: list[FakeProducer]) -> None:
    """Whoever writes labels under the same key finds the same partition; a line that is no event has none."""
    tap = Tap(KafkaEvents("nowhere:1", "events"))
    tap.record({"age": [30, 40]}, ids=["a-1", "ö"])
    assert tap.close(5)
    assert producers[0].keys == [b"a-1", "ö".encode()]
    outlet = KafkaEvents("nowhere:1", "events")
    outlet.send([b"1", b"not JSON"], lambda safe, lost: None)
    assert producers[1].keys == [None, None]
