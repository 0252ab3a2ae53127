"""`driftline alerts`: what it prints of what is on the topic."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import consumers.alerts
from consumers.cli import app
from consumers.cli.alert_text import alert_text
from consumers.source import LogUnavailable
from tests.peers import Peer, Reply


@pytest.fixture
def published(stage: Callable[..., Any], incident_lines: list[bytes]) -> list[bytes]:
    """Return the values of real drift events."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    return [record.value for record in made.log.records("alerts")]


def alerts(config: Path, *arguments: str) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["alerts", "--config", str(config), *arguments])


@pytest.fixture
def config(
    stage_assembly: Callable[..., Any], published: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, list[dict[str, bool]]]:
    """Return a configuration whose alerts topic holds the events, and how it was asked for them."""
    asked: list[dict[str, bool]] = []

    def follow(_settings: object, *, waiting: Callable[[str], None] | None, **how: bool) -> Iterator[bytes]:
        asked.append({**how, "waits": waiting is not None})
        if waiting is not None:
            waiting("not there yet")
        yield from published

    monkeypatch.setattr(consumers.alerts, "follow", follow)
    return stage_assembly().settings.path, asked


def test_json_is_what_is_on_the_topic(config: tuple[Path, Any], published: list[bytes]) -> None:
    """With --json every event is a line, byte for byte, and nothing else is printed."""
    result = alerts(config[0], "--json", "--from-beginning", "--burst")
    assert (result.exit_code, result.stdout_bytes) == (0, b"\n".join(published) + b"\n")
    assert config[1] == [{"from_beginning": True, "burst": True, "waits": False}]


def test_people_get_the_sentence_and_the_features(config: tuple[Path, Any], published: list[bytes]) -> None:
    """Without --json an event is its type, its sentence, its features with effect and floor, and what to do."""
    result = alerts(config[0])
    opened = json.loads(published[0])
    told = " ".join(result.stdout.split())
    assert "drift.opened" in told
    assert "drift.resolved" in told
    assert opened["summary"] in told
    assert opened["features"][0]["checks"][0]["check"] in told
    assert config[1] == [{"from_beginning": False, "burst": False, "waits": True}]
    assert result.stderr == "driftline: not there yet\n"


def test_a_log_that_cannot_be_read_ends_it_with_one_line(
    config: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1, and where the broker was looked for."""

    def unavailable(_settings: object, **_how: bool) -> Iterator[bytes]:
        raise LogUnavailable("nobody answers")
        yield b""

    monkeypatch.setattr(consumers.alerts, "follow", unavailable)
    result = alerts(config[0])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["driftline: localhost:9092: nobody answers"]


def test_faults_of_further_features_stand_below_the_table(published: list[bytes]) -> None:
    """The first one's is the summary's; the others get a line each."""
    event = json.loads(published[0])
    first = event["features"][0] | {"pattern": {"kind": "gone", "sentence": "age went missing entirely"}}
    second = first | {"name": "fare", "pattern": {"kind": "stuck", "sentence": "fare is stuck at 3"}}
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(alert_text(event | {"features": [first, second]}))
    told = console.export_text()
    assert "fare is stuck at 3." in told
    assert "age went missing" not in told


def test_the_heading_says_what_state_of_the_monitor_begins(published: list[bytes]) -> None:
    """Whoever is woken reads the reason first, and whether it is over."""
    event = json.loads(published[0]) | {"type": "monitor.health", "reason": "schema_changed", "state": "ended"}
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(alert_text(event))
    assert console.export_text().startswith("monitor.health schema_changed ended ")


def test_a_record_that_is_no_event_is_passed_over_and_said(
    config: tuple[Path, Any], published: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People read on; with --json the record is what it is."""
    monkeypatch.setattr(consumers.alerts, "follow", lambda _settings, **_how: iter([b"nonsense", published[0]]))
    result = alerts(config[0])
    assert result.exit_code == 0
    assert result.stderr.startswith("driftline: a record on the topic is passed over: not JSON")
    assert "drift.opened" in result.stdout
    assert alerts(config[0], "--json").stdout_bytes == b"nonsense\n" + published[0] + b"\n"


def test_a_route_is_tried_with_an_incident_that_is_resolved_again(stage_assembly: Callable[..., Any]) -> None:
    """Each event once, with what came of it; 1 where one was not taken; a name that is none is an error."""
    path = stage_assembly().settings.path
    with Peer([Reply(200), Reply(503, body=b"no s3cret here")]) as peer:
        with path.open("a") as file:
            file.write(f'\n[routes.team]\nkind = "pagerduty"\nkey = "s3cret"\nurl = "{peer.url}/x"\n')
        result = alerts(path, "--try-route", "team")
    assert result.exit_code == 1
    assert result.stdout == "team: drift.opened: delivered\nteam: drift.resolved: HTTP 503: no *** here\n"
    assert [came.json["event_action"] for came in peer.came] == ["trigger", "resolve"]
    assert len({came.json["dedup_key"] for came in peer.came}) == 1
    assert "there is no such route; there is team" in str(alerts(path, "--try-route", "tem").exception)
