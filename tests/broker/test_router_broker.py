"""Routes on a real broker: from events to a service's door, and through the death of the process on the way."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consumers.alerts.kafka_alerts import pin
from consumers.settings import load_settings
from tests.peers import Peer, Reply

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Alerts:
    """A monitor with topics of its own, and the alerts that its incident makes."""

    driftline: Any
    name: str
    opened: bytes
    resolved: bytes


def routed(config: Path, folder: Path, peer: Peer, more: str = "") -> Path:
    """Return a configuration with a route to the peer, whose address comes from a file."""
    (folder / "url").write_text(f"{peer.url}/s3cret\n")
    text = config.read_text().replace("[monitor]", f'[monitor]\nbaseline = "{config.parent / "baseline.json"}"')
    made = folder / "driftline.toml"
    made.write_text(f'{text}\n[routes.team]\nkind = "cloudevents"\nurl_file = "url"\ntoken = "t0ken"\n{more}')
    return made


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Yield a service that is well."""
    with Peer() as made:
        yield made


@pytest.fixture
def alerts(
    make_topic: Callable[..., str],
    command_line: Callable[..., Any],
    stage: Callable[..., Any],
    incident_lines: list[bytes],
    tmp_path: Path,
    peer: Peer,
) -> Alerts:
    """Return a monitor whose route leads to the peer, before anything was published."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    opened, resolved = (record.value for record in made.log.records("alerts"))
    driftline = command_line(routed(made.assembly.settings.path, tmp_path, peer), make_topic("routed"))
    environment = driftline.environment
    name = environment["DRIFTLINE_MONITOR__NAME"]
    environment |= {"DRIFTLINE_TOPICS__ALERTS": make_topic("alerts"), "DRIFTLINE_TOPICS__STATUS": make_topic("status")}
    of_monitor = [value.replace(b'"monitor":"stage"', f'"monitor":"{name}"'.encode()) for value in (opened, resolved)]
    return Alerts(driftline, name, *of_monitor)


def until(true: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


@pytest.fixture
def events(make_topic: Callable[..., str], produce: Callable[..., None], incident_lines: list[bytes]) -> str:
    """Return a topic of events with an incident."""
    topic = make_topic("routed-events", partitions=2)
    produce(topic, incident_lines, partitions=2)
    return topic


def test_run_delivers_what_it_publishes(
    events: str,
    committed: Callable[..., list[Any]],
    command_line: Callable[..., Any],
    stage_assembly: Callable[..., Any],
    tmp_path: Path,
    peer: Peer,
) -> None:
    """One burst over events with an incident: two requests, with the ids of the alerts topic, and no secret logged."""
    driftline = command_line(routed(stage_assembly().settings.path, tmp_path, peer), events)
    told = driftline.run("run", "--burst").stderr.decode()
    published = [json.loads(record.value) for record in committed(f"{events}.alerts")]
    assert [event["type"] for event in published] == ["drift.opened", "drift.resolved"]
    assert [came.json for came in peer.came] == published
    assert [came.headers["ce-id"] for came in peer.came] == [event["id"] for event in published]
    assert {(came.path, came.headers["authorization"]) for came in peer.came} == {("/s3cret", "Bearer t0ken")}
    assert "s3cret" not in told
    assert "t0ken" not in told


def test_an_alert_outlives_the_router_and_a_service_that_is_down(
    alerts: Alerts, produce: Callable[..., None], peer: Peer
) -> None:
    """Killed while the service was down: the next one delivers it, gives up what is refused, and the status says so."""
    driftline = alerts.driftline
    settings = load_settings(driftline.config, driftline.environment)
    pin(settings, f"{alerts.name}-route-team")
    peer.replies = [Reply(503)]
    produce(settings.topics.alerts, [b"not an event", alerts.opened, alerts.resolved])
    first = driftline.start("run", "--role", "router")
    until(lambda: len(peer.came) > 1)
    first.kill()
    log = first.communicate()[1].decode()
    assert "@0 is passed over: not JSON" in log
    assert "team: HTTP 503: ok; trying again in" in log
    failed, refusal = len(peer.came), Reply(400, body=b"we know no t0ken")
    peer.replies = [Reply(202), refusal]
    log += driftline.run("run", "--role", "router", "--burst").stderr.decode()
    ids = [json.loads(value)["id"] for value in (alerts.opened, alerts.resolved)]
    *attempts, last = [came.json["id"] for came in peer.came]
    # What the killed one had sent may be taken only now.
    assert len(attempts) > failed
    assert (set(attempts), last) == ({ids[0]}, ids[1])
    assert "s3cret" not in log
    assert "t0ken" not in log
    told = json.loads(driftline.run("status", "--json").stdout)
    (route,) = told["routes"]
    assert (route["route"], route["kind"], route["undelivered"]) == ("team", "cloudevents", 1)
    assert route["last_undelivered"]["why"] == "HTTP 400: we know no ***"
    assert "route_failing" in [problem["reason"] for problem in told["problems"]]
    assert [group["lag"] for group in told["groups"] if group["role"] == "route-team"] == [0]
