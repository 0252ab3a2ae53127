"""Facts become metrics: each under its name, with its labels, and no longer than it is true."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from consumers.facts import (
    AlertRouted,
    EventPublished,
    EventsLost,
    FeatureEffect,
    LabelsJoined,
    LogUnanswered,
    MonitorStands,
    PartitionsOwned,
    RecordsPolled,
    Renamed,
    RouteFailed,
    Stepped,
    TransactionEnded,
    WindowTested,
    by_fate,
    counted,
)
from consumers.metrics import Metrics
from consumers.observed import ObservedLoop, ObservedSink
from consumers.source import LogUnavailable
from consumers.telemetry import Telemetry
from stream.join_ledger import JoinLedger
from stream.ledger import Ledger

Value = Callable[..., float | None]
# Of the stream `incident_lines`.
START_MS, EVERY_MS = 1_700_000_000_000, 10_000


@pytest.fixture
def telemetry() -> Telemetry:
    """Return the telemetry of a monitor, whose clock stands at 5000 s."""
    return Telemetry("prices", "sha256:abc", clock=lambda: 5_000.0)


@pytest.fixture
def value(telemetry: Telemetry) -> Value:
    """Return ``value("events_total", fate="late", reason="")``: None where there is no such series."""

    def read(name: str, **labels: str) -> float | None:
        return telemetry.metrics.registry.get_sample_value(f"driftline_{name}", {"monitor": "prices", **labels})

    return read


def series(telemetry: Telemetry, name: str) -> list[dict[str, str]]:
    """Return the labels of every series of a metric, as Prometheus would read them."""
    families = text_string_to_metric_families(generate_latest(telemetry.metrics.registry).decode())
    return [sample.labels for family in families for sample in family.samples if sample.name == f"driftline_{name}"]


def test_every_event_is_counted_under_one_fate(telemetry: Telemetry, value: Value) -> None:
    """What was read is the sum over fates and reasons, as in the ledger."""
    ledger = Ledger(20, 9, 1, 2, 3, Counter({"bad_json": 4, "no_time": 1}))
    telemetry.note(counted(ledger))
    telemetry.note(counted(ledger))
    assert {key: value("events_total", fate=key[0], reason=key[1]) for key in by_fate(ledger)} == {
        ("counted", ""): 18,
        ("late", ""): 2,
        ("ahead", ""): 4,
        ("foreign", ""): 6,
        ("rejected", "bad_json"): 8,
        ("rejected", "no_time"): 2,
    }
    assert (value("batch_events_sum"), value("batch_events_count")) == (40, 2)


def test_only_what_the_configuration_asks_for_is_an_intended_drop() -> None:
    """Foreign events are left out by intention; late, ahead and rejected ones are for somebody to look at."""
    fact = counted(Ledger(20, 9, 1, 2, 3, Counter({"bad_json": 5})))
    assert {drop.fate: drop.intentional for drop in fact.dropped} == {
        "late": False,
        "ahead": False,
        "foreign": True,
        "rejected": False,
    }


def test_an_idle_transaction_is_no_batch(telemetry: Telemetry, value: Value) -> None:
    """A control record without events does not drag the sizes of batches down."""
    telemetry.note(counted(Ledger()))
    assert not value("batch_events_count")


def test_fates_that_have_not_happened_are_zero(telemetry: Telemetry, value: Value) -> None:
    """A counter that owns partitions shows each fate, so that rates are 0 and not absent; a judge shows none."""
    telemetry.note(PartitionsOwned("judge", ()))
    assert series(telemetry, "events_total") == []
    telemetry.note(PartitionsOwned("counter", (("events", 0),)))
    assert value("events_total", fate="late", reason="") == 0


def test_transactions_are_counted_by_outcome(telemetry: Telemetry, value: Value) -> None:
    """Failures count and are timed as well, but only a commit moves the time of the last transaction."""
    telemetry.note(TransactionEnded("judge", committed=False, seconds=3.0))
    assert value("last_transaction_timestamp_seconds", role="judge") is None
    telemetry.note(TransactionEnded("judge", committed=True, seconds=0.02))
    assert value("transactions_total", role="judge", outcome="failed") == 1
    assert value("transactions_total", role="judge", outcome="committed") == 1
    assert value("transaction_seconds_sum", role="judge") == pytest.approx(3.02)
    assert value("last_transaction_timestamp_seconds", role="judge") == 5_000


def test_a_log_that_does_not_answer_is_counted(telemetry: Telemetry, value: Value) -> None:
    """Each step that ended so adds one for its role."""
    telemetry.note(LogUnanswered("counter", "no broker"))
    telemetry.note(LogUnanswered("counter", "no broker"))
    assert value("log_unavailable_total", role="counter") == 2


def test_lag_of_a_lost_partition_is_forgotten(telemetry: Telemetry, value: Value) -> None:
    """A partition that went to another member must not show its last lag here for ever."""
    telemetry.note(PartitionsOwned("counter", (("events", 0), ("events", 1))))
    telemetry.note(RecordsPolled("counter", joined=True, lag={("events", 0): 7, ("events", 1): 9}))
    telemetry.note(RecordsPolled("judge", joined=True, lag={("counts", 0): 2}))
    assert value("lag_records", role="counter", topic="events", partition="1") == 9
    telemetry.note(PartitionsOwned("counter", (("events", 0),)))
    assert sorted((labels["topic"], labels["partition"]) for labels in series(telemetry, "lag_records")) == [
        ("counts", "0"),
        ("events", "0"),
    ]
    assert value("partitions_owned", role="counter") == 1


def test_effects_are_those_of_drifting_features_in_the_latest_window(telemetry: Telemetry, value: Value) -> None:
    """Series of features that no longer drift go away, so their number is bounded by what drifts now."""
    effects = (FeatureEffect("age", "ks", 0.3), FeatureEffect("age", "mean", 0.7), FeatureEffect("city", "chi2", 0.2))
    telemetry.note(WindowTested("prices", 60_000, "tested", 900, effects))
    assert value("feature_effect", feature="city", check="chi2") == 0.2
    telemetry.note(WindowTested("prices", 120_000, "insufficient", 12, effects[:1]))
    assert series(telemetry, "feature_effect") == [{"monitor": "prices", "feature": "age", "check": "ks"}]
    assert (value("window_end_timestamp_seconds"), value("window_rows")) == (120, 12)
    assert value("windows_total", status="tested") == value("windows_total", status="insufficient") == 1


def test_an_open_incident_is_one_and_none_is_zero(telemetry: Telemetry, value: Value) -> None:
    """The judge's standing is shown as it is after each step."""
    telemetry.note(MonitorStands(1_500, 3, 2, {("counted", ""): 40}))
    assert (value("incident_open"), value("features_drifting"), value("panes_held")) == (1, 2, 3)
    assert (value("watermark_timestamp_seconds"), value("ledger_events", fate="counted", reason="")) == (1.5, 40)
    telemetry.note(MonitorStands(None, 0, None))
    assert (value("incident_open"), value("features_drifting"), value("panes_held")) == (0, 0, 0)


def test_waits_are_shown_and_fall_back_to_nothing(telemetry: Telemetry, value: Value) -> None:
    """How long the next window waits, and how many partitions it has waited for too long, by why."""
    telemetry.note(MonitorStands(1_500, 3, None, waited_ms=400_500, behind={"stalled": 2, "lagging": 0}))
    assert value("window_waiting_seconds") == 400.5
    assert (value("partitions_behind", reason="stalled"), value("partitions_behind", reason="lagging")) == (2, 0)
    telemetry.note(MonitorStands(1_500, 3, None, waited_ms=0, behind={"stalled": 0, "lagging": 0}))
    assert (value("window_waiting_seconds"), value("partitions_behind", reason="stalled")) == (0, 0)
    telemetry.note(PartitionsOwned("judge", ()))
    assert (value("window_waiting_seconds"), value("partitions_behind", reason="stalled")) == (None, None)


def test_a_judge_without_partitions_says_nothing_of_the_monitor(telemetry: Telemetry, value: Value) -> None:
    """Another judge tells how the monitor stands now: two must not contradict each other; what was counted stays."""
    telemetry.note(MonitorStands(1_500, 3, 2, {("counted", ""): 40}))
    telemetry.note(WindowTested("prices", 60_000, "tested", 900, (FeatureEffect("age", "ks", 0.3),)))
    telemetry.note(PartitionsOwned("judge", ()))
    for name in ("incident_open", "features_drifting", "panes_held", "watermark_timestamp_seconds", "window_rows"):
        assert value(name) is None, name
    assert series(telemetry, "feature_effect") == series(telemetry, "ledger_events") == []
    assert value("windows_total", status="tested") == 1


def test_drift_events_are_counted_by_type_and_severity(telemetry: Telemetry, value: Value) -> None:
    """Each published event counts once."""
    telemetry.note(EventPublished("drift.opened", "critical"))
    assert value("drift_events_total", type="drift.opened", severity="critical") == 1


def test_the_exposition_has_the_process_and_no_default_duplicates(telemetry: Telemetry) -> None:
    """The registry is driftline's own: process and platform once, everything else named driftline_, none `_created`."""
    telemetry.note(counted(Ledger(1, 1)))
    text = generate_latest(telemetry.metrics.registry).decode()
    names = [family.name for family in text_string_to_metric_families(text)]
    assert len(names) == len(set(names))
    assert {"python_info", "process_cpu_seconds"} <= set(names)
    foreign = [name for name in names if not name.startswith(("driftline_", "process_"))]
    assert foreign == ["python_info"]
    assert "_created" not in text


def test_two_monitors_in_one_process_keep_apart(telemetry: Telemetry, value: Value) -> None:
    """Telemetry holds nothing in globals: another monitor's facts do not show here."""
    Telemetry("other", "sha256:def").note(EventPublished("drift.opened", "critical"))
    assert value("drift_events_total", type="drift.opened", severity="critical") is None


def test_two_monitors_of_one_process_share_the_page_and_nothing_else() -> None:
    """Events and their labels are watched by one process: what leaves one monitor leaves the other's values alone."""
    metrics = Metrics()
    one, other = Telemetry("prices", "sha256:abc", metrics), Telemetry("prices.performance", "sha256:def", metrics)
    for telemetry, monitor in ((one, "prices"), (other, "prices.performance")):
        telemetry.note(PartitionsOwned("judge", (("counts", 0),)))
        telemetry.note(WindowTested(f"{monitor}|country=DE", 5_000, "tested", 9))
    one.note(PartitionsOwned("judge", ()))
    rows = {
        monitor: metrics.registry.get_sample_value("driftline_window_rows", {"monitor": f"{monitor}|country=DE"})
        for monitor in ("prices", "prices.performance")
    }
    assert rows == {"prices": None, "prices.performance": 9}


def test_labels_are_counted_by_what_became_of_them() -> None:
    """Predictions and labels by fate and reason, how many wait, and how long labels took in all."""
    telemetry, growth = Telemetry("prices", "sha256:abc"), JoinLedger(predictions=4, waiting=4)
    growth.note_label("matched")
    growth.delays.note(2_500)
    growth.note_gone(Counter(expired=1))
    growth.labels_rejected["bad_label"] += 2
    telemetry.note(LabelsJoined(growth, 2))

    def value(name: str, **labels: str) -> float | None:
        return telemetry.metrics.registry.get_sample_value(f"driftline_{name}", {"monitor": "prices", **labels})

    assert value("predictions_total", fate="labelled", reason="") == 1
    assert value("predictions_total", fate="unlabelled", reason="expired") == 1
    assert value("labels_total", fate="matched", reason="") == 1
    assert value("labels_total", fate="rejected", reason="bad_label") == 2
    assert (value("predictions_waiting"), value("label_delay_seconds_total")) == (2, 2.5)


def test_two_loops_of_one_role_have_two_names() -> None:
    """Health tells them apart; what is another role's, or none's, is passed on as it is."""
    facts = Recorded()
    renamed = Renamed(facts, "judge", "performance judge")
    lost = EventsLost({("events", 0): 3})
    for fact in (Stepped("judge"), Stepped("router"), lost):
        renamed.note(fact)
    assert facts == [Stepped("performance judge"), Stepped("router"), lost]


class Recorded(list[Any]):
    """An observer that keeps every fact."""

    def note(self, fact: Any) -> None:
        """Keep it."""
        self.append(fact)


class Failing:
    """A loop and a sink whose log is never there."""

    def step(self, gather_s: float) -> list[Any]:
        raise LogUnavailable("nobody there")

    def commit(self, records: Any, positions: Any, membership: Any) -> None:
        raise LogUnavailable("nobody there")


def test_a_failure_is_told_and_goes_on_its_way() -> None:
    """Whoever looks on changes nothing: the error still reaches the service, and the loop's rewind."""
    facts, ticks = Recorded(), iter([1.0, 3.5])
    with pytest.raises(LogUnavailable):
        ObservedLoop(Failing(), "judge", facts).step(0.0)  # type: ignore[arg-type]
    with pytest.raises(LogUnavailable):
        ObservedSink(Failing(), "judge", facts, lambda: next(ticks)).commit([], {}, None)  # type: ignore[arg-type]
    assert facts == [LogUnanswered("judge", "nobody there"), TransactionEnded("judge", committed=False, seconds=2.5)]


def test_loops_over_a_log_tell_the_whole_story(stage: Any, incident_lines: list[bytes]) -> None:
    """A day with an incident: every event counted once, every window tested once, every drift event told once."""
    made, telemetry = stage(), Telemetry("stage", "sha256:abc")
    made.feed([*incident_lines, b"{"])
    counter, judge = made.counter(observer=telemetry), made.judge(observer=telemetry)
    made.drain(ObservedLoop(counter, "counter", telemetry), ObservedLoop(judge, "judge", telemetry))

    def value(name: str, **labels: str) -> float | None:
        return telemetry.metrics.registry.get_sample_value(f"driftline_{name}", {"monitor": "stage", **labels})

    book = made.remembered()
    assert value("events_total", fate="counted", reason="") == book.ledger.counted == len(incident_lines)
    assert value("events_total", fate="rejected", reason="bad_json") == 1
    assert value("ledger_events", fate="counted", reason="") == book.ledger.counted
    published = Counter((event["type"], event["severity"]) for event in made.events())
    told = {key: value("drift_events_total", type=key[0], severity=key[1]) for key in published}
    assert told == published
    assert "drift.opened" in {kind for kind, _ in published}
    committed = [value("transactions_total", role=role, outcome="committed") for role in ("counter", "judge")]
    assert sum(filter(None, committed)) == made.log.commits
    assert None not in committed
    tested = [value("windows_total", status=status) or 0 for status in ("tested", "insufficient", "incomplete")]
    assert sum(tested) == (book.monitors.any.state.sealed_to_ms - START_MS) / EVERY_MS
    assert (value("incident_open"), value("window_end_timestamp_seconds")) == (
        0,
        book.monitors.any.state.sealed_to_ms / 1000,
    )


def test_routes_are_counted_by_how_alerts_ended(telemetry: Telemetry, value: Value) -> None:
    """Delivered and given up apart, and the attempts that failed."""
    for fact in (RouteFailed("team"), RouteFailed("team"), AlertRouted("team", "delivered")):
        telemetry.note(fact)
    assert value("route_failures_total", route="team") == 2
    assert value("routed_alerts_total", route="team", outcome="delivered") == 1
