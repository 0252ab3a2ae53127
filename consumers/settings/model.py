"""Settings: the whole configuration, validated once and trusted from here on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from consumers.settings.decision import DecisionSettings, FeatureSettings, ThresholdSettings
from consumers.settings.labels import LabelSettings, unjoinable
from consumers.settings.names import KafkaName
from consumers.settings.registry import RegistrySettings
from consumers.settings.routes import RouteSettings
from consumers.settings.schedule import ScheduleSettings
from consumers.settings.section import Section
from consumers.settings.sections import EventSettings, KafkaSettings, MonitorSettings, TelemetrySettings, TopicSettings
from stream.comparators import COMPARATORS, lags, versions
from stream.policy import Policy
from stream.schedule import Schedule

TOPIC_ROLES = ("events", "counts", "panes", "alerts", "status", "rejects")
LABEL_TOPICS = ("labels", "labelled")


class Settings(Section):
    """The configuration file and the environment, as one frozen value."""

    monitor: MonitorSettings
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    events: EventSettings = Field(default_factory=EventSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    schema_registry: RegistrySettings = Field(default_factory=RegistrySettings)
    topics: Annotated[TopicSettings, Field(validate_default=True)] = Field(default_factory=TopicSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)
    decision: DecisionSettings = Field(default_factory=DecisionSettings)
    thresholds: ThresholdSettings = Field(default_factory=ThresholdSettings)
    features: Mapping[str, FeatureSettings] = Field(default={}, description="Exceptions for single features, by name.")
    routes: Mapping[KafkaName, RouteSettings] = Field(default={}, description="Whom alerts are sent to, by name.")
    labels: LabelSettings | None = Field(
        default=None, description="Labels, where there are any.", validate_default=False
    )
    _path: Path = PrivateAttr(default=Path("driftline.toml"))

    @field_validator("topics")
    @classmethod
    def _named_after_monitor(cls, topics: TopicSettings, info: ValidationInfo) -> TopicSettings:
        if "monitor" not in info.data:
            return topics
        monitor = info.data["monitor"].name
        names = {role: getattr(topics, role).replace("<monitor>", monitor) for role in TOPIC_ROLES + LABEL_TOPICS}
        taken: dict[str, str] = {}
        for role, name in names.items():
            # Labels, or responses, may be on the topic of the events.
            if (other := taken.setdefault(name, role)) != role and (other, role) != ("events", "labels"):
                raise ValueError(f'{other} and {role} are both "{name}"; write a topic of its own for each')
        return topics.model_copy(update=names)

    @field_validator("decision")
    @classmethod
    def _comparators_fit_the_schedule(cls, decision: DecisionSettings, info: ValidationInfo) -> DecisionSettings:
        if "schedule" in info.data:
            schedule, events = info.data["schedule"], info.data.get("events", EventSettings())
            if unknown := versions(decision.comparators) if events.model_version is None else ():
                known = ", ".join(f'"{name}"' for name in COMPARATORS)
                raise ValueError(
                    f'comparators: "{unknown[0]}" is not known here; write one of {known}, '
                    "or set events.model_version and write a version"
                )
            lags(decision.comparators, Schedule(schedule.every_ms, schedule.window_ms), decision.persist[0])
        return decision

    @field_validator("labels")
    @classmethod
    def _labels_can_be_joined(cls, labels: LabelSettings | None, info: ValidationInfo) -> LabelSettings | None:
        if labels is not None and {"events", "schedule", "decision"} <= set(info.data):
            events, decision = info.data["events"], info.data["decision"]
            if events.id is None:
                raise ValueError('needs to know where events keep their id; write under [events] for example id = "id"')
            if "topics" in info.data and not info.data["topics"].events:
                raise ValueError('joins events of a topic, and topics.events is ""; name it, or leave [labels] out')
            for problem in unjoinable(events):
                raise ValueError(problem)
            mine = labels.schedule(info.data["schedule"])
            lags(decision.comparators, Schedule(mine.every_ms, mine.window_ms), decision.persist[0])
        return labels

    @classmethod
    def from_document(cls, document: Mapping[str, Any], path: Path) -> "Settings":
        """Validate what was read from ``path``. Raises pydantic's ValidationError."""
        settings = cls.model_validate(document)
        settings._path = path
        return settings

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self._path

    @property
    def baseline_path(self) -> Path:
        """The baseline, relative to the configuration file unless absolute."""
        return self._path.parent / self.monitor.baseline

    @property
    def every_ms(self) -> int:
        """The tumbling schedule of tests."""
        return self.schedule.every_ms

    @property
    def window_ms(self) -> int:
        """How much event time one test looks at."""
        return self.schedule.window_ms

    @property
    def lateness_ms(self) -> int:
        """How much out of order an event may be."""
        return self.schedule.lateness_ms

    @property
    def idle_ms(self) -> int:
        """After how much silence a partition is left out of the watermark."""
        return self.schedule.idle_ms

    @property
    def ahead_ms(self) -> int:
        """How far an event's time may lie ahead of its record's timestamp."""
        return self.schedule.ahead_ms

    @property
    def importance(self) -> dict[str, float]:
        """The weights given here, by feature, for ``Baseline.with_importance``."""
        return {name: feature.importance for name, feature in self.features.items() if feature.importance is not None}

    def policy(self) -> Policy:
        """Return what counts as drift, as the arithmetic takes it."""
        decision = self.decision
        floors = {name: feature.floors() for name, feature in self.features.items()}
        return Policy(
            false_alarms_per_ms=decision.false_alarms_per_ms,
            correction=decision.correction,
            persist=decision.persist,
            checks=decision.checks,
            comparators=decision.comparators,
            segments=self.events.max_segments if self.events.told_apart_by else 1,
            alpha={str(check): level for check, level in decision.alpha.items()},
            thresholds=self.thresholds.model_dump(),
            feature_thresholds={name: own for name, own in floors.items() if own},
            min_samples=self.schedule.min_samples,
            cusum_share=decision.cusum_share,
            detectors=decision.detectors,
            companions_fdr=decision.companions_fdr,
            severity_warning=decision.severity.warning,
            severity_critical=decision.severity.critical,
            schema_changes=decision.schema_changes,
            schema_ignored=decision.schema_ignore,
        )
