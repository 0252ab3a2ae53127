"""What each kind of route sends, held against what the services say that they take."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.alerts import read_event
from consumers.routes.kinds import KINDS
from consumers.routes.request import Request, words
from consumers.settings.routes import PLACEHOLDERS, RouteSettings
from stream import drift_event
from stream.drift_event import DriftEvent, Identity, health_event

NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
URL = "https://hooks.example.com/services/T0/B0/xyz"


@pytest.fixture
def events(stage: Callable[..., Any], incident_lines: list[bytes]) -> dict[str, DriftEvent]:
    """Return real events by type: of drift, in a segment whose name is odd, and of health."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    found = [read_event(record.value) for record in made.log.records("alerts")]
    identity = Identity("stage", "f", 10, {"payload.country": "D<E>"}, "houses", "7")
    window = drift_event.TestedWindow(0, 1_000, 5)
    begun, ended = (health_event(identity, window, "stalled", s, "It waits.", 0) for s in ("begun", "ended"))
    return {event.type: event for event in found} | {"begun": begun, "ended": ended}


def built(event: DriftEvent, before: str | None = None, **settings: Any) -> Request:
    """Return the request of a route with these settings."""
    where = {} if settings["kind"] == "pagerduty" else {"url": URL}
    route = RouteSettings.model_validate({**where, **settings})
    return KINDS[route.kind](event, before, route, NOW)


def body(request: Request) -> Any:
    """Return what is sent, read."""
    return json.loads(request.body)


def test_a_webhook_gets_the_event_and_its_id(events: dict[str, DriftEvent]) -> None:
    """The JSON of the topic, and a key by which the same event is known when it comes twice."""
    opened = events["drift.opened"]
    request = built(opened, kind="webhook", token="t0p", headers={"X-Team": "ml"})
    assert body(request) == json.loads(json.dumps(opened.to_dict()))
    assert request.headers["Idempotency-Key"] == opened.id
    assert (request.headers["Authorization"], request.headers["X-Team"]) == ("Bearer t0p", "ml")
    assert request.headers["Content-Type"] == "application/json"


def test_a_template_is_json_whatever_the_words_are(events: dict[str, DriftEvent]) -> None:
    """Texts of a shape are filled in, structures stay, quotes cannot break out, and the whole event fits in."""
    shape = {"t": "[$severity] $summary", "n": 3, "deep": [{"m": "$monitor $$5"}], "all": "$event"}
    odd = replace(events["drift.opened"], summary='a "quoted" \\ line\n')
    sent = body(built(odd, kind="webhook", body=shape))
    assert sent["t"] == '[critical] a "quoted" \\ line\n'
    assert (sent["n"], sent["deep"], sent["all"]["id"]) == (3, [{"m": "stage $5"}], odd.id)


def test_every_placeholder_of_the_settings_has_a_word(events: dict[str, DriftEvent]) -> None:
    """What the settings let through is there for every event."""
    for event in events.values():
        assert set(words(event)) == set(PLACEHOLDERS)
    assert words(events["drift.opened"])["features"] == "device, age"
    assert words(events["begun"])["segment"] == "payload.country=D<E>"


def test_slack_gets_a_message_that_mentions_nobody(events: dict[str, DriftEvent]) -> None:
    """`text`, and an attachment in the colour of the severity; angle brackets are text."""
    sent = body(built(events["drift.opened"], kind="slack"))
    assert sent["text"].startswith("drift.opened (critical) stage: ")
    assert sent["attachments"][0]["color"] == "#d00000"
    assert {entry["title"] for entry in sent["attachments"][0]["fields"]} == {"Window", "Incident"}
    sent = body(built(events["begun"], kind="slack", text="$segment & $state"))
    assert sent["text"] == "payload.country=D&lt;E&gt; &amp; begun"


def valid_alert(alert: dict[str, Any]) -> None:
    """Hold an alert against the `postableAlert` of Alertmanager's OpenAPI (v2), and Prometheus' rule for names."""
    assert set(alert) <= {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
    for texts in (alert["labels"], alert["annotations"]):
        assert all(isinstance(text, str) and name.replace("_", "a").isalnum() for name, text in texts.items())
    assert alert["labels"]["alertname"]
    starts, ends = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
    assert starts.tzinfo is not None
    assert starts <= ends


def test_alertmanager_fires_until_it_is_resolved_under_the_same_labels(events: dict[str, DriftEvent]) -> None:
    """It knows an alert by its labels, so they do not change from opened to resolved."""
    opened = built(events["drift.opened"], kind="alertmanager", labels={"team": "ml"})
    assert opened.url == f"{URL}/api/v2/alerts"
    (firing,) = body(opened)
    (resolved,) = body(built(events["drift.resolved"], "critical", kind="alertmanager", labels={"team": "ml"}))
    for alert in (firing, resolved):
        valid_alert(alert)
    assert firing["labels"] == resolved["labels"]
    assert firing["labels"]["severity"] == "critical"
    assert firing["labels"]["team"] == "ml"
    assert datetime.fromisoformat(firing["endsAt"]) > NOW + timedelta(days=300)
    assert datetime.fromisoformat(resolved["endsAt"]) == NOW


def test_alertmanager_is_told_a_new_severity_as_another_alert(events: dict[str, DriftEvent]) -> None:
    """The alert under the old severity ends beside it; an end after an unknown beginning ends all three."""
    told = body(built(events["drift.opened"], "warning", kind="alertmanager"))
    assert [(a["labels"]["severity"], a["endsAt"] > NOW.isoformat()) for a in told] == [
        ("critical", True),
        ("warning", False),
    ]
    told = body(built(events["drift.resolved"], None, kind="alertmanager"))
    assert [alert["labels"]["severity"] for alert in told] == ["info", "warning", "critical"]


def test_alertmanager_takes_every_segment_and_health(events: dict[str, DriftEvent]) -> None:
    """Names of labels have no dots, and health is another alert than drift."""
    (begun,) = body(built(events["begun"], kind="alertmanager"))
    (ended,) = body(built(events["ended"], "warning", kind="alertmanager"))
    valid_alert(begun)
    assert begun["labels"] == ended["labels"]
    assert begun["labels"]["alertname"] == "DriftlineHealth"
    assert begun["labels"]["segment_payload_country"] == "D<E>"


@pytest.mark.parametrize(
    ("event", "action"),
    [("drift.opened", "trigger"), ("begun", "trigger"), ("drift.resolved", "resolve"), ("ended", "resolve")],
)
def test_pagerduty_gets_one_incident_from_trigger_to_resolve(
    event: str, action: str, events: dict[str, DriftEvent]
) -> None:
    """Events API v2: the required fields, its words for severity, its limits; `dedup_key` is the incident."""
    request = built(events[event], kind="pagerduty", key="k" * 32)
    assert request.url == "https://events.pagerduty.com/v2/enqueue"
    sent = body(request)
    assert (sent["routing_key"], sent["event_action"]) == ("k" * 32, action)
    assert sent["dedup_key"] == events[event].incident
    assert len(sent["dedup_key"]) <= 255
    payload = sent["payload"]
    assert {"summary", "source", "severity"} <= set(payload)
    assert payload["severity"] in ("critical", "error", "warning", "info")
    assert 0 < len(payload["summary"]) <= 1_024
    assert datetime.fromisoformat(payload["timestamp"]) == NOW
    assert all(isinstance(payload[name], str) for name in ("component", "group", "class"))


def test_a_long_sentence_is_cut_for_pagerduty(events: dict[str, DriftEvent]) -> None:
    """It refuses summaries over 1,024 characters."""
    sent = body(built(events["drift.opened"], kind="pagerduty", key="k", text="$monitor " + "x" * 2_000))
    assert len(sent["payload"]["summary"]) == 1_024


def test_a_cloudevent_has_its_attributes_in_headers(events: dict[str, DriftEvent]) -> None:
    """Binary mode of CloudEvents 1.0 over HTTP: required attributes, and the data as it is."""
    opened = events["drift.opened"]
    request = built(opened, kind="cloudevents")
    assert {name: value for name, value in request.headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": opened.id,
        "ce-type": "driftline.drift.opened",
        "ce-source": "driftline/stage",
        "ce-time": opened.window["end"],
    }
    assert body(request) == json.loads(json.dumps(opened.to_dict()))


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_request_shows_no_secret(kind: str, events: dict[str, DriftEvent]) -> None:
    """Neither a request nor the settings of a route print addresses, tokens, keys or headers."""
    settings = {"kind": kind, "token": "s3cret", "headers": {"X-Key": "s3cret2"}}
    settings |= {"key": "s3cret3"} if kind == "pagerduty" else {}
    request = built(events["drift.opened"], **settings)
    where = {} if kind == "pagerduty" else {"url": URL}
    shown = repr(RouteSettings.model_validate(settings | where)) + repr(Request(request.url, b"", request.headers))
    assert "s3cret" not in shown
    assert "xyz" not in shown
