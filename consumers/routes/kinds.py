"""A drift event as each service wants it: one function per kind of route, from event to request.

``before`` is the severity under which the route was told of the incident last; None where it was not, or is not known.
Sending the same event twice must do no harm: PagerDuty's ``dedup_key`` and Alertmanager's labels name the incident,
webhooks and CloudEvents carry the event's id, which is the same after any restart.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote

from consumers.alerts.event import ends_incident
from consumers.routes.request import Request, as_json, filled, filled_all, words
from consumers.settings.routes import RouteSettings
from stream.drift_event import DriftEvent
from stream.policy import SEVERITIES

Build: TypeAlias = Callable[[DriftEvent, str | None, RouteSettings, datetime], Request]

# Alertmanager takes an alert without an end for resolved after some minutes: ours ends when we say so.
_FIRING = timedelta(days=365)
_ALERTS_PATH = "/api/v2/alerts"
_NO_LABEL = re.compile("[^A-Za-z0-9_]")
# PagerDuty's limit.
_MOST_SUMMARY = 1_024
_COLOURS = {"critical": "#d00000", "warning": "#e8a000", "info": "#2e9e5b"}
# What CloudEvents percent-encodes in HTTP headers: all but printable ASCII, and of that space, quote and percent.
_HEADER_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def webhook(event: DriftEvent, before: str | None, route: RouteSettings, now: datetime) -> Request:
    """Return the event as JSON, or the shape of the settings filled in; its id as ``Idempotency-Key``."""
    body = filled_all(route.body, event) if route.body else event.to_dict()
    return _post(route, body, {"Idempotency-Key": event.id})


def slack(event: DriftEvent, before: str | None, route: RouteSettings, now: datetime) -> Request:
    """Return an incoming webhook's message, as Slack, Mattermost and others take it."""
    told = filled(route.text, event) if route.text else f"{_heading(event)}: {event.summary}"
    fields = {"Window": f"{event.window.get('start')} to {event.window.get('end')}", "Incident": event.incident}
    attachment = {
        "color": _COLOURS[event.severity],
        "fallback": told,
        "text": _mrkdwn(event.advice),
        "fields": [{"title": name, "value": value, "short": True} for name, value in fields.items()],
    }
    return _post(route, {"text": _mrkdwn(told), "attachments": [attachment]})


def alertmanager(event: DriftEvent, before: str | None, route: RouteSettings, now: datetime) -> Request:
    """Return alerts for API v2, firing or resolved; labels name the incident and its severity.

    An alert is known by its labels. When the severity changes, the alert under the old one is resolved beside it. The
    end of an incident of which nothing is known any more is told under every severity: what never fired is not told.
    """
    if ends_incident(event):
        alerts = [_alert(event, severity, route, now, now) for severity in ([before] if before else SEVERITIES)]
    else:
        alerts = [_alert(event, event.severity, route, now, now + _FIRING)]
        if before not in (None, event.severity):
            alerts.append(_alert(event, str(before), route, now, now))
    url = route.address.rstrip("/")
    return _post(route, alerts, url=url if url.endswith(_ALERTS_PATH) else url + _ALERTS_PATH)


def pagerduty(event: DriftEvent, before: str | None, route: RouteSettings, now: datetime) -> Request:
    """Return an event for Events API v2: ``trigger``, or ``resolve`` at the end; ``dedup_key`` is the incident."""
    told = filled(route.text, event) if route.text else f"{event.monitor}: {event.summary}"
    body: dict[str, Any] = {
        "routing_key": route.key,
        "event_action": "resolve" if ends_incident(event) else "trigger",
        "dedup_key": event.incident,
        "client": "driftline",
        "payload": {
            "summary": told[:_MOST_SUMMARY],
            "source": event.monitor,
            "severity": event.severity,
            "timestamp": now.isoformat(timespec="milliseconds"),
            "component": event.model or event.monitor,
            "group": event.monitor,
            "class": event.type,
            "custom_details": {name: text for name, text in words(event).items() if text},
        },
    }
    return _post(route, body)


def cloudevents(event: DriftEvent, before: str | None, route: RouteSettings, now: datetime) -> Request:
    """Return the event as CloudEvents 1.0 in HTTP's binary mode, with the attributes it has on the alerts topic."""
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-type": f"driftline.{event.type}",
        "ce-source": f"driftline/{event.monitor}",
        "ce-time": str(event.window.get("end")),
    }
    return _post(route, event.to_dict(), {name: quote(text, safe=_HEADER_SAFE) for name, text in attributes.items()})


KINDS: Mapping[str, Build] = {
    "webhook": webhook,
    "slack": slack,
    "alertmanager": alertmanager,
    "pagerduty": pagerduty,
    "cloudevents": cloudevents,
}


def _post(route: RouteSettings, body: object, own: Mapping[str, str] | None = None, url: str = "") -> Request:
    headers = {"Content-Type": "application/json", "User-Agent": "driftline", **(own or {})}
    if route.token is not None:
        headers["Authorization"] = f"Bearer {route.token}"
    return Request(url or route.address, as_json(body), {**headers, **route.headers})


def _alert(event: DriftEvent, severity: str, route: RouteSettings, starts: datetime, ends: datetime) -> dict[str, Any]:
    asked = {"model": event.model, "model_version": event.model_version, "reason": event.reason}
    told_apart = {f"segment_{key}": value for key, value in event.segment.items()}
    labels = {
        "alertname": "DriftlineHealth" if event.type == "monitor.health" else "Drift",
        "monitor": event.monitor,
        "incident": event.incident,
        "severity": severity,
        **{name: value for name, value in (asked | told_apart).items() if value},
        **route.labels,
    }
    said = {"summary": filled(route.text, event) if route.text else event.summary, "description": event.advice}
    said |= {"features": words(event)["features"], "event_id": event.id}
    return {
        "labels": {_NO_LABEL.sub("_", name): value for name, value in labels.items()},
        "annotations": {name: text for name, text in said.items() if text},
        "startsAt": starts.astimezone(UTC).isoformat(timespec="milliseconds"),
        "endsAt": ends.astimezone(UTC).isoformat(timespec="milliseconds"),
    }


def _heading(event: DriftEvent) -> str:
    return f"{event.type} ({event.severity}) {event.monitor}"


def _mrkdwn(text: str) -> str:
    """Escape what Slack would read as a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
