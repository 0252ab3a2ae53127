"""Routes as threads: one that dies takes its process along, and one that waits for Kafka says that it lives."""

import threading
from pathlib import Path
from typing import Any

import pytest

from consumers.facts import Fact, LogUnanswered
from consumers.routes import Router, router
from consumers.settings import load_settings
from consumers.source import LogUnavailable


class Told:
    """Remembers facts, and ends the router with the first one."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.come = threading.Event()

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        self.facts.append(fact)
        self.come.set()


@pytest.fixture
def told() -> Told:
    """Return who is told facts."""
    return Told()


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return settings with two routes, whose groups need no mark."""
    path = tmp_path / "driftline.toml"
    route = 'kind = "webhook"\nurl = "http://127.0.0.1:9/x"\n'
    path.write_text(f'[monitor]\nname = "m"\n[routes.a]\n{route}[routes.b]\n{route}', encoding="utf-8")
    monkeypatch.setattr(router, "pin", lambda *_: None)
    return load_settings(path, {})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_route_that_dies_ends_all_of_them_and_the_process_is_told(
    routes: Any, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is not tried again: who supervises the process starts a new one."""
    died = threading.Event()

    def opened(_settings: Any, name: str, *_: object) -> Any:
        if name == "b":
            raise ValueError("a fault of ours")
        raise LogUnavailable("nobody answers")

    monkeypatch.setattr(router, "KafkaRoute", opened)
    made = Router(routes, told, died.set)
    made.start()
    made.wait()
    made.join(30)
    assert made.dead == ["b"]
    assert died.is_set()


def test_a_route_that_waits_for_kafka_says_so(routes: Any, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no route that hangs: a probe hears that the log does not answer, route by route."""

    def opened(*_: object) -> Any:
        raise LogUnavailable("nobody answers")

    monkeypatch.setattr(router, "KafkaRoute", opened)
    made = Router(routes, told)
    made.start()
    assert told.come.wait(30)
    made.stop()
    made.join(30)
    assert {LogUnanswered("route a", "nobody answers"), LogUnanswered("route b", "nobody answers")} >= set(told.facts)
    assert made.dead == []
