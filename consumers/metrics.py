"""The metrics that driftline exposes, each with its name, its labels and what it means.

Names follow the conventions of Prometheus (base units, ``_total`` for what only grows); every one carries the monitor.
"""

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EVENTS = (1, 10, 100, 1_000, 5_000, 10_000, 20_000)


class Metrics:
    """The monitors' metrics in a registry of their own, beside those of the process and the platform."""

    def __init__(self) -> None:
        # A second series for each counter and histogram that says when this process began: the process's own says it.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        meaning = "Always 1: the release, and the fingerprint of the baseline."
        self._info = self._gauge("info", meaning, "version", "baseline")
        self._of_loops()
        self._of_labels()
        self._of_log()
        self._of_windows()

    def introduce(self, monitor: str, baseline: str) -> None:
        """Say which monitor is watched here, and against which baseline."""
        self._info.labels(monitor, version("driftline"), baseline).set(1)

    def _of_labels(self) -> None:
        self.predictions = self._counter(
            "predictions", "Predictions that wait no longer, or never did, by what became of them.", "fate", "reason"
        )
        self.labels = self._counter("labels", "Labels read, by what became of them; each once.", "fate", "reason")
        self.predictions_waiting = self._gauge("predictions_waiting", "Predictions without a label, in this process.")
        self.label_delay = self._counter(
            "label_delay_seconds", "Time from prediction to label, over all labels that were joined."
        )

    def _of_loops(self) -> None:
        self.events = self._counter("events", "Events read, by what became of them; each once.", "fate", "reason")
        self.lost = self._counter(
            "lost_offsets", "Offsets gone before they were read, or given up after.", "topic", "partition"
        )
        self.batch_events = self._histogram("batch_events", "Events in one transaction of a counter.", _EVENTS)
        self.transactions = self._counter("transactions", "Transactions committed or failed.", "role", "outcome")
        self.transaction_seconds = self._histogram(
            "transaction_seconds", "From begin to commit of a transaction, or to its failure.", _SECONDS, "role"
        )
        self.last_transaction = self._gauge(
            "last_transaction_timestamp_seconds", "When a transaction was last committed, by this host's clock.", "role"
        )

    def _of_log(self) -> None:
        self.log_unavailable = self._counter(
            "log_unavailable", "Steps that ended because the log did not answer.", "role"
        )
        self.partitions_owned = self._gauge("partitions_owned", "Partitions that this process reads.", "role")
        self.lag = self._gauge(
            "lag_records", "Offsets of an owned partition not yet read.", "role", "topic", "partition"
        )

    def _of_windows(self) -> None:
        self.watermark = self._gauge("watermark_timestamp_seconds", "Event time up to which all events are there.")
        self.waiting = self._gauge("window_waiting_seconds", "How long the next window has waited for partitions.")
        self.behind = self._gauge("partitions_behind", "Partitions that windows wait for too long, by why.", "reason")
        self.window_end = self._gauge("window_end_timestamp_seconds", "End of the latest window, in event time.")
        self.window_rows = self._gauge("window_rows", "Rows in the latest window.")
        ended = "Windows that ended: tested, insufficient, incomplete or uncompared."
        self.windows = self._counter("windows", ended, "status")
        self.panes_held = self._gauge("panes_held", "Panes in memory, open and sealed.")
        self.drift_events = self._counter("drift_events", "Drift events published.", "type", "severity")
        self.routed = self._counter(
            "routed_alerts",
            "Alerts that a route is done with, by how it ended.",
            "route",
            "outcome",
        )
        self.route_failures = self._counter("route_failures", "Attempts to deliver an alert that failed.", "route")
        self.incident_open = self._gauge("incident_open", "1 while an incident is open, else 0.")
        self.features_drifting = self._gauge("features_drifting", "Features in the open incident.")
        self.feature_effect = self._gauge(
            "feature_effect", "Effect of a check in the latest window; of drifting features only.", "feature", "check"
        )
        self.ledger = self._gauge(
            "ledger_events", "Events over the monitor's whole life, as its judge has them.", "fate", "reason"
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"driftline_{name}", meaning, ("monitor", *labels), registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"driftline_{name}", meaning, ("monitor", *labels), registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"driftline_{name}", meaning, ("monitor", *labels), buckets=buckets, registry=self.registry)
