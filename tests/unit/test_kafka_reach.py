"""Whether anybody listens is known before the Kafka client is asked, whose patience is for brokers that are slow."""

import socket
from collections.abc import Iterator

import pytest

import consumers.kafka_reach
from consumers.kafka_reach import require_listener
from consumers.settings.sections import KafkaSettings
from consumers.source import LogUnavailable


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass only by sleeping; return how long each sleep was."""
    slept: list[float] = []
    monkeypatch.setattr(consumers.kafka_reach.time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(consumers.kafka_reach.time, "sleep", slept.append)
    return slept


@pytest.fixture
def closed() -> str:
    """Return an address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of somebody who takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def reach(*servers: str, **options: object) -> None:
    """Ask for these brokers."""
    require_listener(KafkaSettings(bootstrap_servers=servers, options=options))


def test_an_address_where_nothing_listens_is_told_after_a_moment(sleeps: list[float], closed: str) -> None:
    """A refused connection is asked for again for less than two seconds, then said in words."""
    with pytest.raises(LogUnavailable, match=r"^nothing listens there$"):
        reach(closed)
    assert 1 < sum(sleeps) < 2


@pytest.mark.usefixtures("sleeps")
def test_of_several_addresses_each_is_told_with_its_reason(closed: str) -> None:
    """A name that no host has, and a port that nobody has."""
    with pytest.raises(LogUnavailable) as told:
        reach(closed, "no-such-host.invalid:9092")
    assert str(told.value) == f"{closed}: nothing listens there; no-such-host.invalid:9092: there is no such host"


def test_one_listener_is_enough_and_a_slow_one_is_left_to_the_client(
    sleeps: list[float], closed: str, silent: str
) -> None:
    """Somebody takes the connection: whether it is a broker that answers is the client's to find out."""
    reach(closed, silent)
    assert sleeps == []


def test_a_connection_that_takes_its_time_is_no_refusal(monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    """Far away or busy: the client waits for longer than this does."""

    def slow(*_: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", slow)
    reach(closed)


def test_a_broker_that_is_just_starting_is_waited_for(monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    """It listens at the second look."""
    host, _, port = closed.rpartition(":")
    servers: list[socket.socket] = []
    monkeypatch.setattr(
        consumers.kafka_reach.time, "sleep", lambda _s: servers.append(socket.create_server((host, int(port))))
    )
    reach(closed)
    servers.pop().close()


def test_behind_a_proxy_nothing_is_asked(closed: str) -> None:
    """Only the proxy knows where the brokers are."""
    reach(closed, proxy_url="socks5://proxy:1080")
