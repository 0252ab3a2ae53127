"""Labels joined through a real broker: each prediction once, whoever is killed, and judged like all other events."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.broker.labels_stage import (
    PARTITIONS,
    PER_PANE,
    Pair,
    halves,
    pairs,
    recount,
    write_logged,
    write_monitor,
)
from tests.peers import Peer

WITHIN_S = 90


class Labels:
    """A monitor with labels, and the topics that it reads."""

    def __init__(self, driftline: Any, topic: str, send: Callable[[str, list[tuple[int, bytes]]], None]) -> None:
        self.driftline, self.topic, self._send = driftline, topic, send

    def predict(self, some: list[Pair]) -> None:
        """Produce events."""
        self._send(self.topic, [(pair.partition, pair.event) for pair in some])

    def label(self, some: list[Pair]) -> None:
        """Produce the labels of events, where they have any."""
        self._send(f"{self.topic}.labels", [(pair.partition, pair.label) for pair in some if pair.label is not None])


@pytest.fixture(scope="module")
def service() -> Iterator[Peer]:
    """Yield a service that takes alerts."""
    with Peer() as made:
        yield made


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, service: Peer) -> Path:
    """Return the configuration of a classifier with labels, and with a route to the service."""
    written = write_monitor(tmp_path_factory.mktemp("labels"))
    route = f'[routes.team]\nkind = "webhook"\nurl = "{service.url}"\n'
    written.write_text(written.read_text() + route)
    return written


@pytest.fixture
def labels(
    make_topic: Callable[..., str], command_line: Callable[..., Any], config: Path, bootstrap_servers: list[str]
) -> Iterator[Labels]:
    """Return a monitor with labels over topics of its own."""
    topic = make_topic("labels", partitions=PARTITIONS)
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", linger_ms=20)

    def send(name: str, values: list[tuple[int, bytes]]) -> None:
        futures = [producer.send(name, value, partition=partition) for partition, value in values]
        producer.flush()
        for future in futures:
            future.get(timeout=0)

    driftline = command_line(config, topic)
    ensure_topics(load_settings(config, driftline.environment))
    yield Labels(driftline, topic, send)
    producer.close()


@pytest.fixture
def labelled(committed: Callable[..., list[Any]]) -> Callable[[Labels], Counter[str]]:
    """Return a function of a monitor: how often each id is labelled."""

    def read(labels: Labels) -> Counter[str]:
        found = (committed(f"{labels.topic}.labelled", partition) for partition in range(PARTITIONS))
        return Counter(json.loads(record.value)["id"] for some in found for record in some)

    return read


def test_what_labels_say_is_judged_by_a_monitor_of_its_own_and_delivered(
    labels: Labels, labelled: Callable[[Labels], Counter[str]], committed: Callable[..., list[Any]], service: Peer
) -> None:
    """The error rate rises and the inputs do not: all drift events are of the labelled events, and name the error.

    The route takes those of both monitors, once, though two judges publish.
    """
    made = pairs(8, wrong_from=4)
    labels.predict(made)
    labels.label(made)
    labels.driftline.run("run", "--burst")
    assert labelled(labels) == recount(made)
    events = [json.loads(record.value) for record in committed(f"{labels.topic}.alerts")]
    opened = next(event for event in events if event["type"] == "drift.opened")
    assert {event["monitor"] for event in events} == {f"{labels.topic}.performance"}
    assert "driftline.error" in {feature["name"] for feature in opened["features"]}
    assert [came.json for came in service.came] == events
    told = json.loads(labels.driftline.run("status", "--json").stdout)
    assert told["labels"]["labels"]["matched"] == recount(made).total()
    assert {group["group"] for group in told["groups"]} == {
        f"{labels.topic}{end}"
        for end in ("-counter", "-judge", "-joiner", ".performance-counter", ".performance-judge", "-route-team")
    }
    assert "labelled" in labels.driftline.run("status").stdout.decode()


def test_a_joiner_that_is_killed_labels_nothing_twice_and_forgets_nothing(
    labels: Labels, labelled: Callable[[Labels], Counter[str]]
) -> None:
    """Two joiners, one of them killed in the middle, one joining later: every label meets its event once."""
    made = pairs(6, wrong_from=99)
    running = [labels.driftline.start("run", "--role", "joiner") for _ in range(2)]
    try:
        for number, start in enumerate(range(0, len(made), 240)):
            labels.predict(made[start : start + 240])
            labels.label(made[max(0, start - 480) : max(0, start - 240)])
            time.sleep(1.0)
            if number == 2:
                killed = running.pop(0)
                killed.kill()
                killed.communicate()
            if number == 3:
                running.append(labels.driftline.start("run", "--role", "joiner"))
        labels.label(made[len(made) - 480 :])
        deadline_s = time.monotonic() + WITHIN_S
        while labelled(labels) != recount(made) and time.monotonic() < deadline_s:
            time.sleep(1.0)
    finally:
        for process in running:
            process.terminate()
            process.communicate(timeout=30)
    assert labelled(labels) == recount(made)


def test_what_a_model_is_asked_and_what_it_answers_are_judged_as_one_row(
    make_topic: Callable[..., str],
    command_line: Callable[..., Any],
    committed: Callable[..., list[Any]],
    bootstrap_servers: list[str],
    tmp_path: Path,
) -> None:
    """Both halves of an inference logger's traffic on one topic: the answers move, the questions do not."""
    topic = make_topic("halves", partitions=2)
    config = write_logged(tmp_path, topic)
    with contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all", linger_ms=20)) as producer:
        for half in halves(5, moved_from=3):
            producer.send(
                topic, half.value, headers=half.headers, partition=half.partition, timestamp_ms=half.at_ms
            ).add_errback(pytest.fail)
        producer.flush()
    driftline = command_line(config, topic)
    driftline.run("run", "--burst")
    told = json.loads(driftline.run("status", "--json").stdout)["labels"]
    requests = 5 * PER_PANE
    assert (told["predictions"]["labelled"], told["predictions"]["foreign"]) == (requests, requests)
    assert (told["labels"]["matched"], told["labels"]["foreign"]) == (requests, requests)
    events = [json.loads(record.value) for record in committed(f"{topic}.alerts")]
    opened = next(event for event in events if event["type"] == "drift.opened")
    assert {event["monitor"] for event in events} == {f"{topic}.performance"}
    assert {feature["name"] for feature in opened["features"]} == {"prediction"}
