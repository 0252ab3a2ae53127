"""The rules of a Kafka transaction, against a producer that keeps a diary: each is a way to lose or double counts."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError

import consumers.kafka_sink
from consumers.kafka_sink import KafkaSink
from consumers.sink import Outgoing
from consumers.source import LogRefused, LogUnavailable, Position

RECORD = Outgoing("counts", b"key", b"value", (("header", b"1"),), 2)
POSITIONS = {("events", 3): Position(7, "note")}


class Membership(NamedTuple):
    """What a consumer's group metadata looks like."""

    generation_id: int


class Future:
    """The fate of one record."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def get(self, timeout: float) -> None:
        """Return, or raise what became of the record."""
        assert timeout == 0
        if self.error:
            raise self.error


class Diary:
    """Stands for every producer made; writes down what they were asked, and fails where it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ids: list[str] = []
        self.sent: list[tuple[Any, ...]] = []
        self.offsets: list[tuple[Any, Any]] = []
        self.failing: dict[str, Exception] = {}

    def producer(self, **settings: Any) -> "Producer":
        """Be `KafkaProducer`."""
        self.ids.append(settings["transactional_id"])
        return Producer(self)


class Producer:
    """One producer, writing into the diary."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._diary.lines.append(name)
            if name == "send":
                self._diary.sent.append((*arguments, named))
                return Future(self._diary.failing.get("future"))
            if name == "send_offsets_to_transaction":
                self._diary.offsets.append(arguments)
            if name in self._diary.failing:
                raise self._diary.failing[name]
            return None

        return call


@pytest.fixture
def diary(monkeypatch: pytest.MonkeyPatch) -> Diary:
    """Return the diary of all producers that a sink makes."""
    written = Diary()
    monkeypatch.setattr(consumers.kafka_sink, "KafkaProducer", written.producer)
    return written


def test_a_commit_is_begun_sent_looked_at_and_only_then_given_its_offsets(diary: Diary) -> None:
    """Records, then flush, then the offsets with the membership of the poll, then the commit."""
    KafkaSink("role", {}).commit([RECORD, RECORD], POSITIONS, Membership(4))
    assert diary.lines == [
        "init_transactions", "begin_transaction", "send", "send", "flush", "send_offsets_to_transaction",
        "commit_transaction",
    ]  # fmt: skip
    ((offsets, membership),) = diary.offsets
    assert membership == Membership(4)
    assert {(tp.topic, tp.partition): (o.offset, o.metadata) for tp, o in offsets.items()} == {
        ("events", 3): (7, f"{diary.ids[0]}\nnote")
    }
    assert diary.sent[0] == (
        "counts", {"value": b"value", "key": b"key", "headers": [("header", b"1")], "partition": 2},
    )  # fmt: skip


def test_records_without_positions_need_no_membership(diary: Diary) -> None:
    """A commit of records alone sends no offsets."""
    KafkaSink("role", {}).commit([RECORD], {}, None)
    assert "send_offsets_to_transaction" not in diary.lines
    assert diary.lines[-1] == "commit_transaction"


@pytest.mark.parametrize("membership", [None, Membership(-1)])
def test_a_member_out_of_its_group_commits_nothing(diary: Diary, membership: object) -> None:
    """The broker would take the offsets of a member without a generation; the sink does not even begin."""
    with pytest.raises(LogUnavailable, match="out of its group"):
        KafkaSink("role", {}).commit([RECORD], POSITIONS, membership)
    assert diary.lines == []


def test_one_lost_record_stops_the_commit(diary: Diary) -> None:
    """Where one future failed, no offsets are sent and nothing is committed, though commit would have returned well."""
    diary.failing["future"] = KafkaTimeoutError("the batch expired")
    with pytest.raises(LogUnavailable, match="the batch expired"):
        KafkaSink("role", {}).commit([RECORD], POSITIONS, Membership(4))
    assert not {"send_offsets_to_transaction", "commit_transaction"} & set(diary.lines)


@pytest.mark.parametrize(
    "step", ["init_transactions", "begin_transaction", "flush", "send_offsets_to_transaction", "commit_transaction"]
)
def test_after_any_error_the_producer_is_another_one_with_the_same_id(diary: Diary, step: str) -> None:
    """What failed once still holds the offsets of the aborted transaction: it is closed, and a new one fences it."""
    sink = KafkaSink("role", {})
    diary.failing[step] = KafkaTimeoutError("no answer")
    with pytest.raises(LogUnavailable, match="no answer"):
        sink.commit([RECORD], POSITIONS, Membership(4))
    assert diary.lines[-1] == "close"
    diary.failing.clear()
    diary.lines.clear()
    sink.commit([RECORD], POSITIONS, Membership(4))
    assert diary.lines[:2] == ["init_transactions", "begin_transaction"]
    assert len(diary.ids) == 2
    assert len(set(diary.ids)) == 1


def test_a_missing_right_is_no_reason_to_try_again(diary: Diary) -> None:
    """What only a person can mend is told apart from what time mends."""
    diary.failing["flush"] = TopicAuthorizationFailedError("counts")
    with pytest.raises(LogRefused, match="counts"):
        KafkaSink("role", {}).commit([RECORD], POSITIONS, Membership(4))


def test_two_sinks_never_share_an_id(diary: Diary) -> None:
    """Two members of one role would otherwise fence each other for ever."""
    for _ in range(2):
        KafkaSink("role", {}).commit([RECORD], {}, None)
    assert len(set(diary.ids)) == 2


def test_a_sink_that_committed_nothing_closes_in_peace(diary: Diary) -> None:
    """Closing opens no producer; closing after a commit closes the one there is."""
    KafkaSink("role", {}).close()
    assert diary.ids == []
    sink = KafkaSink("role", {})
    sink.commit([RECORD], {}, None)
    sink.close()
    assert diary.lines[-1] == "close"
