"""At the start, the client may happen to ask the one broker that cannot answer."""

from collections.abc import Callable

import pytest

import consumers.kafka_lookup
from consumers.kafka_lookup import until_answered
from consumers.source import LogRefused, LogUnavailable


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass only by sleeping."""
    now = [0.0]
    monkeypatch.setattr(consumers.kafka_lookup.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(consumers.kafka_lookup.time, "sleep", lambda pause_s: now.__setitem__(0, now[0] + pause_s))


def answering(*answers: int | Exception) -> Callable[[], int]:
    """Return what gives these answers, one a call, the last of them for ever."""
    left = list(answers)

    def ask() -> int:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


@pytest.mark.usefixtures("clock")
def test_a_broker_that_is_down_is_asked_past() -> None:
    """Two refused connections, then an answer: the answer."""
    assert until_answered(answering(LogUnavailable("refused"), LogUnavailable("refused"), 3)) == 3


@pytest.mark.usefixtures("clock")
def test_no_answer_at_all_is_said_after_a_while() -> None:
    """Nobody answers: LogUnavailable, in bounded time."""
    with pytest.raises(LogUnavailable, match="refused"):
        until_answered(answering(LogUnavailable("refused")))


@pytest.mark.usefixtures("clock")
def test_what_a_person_must_mend_is_said_at_once() -> None:
    """Missing rights are not asked for twice."""
    with pytest.raises(LogRefused):
        until_answered(answering(LogRefused("no right"), 3))
