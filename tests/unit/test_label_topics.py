"""The topics of labels: how they are created, and what is said where they would part labels from predictions."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consumers.label_topics import LabelTopics, partitions, refusals, wanted, warnings
from consumers.settings import Settings
from consumers.topic_checks import TopicFacts

DAY_MS = 86_400_000
EVENTS, LABELS, LABELLED = TopicFacts("events", 4, 1), TopicFacts("labels", 4, 1), TopicFacts("labelled", 4, 1)
FOUND = LabelTopics(EVENTS, LABELS, LABELLED)


@pytest.fixture
def settings() -> Callable[[str], Settings]:
    """Return settings with labels that are waited for so long."""

    def make(wait: str) -> Settings:
        labels = {"baseline": "b.json", "task": "regression", "wait": wait}
        return Settings.model_validate({"monitor": {"name": "m"}, "events": {"id": "id"}, "labels": labels})

    return make


@pytest.mark.parametrize(("wait", "kept_days"), [("1h", 7), ("30d", 60)])
def test_labelled_events_are_kept_for_longer_than_predictions_wait(
    settings: Callable[[str], Settings], wait: str, kept_days: int
) -> None:
    """They say after a restart which predictions have their label."""
    made = wanted(settings(wait))
    assert list(made) == ["m.labels", "m.labelled"]
    assert made["m.labelled"]["retention.ms"] == str(kept_days * DAY_MS)


def test_topics_that_are_created_have_the_partitions_of_the_events(settings: Callable[[str], Settings]) -> None:
    """Both of them: labels are looked for, and labelled events are written, by the partition's number."""
    assert partitions(settings("1h"), FOUND) == {"m.labels": 4, "m.labelled": 4}
    assert wanted(Settings.model_validate({"monitor": {"name": "m"}})) == {}


def test_topics_with_other_partitions_are_refused() -> None:
    """The sentence names both topics and both numbers."""
    assert list(refusals(FOUND)) == []
    assert list(refusals(LabelTopics(EVENTS, None, None))) == []
    (sentence,) = refusals(replace(FOUND, labels=replace(LABELS, partitions=3)))
    assert 'the topic "labels" has 3 partitions and "events" 4' in sentence
    (sentence,) = refusals(replace(FOUND, labelled=replace(LABELLED, partitions=1)))
    assert '"labelled" has 1 partitions' in sentence


def test_labelled_events_must_not_be_compacted() -> None:
    """Two predictions may have one id, days apart."""
    compacted = replace(LABELLED, configs={"cleanup.policy": "compact"})
    (sentence,) = refusals(replace(FOUND, labelled=compacted))
    assert "lost to compaction" in sentence


def test_what_a_restart_would_not_find_again_is_said() -> None:
    """Events, or labelled ones, that are kept for less than predictions wait."""
    short = {"retention.ms": str(DAY_MS)}
    found = LabelTopics(replace(EVENTS, configs=short), LABELS, replace(LABELLED, configs=short))
    told = list(warnings(found, 7 * DAY_MS))
    assert ['"events" keeps' in told[0], '"labelled" keeps' in told[1]] == [True, True]
    assert "1d" in told[0]
    assert list(warnings(found, DAY_MS)) == list(warnings(FOUND, 7 * DAY_MS)) == []
