"""The section on labels, and where labelled events keep what the events have."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from consumers.decode.event_format import AROUND
from consumers.settings.names import FormatName, ValuePath
from consumers.settings.schedule import ScheduleSettings
from consumers.settings.section import Section
from consumers.settings.sections import EventSettings
from consumers.settings.spelling import DurationMs, MaybeDurationMs, MaybeEveryMs
from stream.answered import ANSWER, RESPONSE, Response
from stream.durations import UNITS_MS, format_duration
from stream.labelled import PREFIX, Task

# What a labelled event holds beside the values by which events are told apart.
LABELLED_FIELDS = ("id", "ts", "label_ts", "features", "source", AROUND)


class LabelSettings(Section):
    """Labels that arrive later, joined to the predictions by the event's id. The whole table may be left out."""

    baseline: Annotated[str, Field(min_length=1)] = Field(
        description="The baseline of labelled events; relative to this file.", examples=["labelled.json"]
    )
    task: Task | Response = Field(
        description="What the model does, and so what a label says of its answer; `response`: labels are the answers.",
        examples=["classification"],
    )
    format: FormatName = Field(default="auto", description="How label records are written; as `events.format`.")
    prediction: ValuePath = Field(default="prediction", description="Path to the prediction in the event.")
    classes: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Names of the classes, where predictions are lists of probabilities."
    )
    id: ValuePath = Field(default="id", description="Path to the event's identifier in the label record.")
    label: ValuePath | None = Field(
        default=None,
        description="Path to the label in the label record. Default: `label`; for `response` all that it has.",
        examples=["label"],
    )
    timestamp: ValuePath | None = Field(
        default=None,
        description="Path to the label's time. Default: the Kafka record's own timestamp.",
        examples=["ts"],
    )
    wait_ms: DurationMs = Field(
        default=7 * UNITS_MS["d"], alias="wait", description="How long a prediction waits for its label."
    )
    early_ms: DurationMs = Field(
        default=UNITS_MS["m"],
        alias="early",
        description="How long a label waits for events that are read later than it: it is joined so much later.",
    )
    max_waiting: int = Field(
        default=1_000_000,
        ge=1,
        description="So many predictions are kept in memory, shared out over the partitions; the oldest make room.",
    )
    every_ms: MaybeEveryMs = Field(
        default=None,
        alias="every",
        description="The schedule of the windows of labelled events. Default: that of the events.",
        examples=["1d"],
    )
    window_ms: MaybeDurationMs = Field(
        default=None,
        alias="window",
        description="The window of labelled events. Default: that of the events, or `every` where it is given here.",
        examples=["7d"],
    )
    min_samples: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="The fewest labelled events in a window. Default: that of the events.", examples=[100]
    )

    @property
    def label_path(self) -> str | None:
        """Where the label is; None where it is all that the record has."""
        return "label" if self.label is None and self.task != RESPONSE else self.label

    @property
    def prediction_path(self) -> str | None:
        """Where the event has the prediction; None where the labels say it."""
        return None if self.task == RESPONSE else self.prediction

    def adds(self, feature: str) -> bool:
        """Tell whether a feature is one that a label adds, or a response."""
        if self.task == RESPONSE:
            return feature == ANSWER or feature.startswith(f"{ANSWER}.")
        return feature.startswith(PREFIX)

    @field_validator("wait_ms", "early_ms")
    @classmethod
    def _some_time(cls, duration_ms: int) -> int:
        if duration_ms < UNITS_MS["s"]:
            raise ValueError('must be at least "1s"; write for example "1m"')
        return duration_ms

    def schedule(self, events: ScheduleSettings) -> ScheduleSettings:
        """Return the schedule of labelled events, given that of the events. Raises ValueError where it is none."""
        window_ms = self.window_ms or self.every_ms
        given = {"every_ms": self.every_ms, "window_ms": window_ms, "min_samples": self.min_samples}
        mine = events.model_copy(update={key: value for key, value in given.items() if value is not None})
        texts = {"every": format_duration(mine.every_ms), "window": format_duration(mine.window_ms)}
        try:
            ScheduleSettings.model_validate(texts)
        except ValidationError as error:
            wrong = error.errors()[0]
            raise ValueError(f"{wrong['loc'][0]}: {wrong['ctx']['error']}") from None
        return mine


def unjoinable(events: EventSettings) -> Iterator[str]:
    """Yield why events that are read so cannot be told apart any more once they are joined with labels."""
    for path in events.told_apart_by:
        if labelled_path(path, events.features) is None:
            yield f'events are told apart by "{path}", for which labelled events have another use'


def labelled_path(path: str, features: str) -> str | None:
    """Return where a labelled event keeps what an event has at ``path``; None where something else is.

    >>> labelled_path("country", "x"), labelled_path("ts", "x"), labelled_path("ts", ""), labelled_path("@type", "")
    ('country', None, 'features.ts', 'around.type')
    """
    if path.startswith("@"):
        return f"{AROUND}.{path[1:]}"
    if path.split(".", 1)[0] not in LABELLED_FIELDS:
        return path
    if not features:
        return f"features.{path}"
    return f"features.{path.removeprefix(f'{features}.')}" if path.startswith(f"{features}.") else None
