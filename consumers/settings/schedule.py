"""The section that says when windows are tested, and how long they wait."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationInfo, field_validator

from consumers.settings.section import Section
from consumers.settings.spelling import DurationMs, EveryMs, MaybeDurationMs
from stream.durations import UNITS_MS, format_duration


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
