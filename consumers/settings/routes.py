"""The tables that say whom alerts are sent to: `[routes.<name>]`."""

from collections.abc import Callable, Mapping
from string import Template
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from consumers.settings.section import Section
from consumers.settings.spelling import DurationMs, parse_duration_ms
from stream.durations import UNITS_MS

EventType = Literal["drift.opened", "drift.changed", "drift.resolved", "monitor.health", "detector.fired"]
# What a template may name, each of one drift event.
PLACEHOLDERS = (
    "id", "incident", "type", "monitor", "severity", "summary", "advice", "features", "features_total", "segment",
    "window_start", "window_end", "n", "baseline", "model", "model_version", "reason", "state",
)  # fmt: skip
PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"
# Which kinds take the keys that not all of them take.
_TAKEN_BY: Mapping[str, tuple[str, ...]] = {
    "key": ("pagerduty",),
    "body": ("webhook",),
    "text": ("slack", "alertmanager", "pagerduty"),
    "labels": ("alertmanager",),
}


def _address(url: str) -> str:
    """Refuse what is no address, without ever repeating it: it may be a secret."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or any(mark.isspace() for mark in url):
        raise ValueError('must be an address that begins with http:// or https://, for example "https://example.com/x"')
    if parts.username is not None:
        raise ValueError("must not hold a user's name; write token or headers instead")
    return url


def _template(text: str) -> str:
    template = Template(text)
    if not template.is_valid():
        raise ValueError('has a "$" that names nothing; write "$$" for a dollar')
    for name in template.get_identifiers():
        if name not in PLACEHOLDERS:
            raise ValueError(f"${name} is not known here; write one of {', '.join(PLACEHOLDERS)}")
    return text


def _templates(value: Any) -> Any:
    """Check every text in a structure; "$event" alone stands for the whole event."""
    if isinstance(value, str) and value != "$event":
        _template(value)
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _templates(part)
    return value


def _header_value(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("must be printable ASCII; encode it")
    return value


def _up_to(longest: str, example: str) -> Callable[[int], int]:
    longest_ms = parse_duration_ms(longest)

    def check(wait_ms: int) -> int:
        if not UNITS_MS["s"] <= wait_ms <= longest_ms:
            raise ValueError(f'must be "1s" to "{longest}"; write for example "{example}"')
        return wait_ms

    return check


HeaderValue: TypeAlias = Annotated[str, AfterValidator(_header_value)]


class RouteSettings(Section):
    """Whom alerts are sent to over HTTP; as many such tables as needed. The router delivers them."""

    kind: Literal["webhook", "slack", "alertmanager", "pagerduty", "cloudevents"] = Field(
        description="What is sent: the event as JSON (`webhook`), a message (`slack`, which others understand too), an "
        "alert for Alertmanager's API v2, an event for PagerDuty's API v2, or a CloudEvent.",
        examples=["slack"],
    )
    url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="Where it is sent; of Alertmanager the address that its page has. PagerDuty's is known. "
        "A secret with Slack: `url_file`.",
        examples=["https://hooks.example.com/services/x"],
        repr=False,
    )
    token: HeaderValue | None = Field(
        default=None, description="Sent as `Authorization: Bearer`. `token_file` reads it from a file.", repr=False,
        examples=["..."],
    )  # fmt: skip
    key: HeaderValue | None = Field(
        default=None, description="PagerDuty's integration key. `key_file` reads it from a file.", repr=False,
        examples=["..."],
    )  # fmt: skip
    headers: Mapping[str, HeaderValue] = Field(
        default={}, description="Further headers.", repr=False, examples=[{"X-Team": "ml"}]
    )
    types: Annotated[tuple[EventType, ...], Field(strict=False)] = Field(
        default=(), description="Only events of these types; empty is all.", examples=[["drift.opened"]]
    )
    min_severity: Literal["info", "warning", "critical"] = Field(
        default="info",
        description="Only incidents that become as severe as this; of those, their changes and their end.",
    )
    text: Annotated[str, AfterValidator(_template)] | None = Field(
        default=None,
        description="The sentence that people read, instead of the usual one; `$summary` and others are filled in.",
        examples=["$monitor: $summary"],
    )
    body: Annotated[Mapping[str, Any], AfterValidator(_templates)] = Field(
        default={},
        description="What a `webhook` sends instead of the event: JSON of this shape, whose texts are filled in.",
        examples=[{"title": "$summary"}],
    )
    labels: Mapping[str, str] = Field(
        default={}, description="Further labels of Alertmanager's alerts.", examples=[{"team": "ml"}]
    )
    timeout_ms: Annotated[DurationMs, AfterValidator(_up_to("1m", "10s"))] = Field(
        default=10 * UNITS_MS["s"], alias="timeout", description="How long one attempt may wait for an answer."
    )
    give_up_after_ms: Annotated[DurationMs, AfterValidator(_up_to("1d", "1h"))] = Field(
        default=UNITS_MS["h"],
        alias="give_up_after",
        description="An event that could not be delivered for so long is given up, and the next one is tried.",
    )

    @model_validator(mode="after")
    def _whole(self) -> "RouteSettings":
        for key, kinds in _TAKEN_BY.items():
            if key in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"{key} is for the kind {' or '.join(kinds)}; leave it out")
        if self.kind == "pagerduty" and self.key is None:
            raise ValueError('key is missing; write for example key_file = "/run/secrets/pagerduty"')
        if self.kind != "pagerduty" and self.url is None:
            raise ValueError("url is missing; write it, or url_file with the path of a file that holds it")
        return self

    @property
    def address(self) -> str:
        """Where it is sent."""
        return self.url or PAGERDUTY_URL

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown; the longest first. Of the address, all behind the host."""
        path = self.address.split("://", 1)[1].partition("/")[2]
        found = {self.token, self.key, *self.headers.values(), path if self.kind != "pagerduty" else None}
        return tuple(sorted((secret for secret in found if secret), key=len, reverse=True))
