"""Ending a predecessor's transaction: whose it is, and when nobody's is ended."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError, TransactionalIdAuthorizationFailedError

import consumers.kafka_takeover
from consumers.kafka_takeover import end_open_transaction, note_of, signed, signer

TP = TopicPartition("events", 3)


class Broker:
    """Stands for both clients: what is committed beside the offset, and whose transactions were ended."""

    def __init__(self, metadata: str | None) -> None:
        self.metadata = metadata
        self.slow = False
        self.refused: KafkaError | None = None
        self.ended: list[str] = []
        self.consumers: list[dict[str, Any]] = []
        self.closed = 0

    def consumer(self, **settings: Any) -> Any:
        """Be `KafkaConsumer`."""
        self.consumers.append(settings)
        return SimpleNamespace(committed=self._committed, close=self._close)

    def producer(self, *, transactional_id: str, **_settings: Any) -> Any:
        """Be `KafkaProducer`."""
        return SimpleNamespace(init_transactions=lambda: self._end(transactional_id), close=self._close)

    def _committed(self, tp: TopicPartition, *, metadata: bool, timeout_ms: int) -> Any:
        assert (tp, metadata) == (TP, True)
        assert timeout_ms <= 1_000
        if self.slow:
            raise KafkaTimeoutError("slow")
        return None if self.metadata is None else SimpleNamespace(metadata=self.metadata)

    def _end(self, transactional_id: str) -> None:
        if self.refused:
            raise self.refused
        self.ended.append(transactional_id)

    def _close(self, **_bound: float) -> None:
        self.closed += 1


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Return a broker on which prices-counter-7 committed last."""
    made = Broker(signed("prices-counter-7", "note"))
    monkeypatch.setattr(consumers.kafka_takeover, "KafkaConsumer", made.consumer)
    monkeypatch.setattr(consumers.kafka_takeover, "KafkaProducer", made.producer)
    return made


@pytest.mark.parametrize("note", ["", "note", '{"newest_ms": 7}', "two\nlines"])
def test_what_was_signed_is_read_back(note: str) -> None:
    """Who committed and the note, whatever the note is."""
    assert (signer(signed("id", note)), note_of(signed("id", note))) == ("id", note)


@pytest.mark.parametrize("words", ["", "moved by hand"])
def test_the_words_of_a_tool_are_nobodys_signature(words: str) -> None:
    """Where a tool moved the offset there is nobody to end, and the words come through."""
    assert (signer(words), note_of(words)) == (None, words)


def test_the_last_committers_transaction_is_ended_without_joining(broker: Broker) -> None:
    """It is asked for without isolation, or there would be no answer; nothing of it stays open."""
    end_open_transaction(TP, "prices-counter", {"bootstrap_servers": ["b"], "isolation_level": "read_committed"})
    assert broker.ended == ["prices-counter-7"]
    [settings] = broker.consumers
    assert (settings["group_id"], settings["isolation_level"]) == ("prices-counter", "read_uncommitted")
    assert settings["enable_auto_commit"] is False
    assert broker.closed == 2


@pytest.mark.parametrize("metadata", [None, "", "moved by hand"])
def test_where_nobody_signed_nobody_is_ended(broker: Broker, metadata: str | None) -> None:
    """Nothing committed yet, or not by one of us."""
    broker.metadata = metadata
    end_open_transaction(TP, "prices-counter", {})
    assert broker.ended == []


def test_a_slow_broker_is_no_reason_to_end_anything(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Where even the pending answer does not come, the delay says nothing of a transaction."""
    broker.slow = True
    with caplog.at_level(logging.WARNING):
        end_open_transaction(TP, "prices-counter", {})
    assert (broker.ended, broker.closed) == ([], 1)
    assert "events-3" in caplog.text


def test_a_missing_right_leaves_it_to_the_broker(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """The id of a predecessor may not be ours to use; its transaction then ends by its time-out."""
    broker.refused = TransactionalIdAuthorizationFailedError("no")
    with caplog.at_level(logging.WARNING):
        end_open_transaction(TP, "prices-counter", {})
    assert "could not be ended" in caplog.text
    assert broker.closed == 2
