"""driftline's topics: which are created, with which settings, and what is said where they may not be."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, TopicAuthorizationFailedError

import consumers.kafka_source
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
    monkeypatch.setattr(consumers.kafka_source, "BOOTSTRAP_MS", 0)
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
    """Counts are never deleted by age; panes and status are compacted, with a bound on the lag."""
    ensure_topics(settings())
    assert cluster.created["stage.counts"]["configs"]["retention.ms"] == "-1"
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
