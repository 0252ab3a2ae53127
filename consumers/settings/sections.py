"""The sections of the configuration file: each key's type, default and meaning, in the order people read them.

A field whose number has a unit in its name (``every_ms``) is written in the file under its alias (``every``).
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from consumers.settings.spelling import DurationMs, EveryMs, MaybeDurationMs
from stream.durations import UNITS_MS, format_duration

_LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _kafka_name(text: str) -> str:
    if not _LEGAL_NAME.fullmatch(text) or len(text) > 200 or text in {".", ".."}:
        raise ValueError(
            "may hold letters, digits, '.', '_' and '-' only, 200 at most; write for example \"house-prices\""
        )
    return text


def _event_path(text: str) -> str:
    if text and not all(text.split(".")):
        raise ValueError('is no path into the event; write names joined by dots, for example "payload.ts"')
    return text


def _value_path(text: str) -> str:
    if not text:
        raise ValueError('must name a field of the event; write for example "ts", or leave the key out')
    return _event_path(text)


def _server_list(servers: object) -> object:
    return [part.strip() for part in servers.split(",") if part.strip()] if isinstance(servers, str) else servers


def _server(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f'{json.dumps(address)} is no host:port; write for example ["localhost:9092"]')
    return address


def _listen_address(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if address and not (host and colon and port.isdecimal() and int(port) < 65536):
        raise ValueError('is no host:port; write for example "127.0.0.1:9464", or "" for none')
    return address


def _plain_value(value: object) -> object:
    if not isinstance(value, (str, int, float)):
        raise ValueError('must be text, a number, true or false; write for example where = {model = "house-prices"}')  # noqa: TRY004  # pydantic takes ValueError
    return value


# Topic names are made from the monitor's name, so both keep to what Kafka allows in a topic.
KafkaName: TypeAlias = Annotated[str, AfterValidator(_kafka_name)]
EventPath: TypeAlias = Annotated[str, AfterValidator(_event_path)]
ValuePath: TypeAlias = Annotated[str, AfterValidator(_value_path)]
PlainValue: TypeAlias = Annotated[Any, AfterValidator(_plain_value)]


class Section(BaseModel):
    """A table of the file: frozen, typed as written, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class MonitorSettings(Section):
    """What is watched, and what it is compared with."""

    name: KafkaName = Field(
        description="Names the monitor in every drift event and Kafka key, and its topics.", examples=["house-prices"]
    )
    baseline: Annotated[str, Field(min_length=1)] = Field(
        default="baseline.json", description="The baseline that `driftline fit` wrote; relative to this file."
    )


class ScheduleSettings(Section):
    """When windows are tested, and how long events may take to arrive. Time is event time throughout."""

    every_ms: EveryMs = Field(
        default=UNITS_MS["h"],
        alias="every",
        description="Windows are tested at each multiple of this: whole seconds, or whole days. "
        'Also "hourly", "daily", "weekly".',
    )
    window_ms: DurationMs = Field(
        default_factory=lambda data: data.get("every_ms", 0),
        alias="window",
        description="How much event time one test looks at: a whole number of `every`. Default: the same as `every`.",
        examples=["24h"],
    )
    timezone: str = Field(
        default="UTC",
        description="Where days begin, as an IANA name; weeks begin on Monday.",
        examples=["Europe/Berlin"],
    )
    lateness_ms: DurationMs = Field(
        default=30 * UNITS_MS["s"],
        alias="lateness",
        description="How far an event may lie behind the newest of its partition; later ones are counted as late.",
    )
    idle_ms: DurationMs = Field(
        default=UNITS_MS["m"],
        alias="idle",
        description="A partition silent for this long no longer holds the other ones back.",
    )
    ahead_ms: DurationMs = Field(
        default=UNITS_MS["h"],
        alias="ahead",
        description="An event further ahead of its record's own timestamp is not counted: its clock is wrong.",
    )
    stalled_after_ms: DurationMs = Field(
        default_factory=lambda data: max(5 * UNITS_MS["m"], 2 * data.get("idle_ms", 0)),
        alias="stalled_after",
        description="A window that waits for a partition for longer than this is told as `monitor.health`. "
        'Default: "5m", or twice `idle` where that is more.',
        examples=["5m"],
    )
    patience_ms: MaybeDurationMs = Field(
        default=None,
        alias="patience",
        description="A window that waits for a partition for longer than this is tested early, with `coverage` below "
        "1. Should be longer than `idle`. Default: it waits for ever.",
        examples=["30m"],
    )
    min_samples: int = Field(
        default=100, ge=2, description='A window with fewer events is "insufficient", which is never "no drift".'
    )

    @field_validator("every_ms")
    @classmethod
    def _whole_seconds_or_days(cls, every_ms: int) -> int:
        unit = "d" if every_ms >= UNITS_MS["d"] else "s"
        if every_ms == 0 or every_ms % UNITS_MS[unit]:
            raise ValueError(
                'must be whole seconds, or whole days from a day on; write for example "90s", "1h" or "2d"'
            )
        return every_ms

    @field_validator("window_ms")
    @classmethod
    def _whole_number_of_every(cls, window_ms: int, info: ValidationInfo) -> int:
        every_ms = info.data.get("every_ms", 1)
        if window_ms == 0 or window_ms % every_ms:
            nearest_ms = max(1, round(window_ms / every_ms)) * every_ms
            raise ValueError(
                f'must be a whole number of every ("{format_duration(every_ms)}"); '
                f'write for example "{format_duration(nearest_ms)}"'
            )
        return window_ms

    @field_validator("stalled_after_ms", "patience_ms")
    @classmethod
    def _at_least_a_second(cls, wait_ms: int | None) -> int | None:
        if wait_ms is not None and wait_ms < UNITS_MS["s"]:
            raise ValueError('must be at least "1s"; write for example "5m"')
        return wait_ms

    @field_validator("patience_ms")
    @classmethod
    def _longer_than_lateness(cls, patience_ms: int | None, info: ValidationInfo) -> int | None:
        lateness_ms = info.data.get("lateness_ms", 0)
        if patience_ms is not None and patience_ms < lateness_ms:
            raise ValueError(
                f'must be at least lateness ("{format_duration(lateness_ms)}"), for which every window waits; '
                f'write for example "{format_duration(max(UNITS_MS["m"], 2 * lateness_ms))}"'
            )
        return patience_ms

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            message = 'is no time zone known here; write an IANA name, for example "UTC" or "Europe/Berlin"'
            raise ValueError(message) from None
        return name


class EventSettings(Section):
    """How an event is read. Paths are names joined by dots (`payload.user.age`)."""

    format: Literal["auto", "json"] = Field(default="auto", description="How records are encoded.")
    timestamp: ValuePath | None = Field(
        default=None,
        description="Path to the event's time. Default: the Kafka record's own timestamp.",
        examples=["ts"],
    )
    timestamp_unit: Literal["auto", "s", "ms", "us", "ns", "iso"] = Field(
        default="auto", description="What the time is written in; `auto` tells by its size and form."
    )
    id: ValuePath | None = Field(default=None, description="Path to the event's identifier.", examples=["id"])
    features: EventPath = Field(
        default="",
        description='Path to the object that holds the features; `""` is the event itself.',
        examples=["features"],
    )
    where: Mapping[ValuePath, PlainValue] = Field(
        default={},
        description="Only events with these values, by path, belong to this monitor; others are counted as foreign.",
        examples=[{"model": "house-prices"}],
    )
    segment: Annotated[tuple[ValuePath, ...], Field(strict=False)] = Field(
        default=(),
        description="Paths to values by which events are told apart: each combination is watched by itself.",
        examples=[["country"]],
    )
    model: ValuePath | None = Field(
        default=None,
        description="Path to the name of the model that was asked; each is watched by itself.",
        examples=["model"],
    )
    model_version: ValuePath | None = Field(
        default=None,
        description="Path to the version of the model that was asked; each is watched by itself, "
        "and may be a comparator.",
        examples=["model_version"],
    )
    max_segments: int = Field(
        default=20, ge=1, description="So many segments are watched; events of further ones are watched together."
    )

    @property
    def told_apart_by(self) -> tuple[str, ...]:
        """The paths whose values make a segment: those of `segment`, then the model's name and version."""
        return (*self.segment, *(path for path in (self.model, self.model_version) if path is not None))


class KafkaSettings(Section):
    """How the broker is reached. Every further key goes to the Kafka client as it is (`security_protocol`)."""

    bootstrap_servers: Annotated[
        tuple[Annotated[str, AfterValidator(_server)], ...],
        Field(strict=False, min_length=1),
        BeforeValidator(_server_list),
    ] = Field(default=("localhost:9092",), description="Addresses to begin with, host:port each.")
    client: Literal["auto", "kafka-python"] = Field(default="auto", description="The Kafka client library.")
    # What the client is told beside the above, checked by consumers.kafka_options; kept out of any repr: secrets.
    options: Mapping[str, Any] = Field(default={}, repr=False, exclude=True)

    def for_client(self, client: Literal["member", "consumer", "producer", "admin"]) -> dict[str, Any]:
        """Return the keyword arguments of one of kafka-python's clients: addresses, and those options that it takes."""
        from consumers.kafka_options import options_for  # noqa: PLC0415  # kafka takes 100 ms to import

        return {"bootstrap_servers": list(self.bootstrap_servers), **options_for(client, self.options)}


class TopicSettings(Section):
    """Where events come from and results go. `<monitor>` is the monitor's name."""

    events: KafkaName = Field(default="inference-events", description="The events to watch: read, never written.")
    counts: KafkaName = Field(default="<monitor>.counts", description="What each batch of events added to the windows.")
    panes: KafkaName = Field(default="<monitor>.panes", description="The judge's memory (compacted).")
    alerts: KafkaName = Field(default="<monitor>.alerts", description="Drift events.")
    status: KafkaName = Field(default="<monitor>.status", description="The latest state of each monitor (compacted).")
    rejects: KafkaName = Field(
        default="<monitor>.rejects", description="Records that could not be read, with the reason."
    )
    create: bool = Field(default=True, description="Create missing topics at start, all but `events`.")
    cut_counts: bool = Field(
        default=True,
        description="Delete counts once they are judged. `false` where something else reads them; "
        "they are then kept for ever.",
    )
    replication_factor: Annotated[int, Field(ge=-1, le=32767)] = Field(
        default=-1, description="Of topics created here; -1 is the broker's default."
    )

    @field_validator("replication_factor")
    @classmethod
    def _not_zero(cls, factor: int) -> int:
        if factor == 0:
            raise ValueError("must be -1 (the broker's default) or at least 1; write for example 3")
        return factor


class TelemetrySettings(Section):
    """Where `driftline run` tells how it is: `/metrics` for Prometheus, `/healthz` and `/readyz` for probes."""

    listen: Annotated[str, AfterValidator(_listen_address)] = Field(
        default="127.0.0.1:9464",
        description='host:port of `/metrics`, `/healthz` and `/readyz`; port 0 is any free one, `""` is none. A second '
        "process on the host takes a free port unless an address is written here.",
    )
