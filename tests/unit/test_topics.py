"""driftline's topics: which are created, with which settings, and what is said where they may not be."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, TopicAuthorizationFailedError

import consumers.kafka_lookup
import consumers.topics
from consumers.errors import SettingsError
from consumers.settings import Settings, load_settings
from consumers.source import LogRefused, LogUnavailable
from consumers.topics import ensure_topics

OWN = ("stage.counts", "stage.panes", "stage.status", "stage.alerts", "stage.rejects")


class Cluster:
    """Stands for an admin client and the cluster behind it."""

    def __init__(self, *present: str) -> None:
        self.present = list(present)
        self.created: dict[str, dict[str, Any]] = {}
        self.error: Exception | None = None
        self.closed = 0
        self.configs: dict[str, dict[str, str]] = {}
        self.partitions: dict[str, int] = {}

    def __call__(self, **_options: Any) -> "Cluster":
        return self

    def list_topics(self) -> Iterable[str]:
        """Return what is there."""
        return self.present

    def create_topics(self, topics: dict[str, dict[str, Any]], *, wait_for_metadata: bool) -> None:
        """Remember what is created."""
        assert wait_for_metadata
        if self.error is not None:
            raise self.error
        self.created |= topics

    def describe_topics(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return topics as the client does; one partition with one copy unless said otherwise."""
        return [{"name": name, "partitions": [{"replica_nodes": [1]}] * self.partitions.get(name, 1)} for name in names]

    def describe_configs(self, resources: Iterable[Any], *, config_filter: str) -> dict[str, Any]:
        """Return settings as the client does, defaults among them."""
        assert config_filter == "all"
        found = {one.name: self.configs.get(one.name, {}) for one in resources}
        return {"topic": {name: {key: {"value": value} for key, value in own.items()} for name, own in found.items()}}

    def describe_cluster(self) -> dict[str, Any]:
        """Return a cluster of one broker."""
        return {"brokers": [{"node_id": 1}]}

    def close(self) -> None:
        """Count how often."""
        self.closed += 1


@pytest.fixture
def settings(stage_assembly: Callable[..., Any]) -> Callable[[str], Settings]:
    """Return a function of a `[topics]` table's lines."""
    path = stage_assembly().settings.path
    text = path.read_text()

    def make(lines: str = "") -> Settings:
        path.write_text(f"{text}\n[topics]\n{lines}")
        return load_settings(path, {})

    return make


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a cluster with the events topic alone."""
    monkeypatch.setattr(consumers.kafka_lookup, "BOOTSTRAP_MS", 0)
    made = Cluster("inference-events")
    monkeypatch.setattr(consumers.topics, "KafkaAdminClient", made)
    return made


def test_missing_topics_are_created_and_those_that_are_there_are_left(
    cluster: Cluster, settings: Callable[..., Settings]
) -> None:
    """All of ours but the alerts, which are there already; the events topic is never ours to create."""
    cluster.present.append("stage.alerts")
    ensure_topics(settings("replication_factor = 3"))
    assert set(cluster.created) == set(OWN) - {"stage.alerts"}
    assert {topic["replication_factor"] for topic in cluster.created.values()} == {3}
    assert cluster.closed == 1


def test_state_is_kept_and_compacted(cluster: Cluster, settings: Callable[..., Settings]) -> None:
    """Counts are never deleted by age or size; panes and status are compacted, with a bound on the lag."""
    ensure_topics(settings())
    assert cluster.created["stage.counts"]["configs"]["retention.ms"] == "-1"
    assert cluster.created["stage.counts"]["configs"]["retention.bytes"] == "-1"
    assert cluster.created["stage.counts"]["configs"]["message.timestamp.type"] == "LogAppendTime"
    for topic in ("stage.panes", "stage.status"):
        configs = cluster.created[topic]["configs"]
        assert configs["cleanup.policy"] == "compact"
        assert int(configs["max.compaction.lag.ms"]) <= 600_000
    assert cluster.created["stage.alerts"]["configs"] == {}


def test_another_member_may_be_quicker(cluster: Cluster, settings: Callable[..., Settings]) -> None:
    """A topic that appears between listing and creating is no error."""
    cluster.error = TopicAlreadyExistsError("there")
    ensure_topics(settings())
    assert cluster.closed == 1


def test_without_the_events_there_is_nothing_to_watch(cluster: Cluster, settings: Callable[..., Settings]) -> None:
    """The message names file, key, topic and where it was looked for; nothing is created."""
    cluster.present.clear()
    with pytest.raises(SettingsError, match=r'driftline\.toml: topics\.events: the topic "inference-events" does not'):
        ensure_topics(settings())
    assert cluster.created == {}
    assert cluster.closed == 1


def test_where_topics_may_not_be_created_the_missing_ones_are_named(
    cluster: Cluster, settings: Callable[..., Settings]
) -> None:
    """With create = false every missing topic is in the message, and how to mend it."""
    with pytest.raises(SettingsError, match=r"topics\.create is false") as raised:
        ensure_topics(settings("create = false"))
    assert all(name in str(raised.value) for name in OWN)
    assert cluster.created == {}
    cluster.present.extend(OWN)
    ensure_topics(settings("create = false"))


@pytest.mark.parametrize(
    ("error", "ours"), [(KafkaTimeoutError("slow"), LogUnavailable), (TopicAuthorizationFailedError("no"), LogRefused)]
)
def test_the_clients_errors_are_told_apart(
    cluster: Cluster, settings: Callable[..., Settings], error: Exception, ours: type[Exception]
) -> None:
    """What trying again may mend is another error than what a person must."""
    cluster.error = error
    with pytest.raises(ours, match="cannot be listed or created"):
        ensure_topics(settings())


def test_a_topic_that_would_lose_state_is_refused_before_anything_is_created(
    cluster: Cluster, settings: Callable[..., Settings]
) -> None:
    """The message names file, topic, setting and value; the cluster is left as it was."""
    cluster.present.append("stage.panes")
    cluster.configs["stage.panes"] = {"cleanup.policy": "delete"}
    with pytest.raises(SettingsError, match=r'driftline\.toml: topics: the topic "stage\.panes" has cleanup\.policy'):
        ensure_topics(settings())
    assert cluster.created == {}
    assert cluster.closed == 1


def test_panes_are_created_with_as_many_partitions_as_the_counts_have(
    cluster: Cluster, settings: Callable[..., Settings]
) -> None:
    """Each partition of the counts keeps its panes in the one of the same number; all other topics have one."""
    cluster.present.append("stage.counts")
    cluster.partitions["stage.counts"] = 4
    ensure_topics(settings())
    assert {name: topic["num_partitions"] for name, topic in cluster.created.items()} == {
        "stage.panes": 4, "stage.status": 1, "stage.alerts": 1, "stage.rejects": 1,
    }  # fmt: skip


def test_settings_that_may_not_be_read_are_not_checked_and_that_is_said(
    cluster: Cluster, settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    """Without the right to describe settings driftline starts all the same."""
    cluster.present.append("stage.counts")
    ensure_topics(settings())
    assert '"stage.counts" may not be read' in caplog.text


LABELS = {"DRIFTLINE_EVENTS__ID": "id", "DRIFTLINE_LABELS__TASK": "regression", "DRIFTLINE_LABELS__BASELINE": "b.json"}


def test_topics_of_labels_are_created_beside_the_events(cluster: Cluster, settings: Callable[..., Settings]) -> None:
    """With the partitions of the events, and only where there are labels."""
    cluster.partitions["inference-events"] = 6
    ensure_topics(load_settings(settings().path, LABELS))
    made = {name: topic["num_partitions"] for name, topic in cluster.created.items()}
    assert made == {**dict.fromkeys(OWN, 1), "stage.labels": 6, "stage.labelled": 6}


def test_labels_with_other_partitions_end_the_start(
    cluster: Cluster, settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    """The message names the file and both topics; nothing is created. What only a restart would show is said."""
    cluster.present.append("stage.labels")
    cluster.partitions |= {"inference-events": 6, "stage.labels": 5}
    labelled = load_settings(settings().path, LABELS)
    with pytest.raises(SettingsError, match=r'driftline\.toml: topics: the topic "stage\.labels" has 5 partitions'):
        ensure_topics(labelled)
    assert cluster.created == {}
    cluster.partitions["stage.labels"] = 6
    cluster.configs["inference-events"] = {"retention.ms": "3600000"}
    ensure_topics(labelled)
    assert "predictions wait 1w for their labels" in caplog.text
