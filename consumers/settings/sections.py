"""The sections on what is watched, and where: each key's type, default and meaning, in the order people read them.

A field whose number has a unit in its name (``every_ms``) is written in the file under its alias (``every``).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from consumers.decode.format_names import FORMAT_NAMES
from consumers.settings.names import (
    EventPath,
    FormatName,
    KafkaName,
    KafkaNameOrNone,
    ListenAddress,
    PlainValue,
    Servers,
    ValuePath,
)
from consumers.settings.section import Section


class MonitorSettings(Section):
    """What is watched, and what it is compared with."""

    name: KafkaName = Field(
        description="Names the monitor in every drift event and Kafka key, and its topics.", examples=["house-prices"]
    )
    baseline: Annotated[str, Field(min_length=1)] = Field(
        default="baseline.json", description="The baseline that `driftline fit` wrote; relative to this file."
    )


class EventSettings(Section):
    """How an event is read. Paths are names joined by dots (`payload.user.age`)."""

    format: FormatName = Field(
        default="auto",
        description="How records are written; `auto` tells each record by itself, a named format is cheaper: "
        + ", ".join(f"`{name}`" for name in FORMAT_NAMES[1:])
        + ", or a class of your own.",
    )
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
    more_features: Annotated[tuple[EventPath, ...], Field(strict=False)] = Field(
        default=(),
        description="Paths to further objects with features, which make one row together. Of a name that stands in "
        "several the first one's value counts, `features` before all others.",
        examples=[["device", "session"]],
    )
    names: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        description="Names of values that come without, in their order. Default: the baseline's features.",
        examples=[["user_age", "device_type"]],
    )
    side: Literal["request", "response"] = Field(
        default="request", description="Which half of a model server's traffic has the features; the other is foreign."
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

    bootstrap_servers: Servers = Field(
        default=("localhost:9092",), description="Addresses to begin with, host:port each."
    )
    client: Literal["auto", "kafka-python"] = Field(default="auto", description="The Kafka client library.")
    # What the client is told beside the above, checked by consumers.kafka_options; kept out of any repr: secrets.
    options: Mapping[str, Any] = Field(default={}, repr=False, exclude=True)

    def for_client(self, client: Literal["member", "consumer", "producer", "admin"]) -> dict[str, Any]:
        """Return the keyword arguments of one of kafka-python's clients: addresses, and those options that it takes."""
        from consumers.kafka_options import options_for  # noqa: PLC0415  # kafka takes 100 ms to import

        return {"bootstrap_servers": list(self.bootstrap_servers), **options_for(client, self.options)}


class TopicSettings(Section):
    """Where events come from and results go. `<monitor>` is the monitor's name."""

    events: KafkaNameOrNone = Field(
        default="inference-events",
        description='The events to watch: read, never written. `""` is none: taps count in the servers.',
    )
    counts: KafkaName = Field(default="<monitor>.counts", description="What each batch of events added to the windows.")
    panes: KafkaName = Field(default="<monitor>.panes", description="The judge's memory (compacted).")
    alerts: KafkaName = Field(default="<monitor>.alerts", description="Drift events.")
    status: KafkaName = Field(default="<monitor>.status", description="The latest state of each monitor (compacted).")
    rejects: KafkaName = Field(
        default="<monitor>.rejects", description="Records that could not be read, with the reason."
    )
    labels: KafkaName = Field(
        default="<monitor>.labels",
        description="Labels, where [labels] is set: keyed and partitioned as the events are, and read only.",
    )
    labelled: KafkaName = Field(
        default="<monitor>.labelled", description="Predictions with their labels, which a monitor of their own reads."
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

    listen: ListenAddress = Field(
        default="127.0.0.1:9464",
        description='host:port of `/metrics`, `/healthz` and `/readyz`; port 0 is any free one, `""` is none. A second '
        "process on the host takes a free port unless an address is written here.",
    )
