"""The stage with a broker: topics, a producer of the events, and ``driftline run`` as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from consumers.demo.stage import DemoFailed, Seen
from consumers.kafka_errors import kafka_errors
from consumers.kafka_lookup import CONSUMER_SETTINGS
from consumers.local_kafka_node import dying_with_us
from consumers.settings import Settings
from consumers.settings.performance import performance_of
from consumers.topics import ensure_topics

PARTITIONS = 4
# `run` promises to stop within five seconds.
_STOP_WITHIN_S = 8
# A broker somewhere else has an answer by then, or there is none there.
_ANSWER_WITHIN_MS = 10_000
_LOG_LINES = 10
_DRIFTLINE = (sys.executable, "-P", "-m", "consumers.cli")


@contextmanager
def kafka_stage(settings: Settings, log: Path, *, tidy: bool) -> Iterator["KafkaStage"]:
    """Create the topics, start ``driftline run`` and yield the stage; ``log`` is a file for what it says.

    ``tidy`` deletes topics and groups at the end.

    Raises LogUnavailable or LogRefused when the broker does not answer.
    """
    admin_options = settings.kafka.for_client("admin") | {"bootstrap_timeout_ms": _ANSWER_WITHIN_MS}
    with ExitStack() as stack:
        _create_events(settings, admin_options)
        if tidy:
            stack.callback(_tidy_up, settings)
        for monitored in _monitored(settings):
            ensure_topics(monitored)
        process = stack.enter_context(_running(settings, log))
        with kafka_errors("the demo's clients cannot be opened"):
            producer = KafkaProducer(**settings.kafka.for_client("producer"), linger_ms=20)
            stack.callback(producer.close, timeout=1)
            consumer = KafkaConsumer(**{**CONSUMER_SETTINGS, **settings.kafka.for_client("consumer")})
            stack.callback(consumer.close, timeout_ms=1_000)
            _begin(consumer, (*_statuses(settings), settings.topics.alerts))
        yield KafkaStage(settings, _Watched(process, log), producer, consumer)


@dataclass(frozen=True, slots=True)
class _Watched:
    """The process of ``driftline run``, and the file that it writes to."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def check(self) -> None:
        """Raise DemoFailed when the process has ended."""
        if (code := self.process.poll()) is not None:
            said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
            raise DemoFailed("\n".join([f"`driftline run` ended by itself with exit code {code}; it said:", *said]))


class KafkaStage:
    """Produces to the events topic and reads what ``driftline run`` publishes."""

    def __init__(
        self, settings: Settings, watched: "_Watched", producer: KafkaProducer, consumer: KafkaConsumer
    ) -> None:
        self._topics = settings.topics
        self._statuses = _statuses(settings)
        self._watched = watched
        self._producer = producer
        self._consumer = consumer
        self._sent = 0

    def send(self, values: Sequence[bytes]) -> None:
        """See `Stage.send`; events are dealt to the partitions in turn, so that each has its events in order."""
        with kafka_errors("the events cannot be sent"):
            for number, value in enumerate(values, start=self._sent):
                self._producer.send(self._topics.events, value, partition=number % PARTITIONS)
        self._sent += len(values)

    def look(self, wait_s: float) -> Seen:
        """See `Stage.look`."""
        self._watched.check()
        with kafka_errors("alerts and status cannot be read"):
            polled = self._consumer.poll(timeout_ms=round(wait_s * 1000))
        told: dict[str, list[Any]] = {}
        for place, records in polled.items():
            told.setdefault(place.topic, []).extend(orjson.loads(record.value) for record in records if record.value)
        # Beside them stand records of windows that wait, which are no status.
        statuses = [status for topic in self._statuses for status in told.get(topic, ()) if "window" in status]
        return Seen(statuses, told.get(self._topics.alerts, ()))


@contextmanager
def _running(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = dying_with_us([*_DRIFTLINE, "run", "--config", str(settings.path)])
    # A session of its own: a Ctrl-C at the terminal is for us, and we stop it in order.
    with (
        log.open("wb") as said,
        subprocess.Popen(  # noqa: S603 - the command is ours from end to end
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _create_events(settings: Settings, admin_options: dict[str, Any]) -> None:
    with kafka_errors("the events topic cannot be created"):
        admin = KafkaAdminClient(**admin_options)
        try:
            topic = {"num_partitions": PARTITIONS, "replication_factor": settings.topics.replication_factor}
            admin.create_topics({settings.topics.events: topic}, wait_for_metadata=True)
        finally:
            admin.close()


def _monitored(settings: Settings) -> list[Settings]:
    """Return the settings of each monitor that runs: with labels there is a second one, of labelled events."""
    performance = performance_of(settings)
    return [settings] if performance is None else [settings, performance]


def _topics(settings: Settings) -> list[str]:
    topics = settings.topics
    labels = [] if settings.labels is None else [topics.labels]
    return [topics.events, topics.counts, topics.panes, topics.alerts, topics.status, topics.rejects, *labels]


def _statuses(settings: Settings) -> tuple[str, ...]:
    return tuple(each.topics.status for each in _monitored(settings))


def _begin(consumer: KafkaConsumer, topics: Sequence[str]) -> None:
    places = [
        TopicPartition(topic, number) for topic in topics for number in sorted(consumer.partitions_for_topic(topic))
    ]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)


def _tidy_up(settings: Settings) -> None:
    """Delete what the demo made on a broker that is not its own; a broker that is gone needs no tidying."""
    names = {name for each in _monitored(settings) for name in _topics(each)}
    ours = {f"{each.monitor.name}-{role}" for each in _monitored(settings) for role in ("counter", "judge", "joiner")}
    try:
        options = settings.kafka.for_client("admin") | {"bootstrap_timeout_ms": _ANSWER_WITHIN_MS}
        admin = KafkaAdminClient(**options)
        try:
            admin.delete_topics(sorted(names & set(admin.list_topics())))
            admin.delete_groups(sorted(ours & {group["group_id"] for group in admin.list_groups()}))
        finally:
            admin.close()
    except KafkaError:
        return
