"""From settings to working parts: the one place where a monitor is put together."""

from dataclasses import dataclass, replace

from baselines import Baseline, Layout, load
from consumers.book import Book
from consumers.decode import EventDecoder, EventFormat
from consumers.decode.formats import NoSuchFormat
from consumers.errors import SettingsError
from consumers.schema_registry import RegistryAccess, SchemaRegistry
from consumers.settings import Settings, validate_against
from consumers.settings.performance import performance_of
from consumers.settings.sections import EventSettings
from stream.budget import budget, usable, why_unverified
from stream.drift_event import Identity
from stream.monitor import Monitor
from stream.monitors import Monitors
from stream.references import Rival
from stream.refusals import Refusals
from stream.schedule import Schedule
from stream.segments import WHOLE, Division, Segment
from stream.tally import Guards, Tallier
from stream.waiting import Waiting, WaitLimits
from stream.watermark import Watermark


@dataclass(frozen=True)
class Assembly:
    """Everything that is made of settings and baseline alone; each call of a ``new_`` method makes another one."""

    settings: Settings
    baseline: Baseline
    layout: Layout
    schedule: Schedule
    # Why the budget of false alarms is not wholly calibrated; None where it is.
    unverified: str | None = None

    @property
    def budget(self) -> str:
        """What stands behind the budget of false alarms."""
        return budget(self.baseline.calibration, self.schedule, self.settings.policy())

    @property
    def division(self) -> Division:
        """How events are told apart."""
        events = self.settings.events
        names = events.told_apart_by
        version_at = None if events.model_version is None else len(names) - 1
        return Division(names, version_at, events.max_segments if names else 1)

    def identity(self, segment: Segment = WHOLE) -> Identity:
        """Return whose events those of a segment are."""
        events = self.settings.events
        told = dict(zip(events.told_apart_by, segment, strict=False))
        model, version = (told.pop(path, None) if path else None for path in (events.model, events.model_version))
        return Identity(self.settings.monitor.name, self.baseline.fingerprint, self.baseline.n, told, model, version)

    def new_decoder(self) -> EventDecoder:
        """Return a decoder of the events."""
        told, looks = event_format(self.settings.events), self.settings.decision.schema_changes
        try:
            return EventDecoder(self.baseline, told, new_registry(self.settings), looks=looks)
        except NoSuchFormat as error:
            raise SettingsError(f"{self.settings.path}: events.format: {error}") from error

    def new_tallier(self) -> Tallier:
        """Return what places rows in panes."""
        guards = Guards(self.settings.lateness_ms, self.settings.ahead_ms)
        return Tallier(self.layout, self.schedule, guards)

    def new_monitors(self) -> Monitors:
        """Return the monitors of all segments, which have seen nothing."""
        return Monitors(self._new_monitor, self.division)

    def new_book(self) -> Book:
        """Return a judge's book of one counts partition that has taken nothing."""
        limits = WaitLimits(self.settings.schedule.stalled_after_ms, self.settings.schedule.patience_ms)
        return Book(
            self.new_monitors(),
            Watermark(self.settings.lateness_ms),
            waiting=Waiting(limits),
            refusals=self.new_refusals(),
        )

    def new_refusals(self) -> Refusals:
        """Return what tells when many events are refused, which has seen none."""
        return Refusals(self.settings.schedule.min_samples, self.settings.policy().persist)

    def _new_monitor(self, segment: Segment, rival: Rival) -> Monitor:
        return Monitor(self.identity(segment), self.layout, self.schedule, self.settings.policy(), rival)


def event_format(events: EventSettings) -> EventFormat:
    """Return where events keep what is read of them."""
    return EventFormat(
        timestamp=events.timestamp,
        timestamp_unit=events.timestamp_unit,
        features=events.features,
        where=events.where,
        id=events.id,
        segments=events.told_apart_by,
        format=events.format,
        names=events.names,
        side=events.side,
        more_features=events.more_features,
    )


def assemble(settings: Settings) -> Assembly:
    """Load the baseline that the settings name and fit the parts to it.

    Raises BaselineError or SettingsError with what is wrong and what to write instead.
    """
    return assemble_on(load(settings.baseline_path), settings)


def assemble_on(baseline: Baseline, settings: Settings) -> Assembly:
    """Fit the parts to a baseline as it was loaded, without the importance that settings give.

    Raises SettingsError with what is wrong and what to write instead.
    """
    validate_against(settings, baseline)
    if settings.importance:
        baseline = baseline.with_importance(settings.importance)
    schedule = Schedule(settings.every_ms, settings.window_ms, settings.schedule.timezone)
    policy = settings.policy()
    unverified = why_unverified(baseline.calibration, schedule, policy)
    baseline = replace(baseline, calibration=usable(baseline.calibration, schedule, policy))
    return Assembly(settings, baseline, Layout(baseline), schedule, unverified)


def assemble_performance(settings: Settings) -> Assembly | None:
    """Fit the parts of the monitor of labelled events; None where no labels are set.

    Features that it does not have are watched by the monitor of the events alone. Raises as ``assemble``.
    """
    mine, labels = performance_of(settings), settings.labels
    if mine is None or labels is None:
        return None
    baseline = load(mine.baseline_path)
    known = {feature.name for feature in baseline.features}
    features = {name: own for name, own in mine.features.items() if name in known or labels.adds(name)}
    if baseline.relation is not None and baseline.relation.task != labels.task:
        raise SettingsError(
            f'{settings.path}: labels.task: is "{labels.task}", but {mine.baseline_path} was fitted for '
            f'"{baseline.relation.task}"; write that, or fit it again with --task {labels.task}'
        )
    return assemble_on(baseline, mine.model_copy(update={"features": features}))


def new_registry(settings: Settings) -> SchemaRegistry | None:
    """Return a client of the Schema Registry that the settings name; None where they name none."""
    told = settings.schema_registry
    if told.url is None:
        return None
    return SchemaRegistry(RegistryAccess(told.url, told.username, told.password, told.token, told.ssl_cafile))
