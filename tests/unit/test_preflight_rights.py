"""What `driftline check` says of rights, as a broker with an authorizer reports them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import TransactionalIdAuthorizationFailedError, TransactionalIdNotFoundError

from consumers.preflight import kafka_broker
from consumers.settings import Settings, load_settings

OWN = ("m.counts", "m.panes", "m.alerts", "m.status", "m.rejects")
INTERNAL = ("__consumer_offsets", "__transaction_state")


@dataclass
class Broker:
    """An admin client of a broker whose answers are given; it knows no call that writes."""

    topics: tuple[str, ...] = ("inference-events", *OWN, *INTERNAL)
    cluster: list[str] = field(default_factory=lambda: ["CREATE", "DESCRIBE"])
    denied: tuple[tuple[str, str], ...] = ()
    transactions: type[Exception] = TransactionalIdNotFoundError
    read: tuple[str, ...] = ("inference-events",)

    def list_topics(self) -> list[str]:
        return list(self.topics)

    def describe_cluster(self) -> dict[str, Any]:
        return {"brokers": [{}, {}, {}], "authorized_operations": self.cluster}

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        part = {"partition_index": 0, "replica_nodes": [1, 2, 3]}
        return [{"name": n, "partitions": [part], "authorized_operations": self._allowed(n)} for n in names]

    def describe_configs(self, resources: list[Any], config_filter: str) -> dict[str, Any]:
        return {"topic": {}}

    def describe_groups(self, groups: list[str]) -> dict[str, Any]:
        return {g: {"error": None, "members": [], "authorized_operations": self._allowed(g)} for g in groups}

    def list_group_offsets(self, groups: dict[str, None]) -> dict[str, Any]:
        return {group: {TopicPartition(topic, 0): None for topic in self.read} for group in groups}

    def describe_transactions(self, ids: list[str]) -> None:
        raise self.transactions

    def close(self) -> None:
        """Nothing is open."""

    def _allowed(self, name: str) -> list[str]:
        return [one for one in ("DESCRIBE", "READ", "WRITE") if (name, one) not in self.denied]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Broker], list[tuple[str, str, str]]]:
    """Return what asks a broker, and gives level, subject and sentence of all that is not well."""
    path = tmp_path / "driftline.toml"
    path.write_text('[monitor]\nname = "m"\n')
    settings: Settings = load_settings(path, {})

    def ask(broker: Broker) -> list[tuple[str, str, str]]:
        monkeypatch.setattr(kafka_broker, "KafkaAdminClient", lambda **_: broker)
        monkeypatch.setattr(kafka_broker, "require_listener", lambda _kafka: None)
        lines = list(kafka_broker.kafka_lines(settings))
        assert lines[0].says == "3 brokers answer"
        settings_unread = "may not be read"
        return [
            (one.level, one.about, one.says) for one in lines if one.level != "ok" and settings_unread not in one.says
        ]

    return ask


def test_with_all_rights_nothing_is_told(said: Callable[[Broker], list[Any]]) -> None:
    """Topics that are all there, and rights for all of it."""
    assert said(Broker()) == []


@pytest.mark.parametrize(
    ("broker", "told"),
    [
        (Broker(denied=(("inference-events", "READ"),)), 'no right Read on the topic "inference-events"'),
        (Broker(denied=(("m.alerts", "WRITE"),)), 'no right Write on the topic "m.alerts"'),
        (Broker(denied=(("m-judge", "READ"),)), 'no right Read on the group "m-judge"'),
        (
            Broker(transactions=TransactionalIdAuthorizationFailedError),
            "no right Describe on driftline's transactional",
        ),
    ],
)
def test_each_right_that_is_missing_is_one_problem(
    said: Callable[[Broker], list[Any]], broker: Broker, told: str
) -> None:
    """The sentence names the right, and what it is on."""
    ((level, about, says),) = said(broker)
    assert (level, about) == ("problem", "rights")
    assert says.startswith(told)


def test_topics_to_be_made_need_the_right_to_make_them(said: Callable[[Broker], list[Any]]) -> None:
    """Without it on the cluster there is a warning: it may be granted for the names alone, which is not told."""
    few = ("inference-events", *INTERNAL)
    assert said(Broker(topics=few)) == []
    ((level, about, says),) = said(Broker(topics=few, cluster=["DESCRIBE"]))
    assert (level, about) == ("warning", "rights")
    assert "m.counts" in says


def test_a_name_that_another_monitor_has_had_is_told(said: Callable[[Broker], list[Any]]) -> None:
    """Its group has read another topic: this one would go on with its counts; what nobody has read is no namesake."""
    assert said(Broker(read=())) == []
    ((level, about, says),) = said(Broker(read=("inference-events", "payments")))
    assert (level, about) == ("warning", "groups")
    assert says.startswith('"m" has been the monitor of the topic "payments"')


def test_groups_and_transactions_are_not_asked_for_before_there_were_any(said: Callable[[Broker], list[Any]]) -> None:
    """Asking would make the broker create its internal topics."""
    broker = Broker(topics=("inference-events", *OWN), denied=(("m-judge", "READ"),))
    broker.transactions = TransactionalIdAuthorizationFailedError
    assert said(broker) == []
