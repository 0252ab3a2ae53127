"""A route over Kafka: the group that it reads alerts in, and the record on the status topic that says how it stands."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import orjson

from consumers.alerts.interest import Interest
from consumers.alerts.kafka_alerts import KafkaAlerts, records_between
from consumers.facts import Observer
from consumers.kafka_identity import topic_facts
from consumers.kafka_lookup import read_to_end
from consumers.kafka_sink import KafkaSink
from consumers.routes.delivery import Delivery, pausing
from consumers.routes.history import History
from consumers.routes.post import Poster
from consumers.routes.route import Route, Standing
from consumers.settings import Settings
from consumers.settings.performance import performance_of
from consumers.sink import Outgoing

_STATUS_VERSION = 1
# Beside the time in which an event is given up: the last attempt, and writing down what came of it.
_MARGIN_S = 120


def group_of(settings: Settings, name: str) -> str:
    """Return the consumer group of a route."""
    return f"{settings.monitor.name}-route-{name}"


def monitors_of(settings: Settings) -> tuple[str, ...]:
    """Return whose alerts are routed: the topic may be shared with monitors that have routes of their own."""
    performance = performance_of(settings)
    return (settings.monitor.name, *([] if performance is None else [performance.monitor.name]))


class KafkaRoute:
    """A route with all that it is made of; owned by one thread. Raises LogUnavailable or LogRefused."""

    def __init__(self, settings: Settings, name: str, observer: Observer, stopping: threading.Event) -> None:
        mine, group = settings.routes[name], group_of(settings, name)
        # First what may fail: a consumer that nobody closes would keep its partition.
        standing = read_standing(settings, name)
        timeout_s, give_up_s = mine.timeout_ms / 1000, mine.give_up_after_ms / 1000
        interest = Interest(monitors_of(settings), mine.types, mine.min_severity)
        self.log = KafkaAlerts(settings, group, body_s=give_up_s + 2 * timeout_s + _MARGIN_S)
        self._poster = Poster(mine.address, timeout_s, mine.secrets)
        self._sink = KafkaSink(group, settings.kafka.for_client("producer"))
        self.route = Route(
            name=name,
            settings=mine,
            log=self.log,
            history=History(interest, partial(records_between, settings)),
            memory=_memory(settings, name, self._sink),
            observer=observer,
            membership=self.log.membership,
            standing=standing,
        )
        pause = pausing(stopping.wait, self.route.alive)
        self.route.delivery = Delivery(self._poster.post, pause, give_up_s, self.route.failed)

    def close(self) -> None:
        """Leave."""
        self._poster.close()
        self._sink.close()
        self.log.close()


def read_standing(settings: Settings, name: str) -> Standing:
    """Return how the route stood last, in whatever process."""
    topic, options, latest = settings.topics.status, settings.kafka.for_client("consumer"), None
    for partition in range(topic_facts(topic, options).partitions):
        for key, value in read_to_end(topic, partition, options):
            latest = value if key == _key(settings, name) else latest
    if latest is None:
        return Standing()
    told = orjson.loads(latest)
    return Standing(**{field: told[field] for field in Standing.__dataclass_fields__})


def _memory(settings: Settings, name: str, sink: KafkaSink) -> Callable[[Standing], None]:
    about: dict[str, Any] = {"schema_version": _STATUS_VERSION, "monitor": settings.monitor.name, "route": name}
    about["kind"] = settings.routes[name].kind

    def write(standing: Standing) -> None:
        value = orjson.dumps(about | asdict(standing))
        sink.commit([Outgoing(settings.topics.status, _key(settings, name), value)], {}, None)

    return write


def _key(settings: Settings, name: str) -> bytes:
    return f"{settings.monitor.name}|route|{name}".encode()
