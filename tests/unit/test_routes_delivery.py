"""One attempt and many: services that fail, hang, ask for patience, come back, or never do."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from consumers.routes.delivery import Delivery, Outcome, pausing
from consumers.routes.post import Answer, Poster, wait_of
from consumers.routes.request import Request
from tests.peers import Peer, Reply

PATH = "/services/T0/s3cret"


@contextmanager
def poster(peer: Peer, timeout_s: float = 5.0, *secrets: str) -> Iterator[Poster]:
    """Yield a poster to a peer."""
    found = Poster(peer.url, timeout_s, secrets)
    yield found
    found.close()


def ask(reply: Reply, timeout_s: float = 5.0, *secrets: str) -> Answer:
    """Post once to a peer that answers so."""
    with Peer([reply]) as peer, poster(peer, timeout_s, *secrets) as found:
        answer = found.post(Request(peer.url + PATH, b'{"a": 1}', {"X-Key": "value"}))
        assert [(came.path, came.json, came.headers["x-key"]) for came in peer.came] == [(PATH, {"a": 1}, "value")]
        return answer


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_is_delivered(status: int) -> None:
    """PagerDuty says 202, others 200 or 204."""
    assert ask(Reply(status, body=b"")) == Answer(delivered=True)


@pytest.mark.parametrize("final", [False, True])
def test_what_a_person_or_time_may_mend_is_tried_again(final: bool) -> None:
    """A request that is wrong stays wrong; a redirect is told and never followed."""
    for status in (400, 413, 422, 301, 307) if final else (500, 503, 408, 429, 401, 403, 404):
        answer = ask(Reply(status, {"Location": "http://127.0.0.1:1/"}))
        assert (answer.delivered, answer.final) == (False, final)
        assert f"HTTP {status}" in answer.why


def test_an_answer_that_repeats_a_secret_is_not_repeated() -> None:
    """What the service says is told, shortened, without what must not be shown."""
    answer = ask(Reply(400, body=b'{"message": "no\n such  key s3cret"}' + b"x" * 10_000), 5.0, "s3cret")
    assert answer.why.startswith('HTTP 400: {"message": "no such key ***"}')
    assert len(answer.why) < 600


def test_a_service_that_hangs_or_drops_is_told_in_words_without_its_address(caplog: pytest.LogCaptureFixture) -> None:
    """No answer in time, a broken connection, nobody there, an unknown name, no TLS."""
    with caplog.at_level(logging.INFO):
        assert ask(Reply(hang=True), 0.2).why == "no answer in time"
        assert ask(Reply(drop=True)).why == "the connection broke"
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
            assert Poster(nobody, 1.0).post(Request(nobody + PATH, b"")).why == "no connection"
        assert Poster("", 1.0).post(Request("http://nowhere.invalid" + PATH, b"")).why == "the host's name is not known"
        with Peer() as peer:
            plain = peer.url.replace("http:", "https:")
            assert Poster(plain, 1.0).post(Request(plain + PATH, b"")).why.startswith("TLS")
    assert "s3cret" not in caplog.text


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY names who is asked, NO_PROXY who is not."""
    with Peer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        answer = Poster("http://example.test/x", 1.0).post(Request("http://example.test/x", b""))
        assert answer.delivered
        assert proxy.came[0].path == "http://example.test/x"
        monkeypatch.setenv("no_proxy", "nowhere.invalid")
        assert not Poster("http://nowhere.invalid", 1.0).post(Request("http://nowhere.invalid", b"")).delivered


def test_patience_that_is_asked_for_is_read_in_both_forms() -> None:
    """Retry-After is seconds or a date; what is neither asks for nothing."""
    assert ask(Reply(429, {"Retry-After": "7"})).wait_s == 7.0
    assert wait_of("Sat, 21 Nov 2026 12:00:30 GMT", 1_795_262_400.0) == 30.0
    assert [wait_of(text, 0.0) for text in ("", "soon", "-5", "9" * 40)] == [0.0] * 4


class Clock:
    """Time that passes only in pauses, which it remembers."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.now_s, self.pauses, self.failures = 0.0, list[float](), list[str]()
        self._stop_after = stop_after

    def pause(self, seconds: float) -> bool:
        """Let time pass."""
        self.now_s += seconds
        self.pauses.append(seconds)
        return self._stop_after == len(self.pauses)

    def deliver(self, answers: Iterator[Answer], give_up_after_s: float = 3_600.0) -> Outcome | None:
        """Deliver to a service that answers so."""
        failed = lambda why, _pause_s: self.failures.append(why)  # noqa: E731
        delivery = Delivery(lambda _: next(answers), self.pause, give_up_after_s, failed, lambda: self.now_s)
        return delivery.deliver(Request("http://x", b""))


def refusals(wait_s: float = 0.0) -> Iterator[Answer]:
    """Yield refusals for ever."""
    while True:
        yield Answer(delivered=False, why="HTTP 503", wait_s=wait_s)


def test_a_service_that_comes_back_gets_the_event() -> None:
    """500, 500, 200: delivered at the third attempt, with two pauses."""
    clock = Clock()
    down = Answer(delivered=False, why="HTTP 500")
    assert clock.deliver(iter([down, down, Answer(delivered=True)])) == Outcome(delivered=True, attempts=3)
    assert clock.failures == ["HTTP 500"] * 2
    assert 0.5 <= clock.pauses[0] <= 1.0 <= 2 * clock.pauses[1] <= 4.0


def test_a_service_that_never_comes_back_is_given_up_in_time() -> None:
    """Pauses grow up to a minute, and the last attempt is made when the time is up, not before and not after."""
    clock = Clock()
    outcome = clock.deliver(refusals())
    assert outcome is not None
    assert (outcome.delivered, outcome.why) == (False, "HTTP 503")
    assert clock.now_s == pytest.approx(3_600.0)
    assert max(clock.pauses) <= 60.0
    assert 60 < outcome.attempts < 140


def test_a_service_that_asks_for_patience_gets_it() -> None:
    """No attempt comes before Retry-After is over, and none after the time in which events are given up."""
    clock = Clock()
    clock.deliver(refusals(wait_s=600.0))
    assert clock.pauses == [600.0] * 6
    clock = Clock()
    outcome = clock.deliver(refusals(wait_s=86_400.0))
    assert clock.pauses == [3_600.0]
    assert outcome is not None
    assert outcome.attempts == 2


def test_a_request_that_is_wrong_is_given_up_at_once() -> None:
    """The same bytes would be refused again."""
    clock = Clock()
    outcome = clock.deliver(iter([Answer(delivered=False, why="HTTP 400", final=True)]))
    assert (outcome, clock.pauses) == (Outcome(delivered=False, attempts=1, why="HTTP 400"), [])


def test_a_pause_ends_when_the_process_does() -> None:
    """Stopped in the middle, nothing is said of the event: the next owner tells it."""
    assert Clock(stop_after=3).deliver(refusals()) is None


def test_a_long_pause_shows_that_the_process_lives() -> None:
    """Every few seconds a sign of life, until the pause is over or the process is to end."""
    waits: list[float] = []
    signs: list[None] = []

    def stopped(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 4

    pause = pausing(stopped, lambda: signs.append(None))
    assert not pause(12.0)
    assert (waits, len(signs)) == ([5.0, 5.0, 2.0], 3)
    assert pause(600.0)
    assert len(signs) == 3
