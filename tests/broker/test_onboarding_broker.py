"""`driftline init` and `driftline check` on topics: they find what is there, and leave no trace of having looked."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kafka import KafkaAdminClient

from consumers.settings import load_settings

N, PARTITIONS = 600, 2
Topics = Callable[..., str]


def values(n: int = N, scale: float = 1.0) -> list[bytes]:
    """Return events of the last minutes, one a second."""
    random = np.random.default_rng(3)
    start_ms = int(time.time() * 1000) - n * 1000
    rows = zip(random.normal(40, 8, n), random.gamma(9, 3, n), random.choice(["a", "b"], n), strict=True)
    return [
        json.dumps(
            {
                "at": start_ms + 1000 * i,
                "uid": f"u{i}",
                "data": {"age": age, "minutes": scale * minutes, "plan": str(plan)},
            }
        ).encode()
        for i, (age, minutes, plan) in enumerate(rows)
    ]


@pytest.fixture
def driftline(bootstrap_servers: list[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what runs a verb in a process of its own."""
    environment = {**os.environ, "DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": ",".join(bootstrap_servers)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [sys.executable, "-m", "consumers.cli", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def topic(make_topic: Topics, produce: Callable[..., None]) -> str:
    """Return a topic of two partitions that somebody else has filled."""
    name = make_topic("strangers", partitions=PARTITIONS)
    produce(name, values(), partitions=PARTITIONS)
    return name


@pytest.fixture
def config(topic: str, driftline: Callable[..., Any], tmp_path: Path) -> Path:
    """Return what init writes for the topic, with a baseline fitted to it."""
    path = tmp_path / "driftline.toml"
    done = driftline("init", topic, "--out", path, "--fit")
    assert done.returncode == 0, done.stderr
    return path


def checks(done: subprocess.CompletedProcess[str]) -> dict[tuple[str, str], str]:
    """Return what was said, by level and subject."""
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["ok"] == (done.returncode == 0)
    return {(line["level"], line["about"]): line["says"] for line in told["checks"]}


def test_init_check_and_run_from_a_strangers_topic_to_a_finding(
    topic: str,
    config: Path,
    driftline: Callable[..., subprocess.CompletedProcess[str]],
    admin: KafkaAdminClient,
    produce: Callable[..., None],
) -> None:
    """No edit of the file: events are read where they are, nothing is left behind, and `run` publishes the drift."""
    events = load_settings(config, {}).events
    assert (events.timestamp, events.id, events.features) == ("at", "uid", "data")
    topics, groups = set(admin.list_topics()), {group["group_id"] for group in admin.list_groups()}
    found = checks(driftline("check", "--config", config, "--json"))
    assert not [key for key in found if key[0] == "problem"]
    assert ("ok", "broker") in found
    assert set(admin.list_topics()) == topics
    assert {group["group_id"] for group in admin.list_groups()} == groups
    later = time.time() * 1000
    moved = [
        json.dumps(
            {"at": later + 1000 * i, "uid": f"v{i}", "data": {"age": 70.0 + i % 9, "minutes": 27.0, "plan": "a"}}
        )
        for i in range(3000)
    ]
    produce(topic, [line.encode() for line in moved], partitions=PARTITIONS)
    config.write_text(config.read_text().replace('every = "', 'every = "5m" # was "'))
    done = driftline("run", "--config", config, "--burst")
    assert done.returncode == 0, done.stderr
    alerts = driftline("alerts", "--config", config, "--from-beginning", "--burst", "--json")
    opened = [json.loads(line) for line in alerts.stdout.splitlines()]
    assert "drift.opened" in {event["type"] for event in opened}
    assert ("ok", "groups") not in checks(driftline("check", "--config", config, "--json"))


def test_init_tells_what_a_topic_is_not(
    make_topic: Topics, produce: Callable[..., None], driftline: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """A topic that is not there is named with the nearest one, an empty one and one of garbage with the reason."""
    empty, garbage = make_topic("empties"), make_topic("garbage")
    produce(garbage, [bytes([200, 17, i]) for i in range(50)])
    absent = driftline("init", empty[:-1], "--out", "-")
    assert (absent.returncode, f'did you mean "{empty}"' in absent.stderr) == (2, True), absent.stderr
    nothing = driftline("init", empty, "--out", "-")
    assert (nothing.returncode, "is empty" in nothing.stderr) == (2, True), nothing.stderr
    unread = driftline("init", garbage, "--out", "-")
    assert (unread.returncode, "none of 50 records can be read: 50 not_utf8" in unread.stderr) == (2, True), (
        unread.stderr
    )


def test_check_names_the_topics_that_are_wrong(
    topic: str,
    config: Path,
    make_topic: Topics,
    driftline: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """No topic of events, topics that may not be created, and a state topic that would lose state: a problem each."""
    text = config.read_text()
    compacted = make_topic("wrong-counts", cleanup_policy="compact")
    for changed, says in (
        (text.replace(topic, f"{topic}x"), "there is no topic"),
        (text + "create = false\n", "do not exist"),
        (text + f'counts = "{compacted}"\n', "cleanup.policy = compact"),
    ):
        config.write_text(changed)
        found = checks(driftline("check", "--config", config, "--json"))
        assert says in found["problem", "topics"]


def test_check_reads_live_events_and_a_broker_that_is_away(
    config: Path, topic: str, produce: Callable[..., None], driftline: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Another unit in the newest events is told by its factor; without a broker, that is the problem."""
    produce(topic, values(scale=60.0), partitions=PARTITIONS)
    found = checks(driftline("check", "--config", config, "--json", "--records", "400"))
    assert "60 times as large" in found["problem", "minutes"]
    text = config.read_text()
    config.write_text(text)
    away = subprocess.run(
        [sys.executable, "-m", "consumers.cli", "check", "--config", str(config), "--json"],
        env={**os.environ, "DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ("problem", "broker") in checks(away)
