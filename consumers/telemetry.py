"""Facts become metrics: the observer behind ``/metrics``."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import Gauge

from consumers.facts import (
    AlertRouted,
    EventPublished,
    EventsCounted,
    EventsLost,
    Fact,
    LabelsJoined,
    LogUnanswered,
    MonitorStands,
    PartitionsOwned,
    RecordsPolled,
    RouteFailed,
    TransactionEnded,
    WindowTested,
)
from consumers.metrics import Metrics
from consumers.source import Place


class Telemetry:
    """Keeps the metrics of one monitor in this process; told by the loops' thread, read by any.

    The metrics may be those of several monitors.
    """

    def __init__(
        self,
        monitor: str,
        baseline: str,
        metrics: Metrics | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.metrics = Metrics() if metrics is None else metrics
        self.metrics.introduce(monitor, baseline)
        self._monitor = monitor
        self._clock = clock
        self._lagging: dict[str, set[Place]] = {}
        # What the effects of drifting features are labelled with now: monitor, feature, check.
        self._effects: set[tuple[str, str, str]] = set()
        self._on: Mapping[type, Callable[[Any], None]] = {
            EventsCounted: self._events_counted,
            EventsLost: self._events_lost,
            LabelsJoined: self._labels_joined,
            TransactionEnded: self._transaction_ended,
            LogUnanswered: self._log_unanswered,
            PartitionsOwned: self._partitions_owned,
            RecordsPolled: self._records_polled,
            WindowTested: self._window_tested,
            EventPublished: self._event_published,
            AlertRouted: self._alert_routed,
            RouteFailed: self._route_failed,
            MonitorStands: self._monitor_stands,
        }

    def note(self, fact: Fact) -> None:
        """See `Observer.note`; a fact without a metric is passed over."""
        note = self._on.get(type(fact))
        if note is not None:
            note(fact)

    def _events_counted(self, fact: EventsCounted) -> None:
        events = self.metrics.events
        events.labels(self._monitor, "counted", "").inc(fact.counted)
        for drop in fact.dropped:
            events.labels(self._monitor, drop.fate, drop.reason).inc(drop.events)
        if fact.read:
            self.metrics.batch_events.labels(self._monitor).observe(fact.read)

    def _events_lost(self, fact: EventsLost) -> None:
        for (topic, partition), offsets in fact.lost.items():
            self.metrics.lost.labels(self._monitor, topic, str(partition)).inc(offsets)

    def _transaction_ended(self, fact: TransactionEnded) -> None:
        outcome = "committed" if fact.committed else "failed"
        self.metrics.transactions.labels(self._monitor, fact.role, outcome).inc()
        self.metrics.transaction_seconds.labels(self._monitor, fact.role).observe(fact.seconds)
        if fact.committed:
            self.metrics.last_transaction.labels(self._monitor, fact.role).set(self._clock())

    def _log_unanswered(self, fact: LogUnanswered) -> None:
        self.metrics.log_unavailable.labels(self._monitor, fact.role).inc()

    def _partitions_owned(self, fact: PartitionsOwned) -> None:
        self.metrics.partitions_owned.labels(self._monitor, fact.role).set(len(fact.places))
        if fact.role == "counter":
            # Rates of what has not happened yet are 0, not absent.
            for fate in ("counted", "late", "ahead", "foreign"):
                self.metrics.events.labels(self._monitor, fate, "").inc(0)
        # What went to another member is that one's to tell.
        self._set_lag(fact.role, {}, self._lagging.get(fact.role, set()) - set(fact.places))
        if fact.role == "judge" and not fact.places:
            self._forget_monitor()

    def _records_polled(self, fact: RecordsPolled) -> None:
        self._set_lag(fact.role, fact.lag, self._lagging.get(fact.role, set()) - set(fact.lag))

    def _set_lag(self, role: str, lag: Mapping[Place, int], gone: set[Place]) -> None:
        for topic, partition in gone:
            self.metrics.lag.remove(self._monitor, role, topic, str(partition))
        for (topic, partition), records in lag.items():
            self.metrics.lag.labels(self._monitor, role, topic, str(partition)).set(records)
        self._lagging[role] = (self._lagging.get(role, set()) | set(lag)) - gone

    def _labels_joined(self, fact: LabelsJoined) -> None:
        growth, metrics = fact.growth, self.metrics
        for (fate, reason), number in growth.by_fate().items():
            metrics.predictions.labels(self._monitor, fate, reason).inc(number)
        for (fate, reason), number in growth.labels_by_fate().items():
            metrics.labels.labels(self._monitor, fate, reason).inc(number)
        metrics.predictions_waiting.labels(self._monitor).set(fact.waiting)
        metrics.label_delay.labels(self._monitor).inc(max(0, growth.delays.sum_ms) / 1000)

    def _window_tested(self, fact: WindowTested) -> None:
        self.metrics.windows.labels(fact.monitor, fact.status).inc()
        self.metrics.window_end.labels(fact.monitor).set(fact.end_ms / 1000)
        self.metrics.window_rows.labels(fact.monitor).set(fact.rows)
        drifting = {(fact.monitor, effect.feature, effect.check) for effect in fact.effects}
        for labels in [known for known in self._effects if known[0] == fact.monitor and known not in drifting]:
            self.metrics.feature_effect.remove(*labels)
            self._effects.discard(labels)
        for effect in fact.effects:
            self.metrics.feature_effect.labels(fact.monitor, effect.feature, effect.check).set(effect.effect)
        self._effects |= drifting

    def _event_published(self, fact: EventPublished) -> None:
        self.metrics.drift_events.labels(self._monitor, fact.type, fact.severity).inc()

    def _alert_routed(self, fact: AlertRouted) -> None:
        self.metrics.routed.labels(self._monitor, fact.route, fact.outcome).inc()

    def _route_failed(self, fact: RouteFailed) -> None:
        self.metrics.route_failures.labels(self._monitor, fact.route).inc()

    def _monitor_stands(self, fact: MonitorStands) -> None:
        if fact.watermark_ms is not None:
            self.metrics.watermark.labels(self._monitor).set(fact.watermark_ms / 1000)
        self.metrics.panes_held.labels(self._monitor).set(fact.panes_held)
        self.metrics.incident_open.labels(self._monitor).set(fact.features_drifting is not None)
        self.metrics.features_drifting.labels(self._monitor).set(fact.features_drifting or 0)
        self.metrics.waiting.labels(self._monitor).set(fact.waited_ms / 1000)
        for why, partitions in fact.behind.items():
            self.metrics.behind.labels(self._monitor, why).set(partitions)
        for (fate, reason), events in fact.ledger.items():
            self.metrics.ledger.labels(self._monitor, fate, reason).set(events)

    def _forget_monitor(self) -> None:
        """Take away what another judge tells now: two processes must not both say how the monitor stands."""
        metrics = self.metrics
        for gauge in (metrics.watermark, metrics.waiting, metrics.behind, metrics.window_end, metrics.window_rows):
            self._forget(gauge)
        for gauge in (metrics.incident_open, metrics.features_drifting, metrics.feature_effect, metrics.ledger):
            self._forget(gauge)
        self._forget(metrics.panes_held)

    def _forget(self, gauge: Gauge) -> None:
        """Take away this monitor's values, those of its segments among them, and leave another monitor's."""
        told = [sample.labels for metric in gauge.collect() for sample in metric.samples]
        for labels in told:
            if labels["monitor"].split("|", 1)[0] == self._monitor:
                gauge.remove(*labels.values())
