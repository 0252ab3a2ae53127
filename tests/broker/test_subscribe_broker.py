"""Subscriptions on a real topic: groups that remember, groups that begin, and the example that ships."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from consumers.alerts import subscribe
from consumers.settings import Settings, load_settings
from consumers.source import LogRefused


@dataclass(frozen=True)
class Topic:
    """An alerts topic of its own, with the events of an incident on it; how to reach it, and how to add to it."""

    config: Path
    environment: dict[str, str]
    opened: bytes
    resolved: bytes
    produce: Callable[..., None]

    @property
    def settings(self) -> Settings:
        """Return the settings that name the topic."""
        return load_settings(self.config, self.environment)

    def add(self, *values: bytes) -> None:
        """Append records."""
        self.produce(self.settings.topics.alerts, list(values))


@pytest.fixture
def topic(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    stage: Callable[..., Any],
    incident_lines: list[bytes],
) -> Topic:
    """Return a topic on which drift has opened and resolved."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    opened, resolved = (record.value for record in made.log.records("alerts"))
    driftline = command_line(made.assembly.settings.path, "unused")
    environment = driftline.environment | {"DRIFTLINE_TOPICS__ALERTS": make_topic("subscribed")}
    found = Topic(driftline.config, environment, opened, resolved, produce)
    found.add(opened, resolved)
    return found


def types(settings: Settings, **how: Any) -> list[str]:
    """Return the types of the events that a subscription yields up to the present end."""
    with subscribe(settings, burst=True, **how) as events:
        return [event.type for event in events]


def test_a_group_goes_on_where_it_stood(topic: Topic) -> None:
    """What was not done comes again, what was done does not, and what is no event is passed over."""
    settings = topic.settings
    events = subscribe(settings, group="g", from_beginning=True)
    assert next(events).type == "drift.opened"
    events.close()
    with subscribe(settings, group="g") as events:
        assert next(events).type == "drift.opened"
    assert types(settings, group="g") == ["drift.resolved"]
    assert types(settings, group="g", from_beginning=True) == []
    topic.add(b"not an event", topic.opened)
    assert types(settings, group="g") == ["drift.opened"]
    assert types(settings) == []


def test_a_new_group_begins_now_and_misses_nothing_from_then_on(topic: Topic) -> None:
    """A member that leaves before its first event has marked where the group began."""
    assert types(topic.settings, group="new") == []
    topic.add(topic.opened)
    assert types(topic.settings, group="new") == ["drift.opened"]


def test_an_asynchronous_member_reads_the_same(topic: Topic) -> None:
    """`async for` over Kafka ends where the topic ended, with the position written."""

    async def collect() -> list[str]:
        async with subscribe(topic.settings, group="async", from_beginning=True, burst=True) as events:
            return [event.type async for event in events]

    assert asyncio.run(collect()) == ["drift.opened", "drift.resolved"]
    assert types(topic.settings, group="async") == []


def test_a_topic_that_is_not_there_is_refused(topic: Topic) -> None:
    """With a group and without one the same sentence."""
    settings = load_settings(topic.config, topic.environment | {"DRIFTLINE_TOPICS__ALERTS": "nowhere"})
    for group in (None, "g"):
        with pytest.raises(LogRefused, match=r'"driftline run" creates it'):
            subscribe(settings, group=group)


def test_the_example_switches_the_model_and_back(topic: Topic, repository: Path, tmp_path: Path) -> None:
    """`examples/subscriber.py` names the fallback when drift opens, and the champion when it is resolved."""
    target = tmp_path / "active-model.json"

    def example() -> str:
        command = [sys.executable, str(repository / "examples" / "subscriber.py"), str(topic.config), str(target)]
        environment = {**topic.environment, "PYTHONPATH": str(repository)}
        done = subprocess.run([*command, "--burst"], env=environment, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    assert types(topic.settings, group="model-switch") == []
    topic.add(topic.opened)
    assert "drift.opened" in example()
    assert json.loads(target.read_text())["model"] == "fallback"
    topic.add(topic.resolved)
    assert "-> champion" in example()
    assert json.loads(target.read_text()) == {"model": "champion", "incidents": []}
