"""What `driftline status` and the probes say of a real monitor over a real broker."""

import contextlib
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaProducer

PARTITIONS = 2


class Monitor(NamedTuple):
    """A topic with an incident that is open at its end, and the command line for its monitor."""

    topic: str
    driftline: Any


@pytest.fixture(scope="module")
def config(new_config: Callable[..., Path]) -> Path:
    """Return the configuration of a monitor of age and device, every ten seconds."""
    return new_config()


@pytest.fixture
def new_monitor(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    config: Path,
    incident_lines: list[bytes],
) -> Callable[[], Monitor]:
    """Return what makes a monitor whose events end while the incident is open."""

    def make() -> Monitor:
        topic = make_topic("watched", partitions=PARTITIONS)
        produce(topic, [*incident_lines[:840], b"{"], partitions=PARTITIONS)
        return Monitor(topic, command_line(config, topic))

    return make


def status_of(monitor: Monitor, *arguments: str) -> dict[str, Any]:
    """Return what `driftline status --json` says."""
    return json.loads(monitor.driftline.run("status", "--json", *arguments).stdout)


def eventually(read: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Read until it is as wanted, for a minute at most; return what was read last."""
    deadline = time.monotonic() + 60
    while not wanted(found := read()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


class Pages(NamedTuple):
    """The pages of a running driftline."""

    address: str

    def ask(self, path: str) -> tuple[int, str]:
        """Return status and body of a page."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@contextlib.contextmanager
def running(monitor: Monitor, *arguments: str) -> Iterator[Pages]:
    """Run driftline and yield its pages; in the end it is stopped, and must end well."""
    process = monitor.driftline.start("run", *arguments)
    try:
        yield next(
            Pages(line.split(b"http://")[1].split()[0].decode()) for line in process.stderr if b"http://" in line
        )
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == 0, said.decode()


def test_a_monitor_that_never_ran_has_no_status_and_no_members(new_monitor: Callable[[], Monitor]) -> None:
    """Its topics are missing and nobody runs; that can be read, so the verb has done its work."""
    told = status_of(new_monitor())
    assert (told["healthy"], told["monitors"]) == (False, [])
    assert [problem["reason"] for problem in told["problems"]] == ["missing_topic"] * 5 + ["not_running"] * 2
    assert [(group["role"], group["state"], group["lag"]) for group in told["groups"]] == [
        ("counter", "Absent", 841),
        ("judge", "Absent", 0),
    ]


def test_status_tells_the_incident_and_who_runs(new_monitor: Callable[[], Monitor]) -> None:
    """While driftline runs: what drifts and since when, the ledger, members of both groups; afterwards nobody runs."""
    monitor = new_monitor()
    with running(monitor):
        told = eventually(lambda: status_of(monitor), lambda told: told["monitors"] and told["healthy"])
        assert told["healthy"], told["problems"]
        [found] = told["monitors"]
        assert (found["monitor"], sorted(found["drifting"])) == (monitor.topic, ["age", "device"])
        assert found["since"] == min(feature["since"] for feature in found["features"]) < found["window"]["end"]
        assert found["ledger"]["rejected"] == {"bad_json": 1}
        assert found["ledger"]["read"] == 841
        counter, judge = told["groups"]
        assert (counter["state"], counter["members"], counter["lag"]) == ("Stable", 1, 0)
        assert [part["committed"] for part in counter["partitions"]] == [421, 420]
        assert (judge["state"], judge["members"]) == ("Stable", 1)
    stopped = status_of(monitor)
    assert [problem["reason"] for problem in stopped["problems"]] == ["not_running"] * 2
    assert stopped["monitors"][0]["drifting"] == found["drifting"]


def test_metrics_and_probes_of_a_running_monitor(new_monitor: Callable[[], Monitor]) -> None:
    """It becomes ready, is live, and its metrics have the events, the lag of each partition and the open incident."""
    monitor = new_monitor()

    def metrics(text: str) -> dict[str, float]:
        lines = (line for line in text.splitlines() if not line.startswith("#"))
        label = f'monitor="{monitor.topic}"'
        return {name.replace(label, "m"): float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    with running(monitor) as pages:
        assert eventually(lambda: pages.ask("/readyz"), lambda answer: answer[0] == 200)[0] == 200
        assert pages.ask("/healthz")[0] == 200
        found = eventually(
            lambda: metrics(pages.ask("/metrics")[1]), lambda found: found.get("driftline_incident_open{m}") == 1
        )
    assert found["driftline_incident_open{m}"] == 1
    assert found["driftline_features_drifting{m}"] == 2
    assert found['driftline_events_total{fate="counted",m,reason=""}'] == 840
    assert found['driftline_events_total{fate="rejected",m,reason="bad_json"}'] == 1
    assert {name for name in found if name.startswith("driftline_lag_records")} == {
        f'driftline_lag_records{{m,partition="0",role="counter",topic="{monitor.topic}"}}',
        f'driftline_lag_records{{m,partition="1",role="counter",topic="{monitor.topic}"}}',
        f'driftline_lag_records{{m,partition="0",role="judge",topic="{monitor.topic}.counts"}}',
    }
    assert found[f'driftline_lag_records{{m,partition="0",role="counter",topic="{monitor.topic}"}}'] == 0


def test_a_counter_alone_is_ready_and_says_nothing_of_windows(new_monitor: Callable[[], Monitor]) -> None:
    """A process shows the metrics of its role."""
    with running(new_monitor(), "--role", "counter") as pages:
        status, body = eventually(lambda: pages.ask("/readyz"), lambda answer: answer[0] == 200)
        assert (status, json.loads(body)["partitions_owned"]) == (200, {"counter": PARTITIONS})
        assert "driftline_incident_open{" not in pages.ask("/metrics")[1]


def test_a_port_in_use_ends_with_two_and_one_line(new_monitor: Callable[[], Monitor]) -> None:
    """Before anything is created or joined, with the key and what to write instead."""
    monitor = new_monitor()
    with running(monitor) as pages:
        taken = {"DRIFTLINE_TELEMETRY__LISTEN": pages.address}
        environment = {**monitor.driftline.environment, **taken}
        second = replace(monitor.driftline, environment=environment).start("run")
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out, err.count(b"\n")) == (2, b"", 1)
        assert b"telemetry.listen: cannot listen on" in err


def test_a_hanging_transaction_is_named(
    new_monitor: Callable[[], Monitor], bootstrap_servers: list[str], admin: KafkaAdminClient
) -> None:
    """A transaction that stays open holds back whoever reads committed records; status says where and since when."""
    monitor = new_monitor()
    monitor.driftline.run("run", "--burst")
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"{monitor.topic}-lost")
    with contextlib.closing(producer):
        producer.init_transactions()
        producer.begin_transaction()
        # On the panes topic: the broker stamps counts itself, and nothing there can look old.
        long_ago_ms = int(time.time() * 1000) - 120_000
        producer.send(f"{monitor.topic}.panes", b"x", b"key", timestamp_ms=long_ago_ms, partition=0)
        producer.flush()
        told = status_of(monitor)
        producer.abort_transaction()
    assert [problem["reason"] for problem in told["problems"]] == ["not_running"] * 2 + ["hanging_transaction"]
    [transaction] = told["transactions"]
    assert transaction == {
        "topic": f"{monitor.topic}.panes",
        "partition": 0,
        "behind": 1,
        "since_ms": long_ago_ms,
        "ours": True,
        "hanging": True,
    }
    ended = eventually(lambda: status_of(monitor), lambda told: not told["transactions"])
    assert ended["transactions"] == []
