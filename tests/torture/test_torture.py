"""A real cluster, real processes, real signals: whatever befalls them, the output is that of an undisturbed run.

The long run of the same is `python tests/torture/run.py`; its command and its figures stand in docs/chaos.md.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.local_kafka import LocalKafka, LocalKafkaUnavailable
from tests.torture.cluster import Brokers
from tests.torture.driver import Plan, Report, Run
from tests.torture.faults import Kind, draw, each_once
from tests.torture.traffic import Traffic

pytestmark = [pytest.mark.broker, pytest.mark.timeout(400)]
SEED = 7


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    """Yield three brokers; without Java or Maven, skip, but fail where CI=true."""
    cluster = LocalKafka(3, heap_mb=384)
    try:
        cluster.start()
    except LocalKafkaUnavailable as missing:
        outcome = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        outcome(f"no local Kafka: {missing}")
    with cluster:
        yield Brokers(cluster)


def told(report: Report) -> str:
    """Say what a person needs to find the cause."""
    parts = [*report.differences[:20], "faults:", *report.fault_log, "ended by themselves:", *report.ended]
    return "\n".join(text[:1_000] for text in parts)


def resolved_and_all_kinds_counted(report: Report) -> bool:
    """Tell whether the run had in it what it is to be exact about."""
    recount = report.outcome.recount
    types, ledger = {event["type"] for event in recount.events}, recount.ledger
    fates = (ledger.counted, ledger.late, ledger.ahead, ledger.foreign, ledger.rejected.total())
    return {"drift.opened", "drift.resolved"} <= types and all(fates)


def test_random_faults_change_nothing(brokers: Brokers, tmp_path: Path) -> None:
    """Twenty faults, every kind among them, while traffic flows: all that is on the topics equals a recount.

    Panes, events, ledgers and rejects of two monitors; labels joined; what servers counted; alerts at a service's door.
    """
    traffic = Traffic(SEED, 30_000, 500, taps=True)
    plan = Plan(traffic, draw(SEED, 20, 1.75), per_s=600, name="random", joiners=1, routers=1, servers=2)
    report = Run(plan, brokers, tmp_path, print).run()
    assert report.differences == [], told(report)
    assert set(report.faults) == set(Kind)
    assert report.faults.total() == 20
    outcome = report.outcome
    assert min(outcome.joined[fate] for fate in ("matched", "duplicate", "unmatched", "labels rejected")) > 0
    assert outcome.performance is not None
    assert "drift.opened" in {event["type"] for event in outcome.performance.events}
    assert outcome.servers["rows"] > 0
    assert outcome.delivered > 0
    assert resolved_and_all_kinds_counted(report)


def test_two_counters_a_judge_and_three_brokers_each_killed_once(brokers: Brokers, tmp_path: Path) -> None:
    """Kill -9 of each of the six in turn, while counts are cut: panes, events, ledger and rejects equal a recount."""
    plan = Plan(
        Traffic(SEED + 1, 24_000, 400),
        each_once(2, 1, 3, 2.5),
        600,
        "each-once",
        counters=2,
        judges=1,
        cut_counts=True,
    )
    report = Run(plan, brokers, tmp_path, print).run()
    assert report.differences == [], told(report)
    assert report.faults == {Kind.KILL_COUNTER: 2, Kind.KILL_JUDGE: 1, Kind.KILL_BROKER: 3}
    assert resolved_and_all_kinds_counted(report)
