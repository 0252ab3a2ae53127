"""Probes and scrapes over HTTP: what is answered follows what the loops told, and nothing else is asked."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.parser import text_string_to_metric_families

from consumers.errors import SettingsError
from consumers.fact_log import FactLog
from consumers.facts import Dropped, EventsCounted, LogUnanswered, PartitionsOwned, RecordsPolled, Stepped
from consumers.health import LONGEST_ROUTE_STEP_S, LONGEST_STEP_S, WAITING_STEP_S, Health
from consumers.health_server import HealthServer, serve
from consumers.settings import load_settings


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now_s


Ask = Callable[..., tuple[int, str, bytes]]


@pytest.fixture
def clock() -> SetClock:
    """Return the clock of ``health``."""
    return SetClock()


@pytest.fixture
def health(clock: SetClock) -> Health:
    """Return the health of a process with both roles."""
    return Health(["counter", "judge"], clock=clock)


@pytest.fixture
def server(health: Health) -> Iterator[HealthServer]:
    """Yield a server on a free port with one metric."""
    registry = CollectorRegistry()
    Gauge("driftline_probe", "A metric.", registry=registry).set(7)
    server = HealthServer("127.0.0.1:0", health, registry)
    yield server
    server.close()


@pytest.fixture
def ask(server: HealthServer) -> Ask:
    """Return ``ask(path, method="GET", **headers)``: status, content type and body."""

    def request(path: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection(server.address, timeout=5)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        finally:
            connection.close()

    return request


def body(answer: tuple[int, str, bytes]) -> tuple[int, Any]:
    """Return a probe's status and JSON."""
    status, kind, text = answer
    assert kind == "application/json"
    return status, json.loads(text)


def get_ready(health: Health) -> None:
    """Tell what both roles tell when all is well; the judge has nothing to own."""
    health.note(PartitionsOwned("counter", (("events", 0), ("events", 1))))
    for role in ("counter", "judge"):
        health.note(RecordsPolled(role, joined=True, lag={}))
        health.note(Stepped(role))


def test_metrics_are_readable_by_prometheus(ask: Ask) -> None:
    """The text format by default, OpenMetrics for a scraper that asks for it."""
    status, kind, text = ask("/metrics?name[]=driftline_probe")
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    assert [family.samples[0].value for family in text_string_to_metric_families(text.decode())] == [7]
    status, kind, text = ask("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert (status, kind.split(";")[0]) == (200, "application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_head_has_the_length_and_no_body(server: HealthServer) -> None:
    """HEAD is answered as GET is, without the page."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(4096), b""))
    assert said.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Content-Length: 37\r\n" in said
    assert said.endswith(b"\r\n\r\n")


def test_other_paths_are_404_and_name_the_pages(ask: Ask) -> None:
    """Who guesses a path is told the right ones; who posts is refused."""
    assert ask("/health")[0] == 404
    assert ask("/health")[2] == ask("/")[2] == b"driftline: /metrics /healthz /readyz\n"
    assert ask("/", "POST")[0] == 501


def test_live_while_anything_steps(ask: Ask, health: Health, clock: SetClock) -> None:
    """One thread steps all loops; when nothing was told for longer than a step can take, it is stuck."""
    clock.now_s += LONGEST_STEP_S
    assert body(ask("/healthz")) == (200, {"live": True, "last_step_seconds": LONGEST_STEP_S})
    clock.now_s += 1
    status, said = body(ask("/healthz"))
    assert (status, said["live"], said["reason"]) == (503, False, "stuck")
    assert said["detail"] == "no step has come to its end for 121 s"
    health.note(Stepped("judge"))
    assert body(ask("/healthz")) == (200, {"live": True, "last_step_seconds": 0.0})


def test_a_broker_that_is_away_is_no_reason_to_start_again(ask: Ask, health: Health, clock: SetClock) -> None:
    """Failing steps are steps: the process is live and not ready for as long as the log does not answer."""
    get_ready(health)
    for _ in range(20):
        clock.now_s += LONGEST_STEP_S / 4
        # The thread stays with the first loop that fails; the judge waits for its turn.
        health.note(LogUnanswered("counter", "no broker at kafka:9092"))
    assert body(ask("/healthz"))[0] == 200
    status, said = body(ask("/readyz"))
    assert (status, said["ready"], said["reason"]) == (503, False, "log_unavailable")
    assert said["detail"] == "counter: no broker at kafka:9092"
    assert (said["roles"]["judge"]["reason"], sorted(said["roles"])) == ("log_slow", ["counter", "judge"])
    get_ready(health)
    assert body(ask("/readyz"))[0] == 200


def test_ready_once_assigned_or_in_the_group_with_nothing_to_own(ask: Ask, health: Health) -> None:
    """The first answers say what is missing; a stand-by judge without partitions is ready."""
    assert body(ask("/readyz"))[1]["reason"] == "starting"
    for role in ("counter", "judge"):
        health.note(RecordsPolled(role, joined=False, lag={}))
        health.note(Stepped(role))
    assert body(ask("/readyz"))[1]["reason"] == "not_in_group"
    get_ready(health)
    assert body(ask("/readyz")) == (200, {"ready": True, "partitions_owned": {"counter": 2, "judge": 0}})


def test_a_fenced_member_is_not_ready(ask: Ask, health: Health) -> None:
    """A process that the group has given up owns nothing and is no member, until it joins again."""
    get_ready(health)
    health.note(PartitionsOwned("counter", ()))
    health.note(RecordsPolled("counter", joined=False, lag={}))
    assert body(ask("/readyz"))[0] == 503
    health.note(RecordsPolled("counter", joined=None, lag={}))
    assert body(ask("/readyz"))[0] == 503
    health.note(RecordsPolled("counter", joined=True, lag={}))
    assert body(ask("/readyz"))[0] == 200
    health.note(RecordsPolled("counter", joined=None, lag={}))
    assert body(ask("/readyz"))[0] == 200


def test_a_step_that_waits_for_the_log_is_not_ready(ask: Ask, health: Health, clock: SetClock) -> None:
    """Before a client gives up, a broker that went away shows only by a step that takes long."""
    get_ready(health)
    clock.now_s += WAITING_STEP_S + 1
    assert body(ask("/readyz"))[1]["reason"] == "log_slow"
    assert body(ask("/healthz"))[0] == 200


def test_a_silent_client_holds_nobody_up(server: HealthServer, ask: Ask) -> None:
    """A connection on which nothing is said has a thread of its own."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port))):
        assert ask("/healthz")[0] == 200


def settings_listening(folder: Path, listen: str) -> Any:
    """Return settings with this address."""
    path = folder / "driftline.toml"
    path.write_text(f'[monitor]\nname = "m"\n[telemetry]\nlisten = "{listen}"\n', encoding="utf-8")
    return load_settings(path, {})


def test_a_port_in_use_is_one_clear_error(server: HealthServer, health: Health, tmp_path: Path) -> None:
    """The error names the file, the key, what is wrong, and what to write instead."""
    with pytest.raises(SettingsError) as caught:
        serve(settings_listening(tmp_path, server.address), health, CollectorRegistry())
    assert str(caught.value) == (
        f'{tmp_path / "driftline.toml"}: telemetry.listen: cannot listen on "{server.address}" (Address already in '
        'use); write a free address, for example "127.0.0.1:9465", or "" for none'
    )


def test_the_usual_port_in_use_gives_way_to_a_free_one(
    server: HealthServer, health: Health, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counter and judge start beside each other on one host without anybody choosing ports."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n', encoding="utf-8")
    settings = load_settings(path, {})
    usual = settings.telemetry.model_copy(update={"listen": server.address})
    monkeypatch.setattr(usual, "__pydantic_fields_set__", set())
    other = serve(settings.model_copy(update={"telemetry": usual}), health, CollectorRegistry())
    assert other is not None
    other.close()
    assert other.address != server.address


def test_an_address_that_is_not_ours_is_a_settings_error(health: Health, tmp_path: Path) -> None:
    """So is a host of somebody else, or one that nobody knows."""
    for address in ("192.0.2.1:0", "no-such-host.invalid:0"):
        with pytest.raises(SettingsError, match=r"telemetry\.listen: cannot listen"):
            serve(settings_listening(tmp_path, address), health, CollectorRegistry())


def test_an_empty_address_is_no_server(health: Health, tmp_path: Path) -> None:
    """Telemetry can be off."""
    assert serve(settings_listening(tmp_path, ""), health, CollectorRegistry()) is None


@pytest.mark.parametrize("listen", ["9464", ":9464", "localhost", "localhost:http", "localhost:65536"])
def test_an_address_is_host_and_port(tmp_path: Path, listen: str) -> None:
    """Anything else is refused when the settings are read, with an example."""
    with pytest.raises(SettingsError, match=r'telemetry\.listen: .*write for example "127\.0\.0\.1:9464"'):
        settings_listening(tmp_path, listen)


def test_closing_frees_the_port(health: Health) -> None:
    """After close nobody listens there, and another server may."""
    server = HealthServer("127.0.0.1:0", health, CollectorRegistry())
    server.close()
    again = HealthServer(server.address, health, CollectorRegistry())
    assert again.address == server.address
    again.close()


def drops(events: int, reason: str = "bad_json", *, intentional: bool = False) -> EventsCounted:
    """Return a transaction that dropped so many events."""
    return EventsCounted(events, 0, (Dropped("rejected", reason, events, intentional),))


def test_a_flood_of_bad_events_is_a_line_a_minute(caplog: pytest.LogCaptureFixture, clock: SetClock) -> None:
    """The first is told at once, the rest is added up, and each reason has lines of its own."""
    log = FactLog(clock)
    for _ in range(61):
        log.note(drops(2))
        clock.now_s += 1
    log.note(drops(3, "no_time"))
    assert [record.getMessage() for record in caplog.records] == [
        "2 events are in no window (rejected: bad_json)",
        "120 events are in no window (rejected: bad_json)",
        "3 events are in no window (rejected: no_time)",
    ]


def test_intended_drops_and_good_events_are_quiet(caplog: pytest.LogCaptureFixture, clock: SetClock) -> None:
    """Normal running writes nothing."""
    with caplog.at_level("INFO"):
        FactLog(clock).note(drops(5, intentional=True))
        FactLog(clock).note(EventsCounted(5, 5))
    assert caplog.records == []


def test_an_assignment_is_told_when_it_changes(caplog: pytest.LogCaptureFixture, clock: SetClock) -> None:
    """Going back to the committed positions of the same partitions is no news."""
    log = FactLog(clock)
    with caplog.at_level("INFO", logger="driftline.group"):
        for places in ([("events", 0)], [("events", 0)], []):
            log.note(PartitionsOwned("counter", tuple(places)))
    assert [record.getMessage() for record in caplog.records] == [
        "counter reads events-0",
        "counter reads no partition: there are enough other members",
    ]


def test_what_is_no_loop_of_this_process_is_no_sign_of_life(health: Health, ask: Ask, clock: SetClock) -> None:
    """A route steps on a thread of its own: it must not hide a loop that hangs."""
    clock.now_s += LONGEST_STEP_S + 1
    health.note(Stepped("route team"))
    assert body(ask("/healthz"))[0] == 503


def test_a_route_that_hangs_is_hidden_by_no_loop_and_no_other_route(clock: SetClock) -> None:
    """Every thread must step; a route, whose service may let it wait, for longer than a loop."""
    health = Health(["counter"], ["route team", "route oncall"], clock)
    clock.now_s += LONGEST_ROUTE_STEP_S
    for role in ("counter", "route team"):
        health.note(Stepped(role))
    assert health.live().well
    clock.now_s += 1
    assert health.live().body["detail"] == "route oncall: no step has come to its end for 301 s"
    assert not health.live().well
    health.note(LogUnanswered("route oncall", "no broker"))
    assert health.live().well


def test_a_process_is_ready_when_its_routes_are_too(clock: SetClock) -> None:
    """Each is in its group; waiting for a service is no fault of the log."""
    health = Health([], ["route team"], clock)
    assert health.ready().body["reason"] == "starting"
    health.note(Stepped("route team"))
    assert health.ready().body["detail"].startswith("route team: not a member")
    health.note(RecordsPolled("route team", joined=True, lag={}))
    clock.now_s += WAITING_STEP_S + 1
    assert health.ready().body == {"ready": True, "partitions_owned": {}}
    health.note(LogUnanswered("route team", "no broker"))
    assert health.ready().body["reason"] == "log_unavailable"
