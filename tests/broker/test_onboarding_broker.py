"""`driftline init` and `driftline check` on topics: they find what is there, and leave no trace of having looked."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kafka import KafkaAdminClient
from typer.testing import CliRunner

from consumers.cli import app
from consumers.settings import load_settings

N, PARTITIONS = 600, 2
Topics = Callable[..., str]


def values(scale: float = 1.0) -> list[bytes]:
    """Return events of the last minutes, one a second."""
    random = np.random.default_rng(3)
    start_ms = int(time.time() * 1000) - N * 1000
    rows = zip(random.normal(40, 8, N), random.gamma(9, 3, N), random.choice(["a", "b"], N), strict=True)
    return [
        event(start_ms + 1000 * i, i, {"age": age, "minutes": scale * minutes, "plan": str(plan)})
        for i, (age, minutes, plan) in enumerate(rows)
    ]


def event(time_ms: float, i: int, row: dict[str, Any]) -> bytes:
    """Return an event as a stranger writes it."""
    return json.dumps({"at": round(time_ms), "uid": f"{time_ms}-{i}", "data": row}).encode()


@pytest.fixture(scope="module", autouse=True)
def _broker(bootstrap_servers: list[str]) -> Iterator[None]:
    """Let every verb of this module find the broker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS", ",".join(bootstrap_servers))
        yield


@pytest.fixture(scope="module")
def topic(make_topic: Topics, produce: Callable[..., None]) -> str:
    """Return a topic of two partitions that somebody else has filled."""
    name = make_topic("strangers", partitions=PARTITIONS)
    produce(name, values(), partitions=PARTITIONS)
    return name


@pytest.fixture(scope="module")
def written(topic: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what init writes for the topic, with a baseline fitted to it."""
    path = tmp_path_factory.mktemp("onboarding") / "driftline.toml"
    result = driftline("init", topic, "--out", path, "--fit")
    assert result.exit_code == 0, result.output
    return path


def driftline(*arguments: object) -> Any:
    """Run a verb in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def checked(config: Path, *arguments: object) -> list[tuple[str, str, str]]:
    """Return level, subject and sentence of all that check says."""
    result = driftline("check", "--config", config, "--json", *arguments)
    told = json.loads(result.stdout)
    assert told["ok"] == (result.exit_code == 0)
    return [(line["level"], line["about"], line["says"]) for line in told["checks"]]


def problems(found: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Return subject and sentence of what is wrong."""
    return [(about, says) for level, about, says in found if level == "problem"]


def test_a_strangers_topic_is_understood_and_left_as_it_was(topic: str, written: Path, admin: KafkaAdminClient) -> None:
    """Paths as the stranger has them, nothing wrong; no topic, no group is made by looking."""
    events = load_settings(written, {}).events
    assert (events.timestamp, events.id, events.features) == ("at", "uid", "data")
    topics, groups = set(admin.list_topics()), {group["group_id"] for group in admin.list_groups()}
    found = checked(written)
    assert problems(found) == []
    assert ("ok", "broker", "1 broker answers") in found
    assert ("ok", "topics", f'"{topic}" has 2 partitions') in found
    assert ("ok", "events", f"{N} of {N} events would be counted") in found
    assert set(admin.list_topics()) == topics
    assert {group["group_id"] for group in admin.list_groups()} == groups


def test_init_tells_what_a_topic_is_not(make_topic: Topics, produce: Callable[..., None]) -> None:
    """A topic that is not there is named with the nearest one, an empty one and one of garbage with the reason."""
    empty, garbage = make_topic("empties"), make_topic("garbage")
    produce(garbage, [bytes([200, 17, i]) for i in range(50)])
    told = [str(driftline("init", name, "--out", "-").exception) for name in (f"{empty}0", empty, garbage)]
    assert f'did you mean "{empty}"' in told[0]
    assert "is empty" in told[1]
    assert "none of 50 records can be read: 50 not_utf8" in told[2]


def test_check_names_the_topics_that_are_wrong(topic: str, written: Path, make_topic: Topics, tmp_path: Path) -> None:
    """No topic of events, topics that may not be created, and a state topic that would lose state: a problem each."""
    (tmp_path / "baseline.json").write_bytes((written.parent / "baseline.json").read_bytes())
    counts = make_topic("wrong-counts", cleanup_policy="compact", retention_ms="-1")
    config, text = tmp_path / "driftline.toml", written.read_text()
    for changed, says in (
        (text.replace(f'events = "{topic}"', f'events = "{topic}x"'), f'there is no topic "{topic}x"'),
        (text + "create = false\n", "do not exist"),
        (text + f'counts = "{counts}"\n', "cleanup.policy = compact"),
    ):
        config.write_text(changed)
        ((about, told),) = problems(checked(config))
        assert (about, says in told) == ("topics", True), told


def test_check_looks_at_the_newest_events(topic: str, written: Path, produce: Callable[..., None]) -> None:
    """Another unit in what came last is told by its factor, however much was good before."""
    produce(topic, values(scale=60.0), partitions=PARTITIONS)
    ((about, told),) = problems(checked(written, "--records", "400"))
    assert (about, "60 times as large" in told) == ("minutes", True)
