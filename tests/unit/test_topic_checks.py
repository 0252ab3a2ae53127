"""What is said of topics that exist already: what loses state is refused, what only costs is warned of."""

from dataclasses import replace

import pytest

from consumers.topic_checks import StateTopics, TopicFacts, refusals, warnings

SERVERS = ["one:9092", "two:9092"]
COUNTS = TopicFacts(
    "m.counts", 1, 3,
    {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "min.insync.replicas": "2"},
)  # fmt: skip
COMPACTED = {"cleanup.policy": "compact", "max.compaction.lag.ms": "600000", "min.insync.replicas": "2"}
PANES, STATUS = TopicFacts("m.panes", 1, 3, COMPACTED), TopicFacts("m.status", 1, 3, COMPACTED)
GOOD = StateTopics(COUNTS, PANES, STATUS)


def but(topic: TopicFacts, key: str, value: str) -> TopicFacts:
    """Return the topic with one setting changed."""
    return replace(topic, configs={**topic.configs, key: value})


def test_good_topics_missing_ones_and_unknown_settings_are_passed() -> None:
    """Nothing is said of topics as driftline creates them, of none, and of settings that may not be read."""
    unknown = StateTopics(*(replace(topic, configs={}) for topic in (COUNTS, PANES, STATUS)))
    for topics in (GOOD, StateTopics(None, None, None), unknown):
        assert list(refusals(topics, SERVERS)) == []
        assert list(warnings(topics, SERVERS, brokers=3)) == []


@pytest.mark.parametrize(
    ("topics", "name", "setting"),
    [
        (replace(GOOD, counts=but(COUNTS, "cleanup.policy", "compact")), "m.counts", "cleanup.policy=delete"),
        (replace(GOOD, counts=but(COUNTS, "cleanup.policy", "compact,delete")), "m.counts", "cleanup.policy=delete"),
        (replace(GOOD, counts=but(COUNTS, "retention.ms", "604800000")), "m.counts", "retention.ms=-1"),
        (replace(GOOD, counts=but(COUNTS, "retention.bytes", "1000")), "m.counts", "retention.bytes=-1"),
        (replace(GOOD, panes=but(PANES, "cleanup.policy", "compact,delete")), "m.panes", "cleanup.policy=compact"),
    ],
)
def test_what_would_lose_state_is_refused_with_the_command_that_mends_it(
    topics: StateTopics, name: str, setting: str
) -> None:
    """One sentence: the topic, the setting as it is, the value wanted, and kafka-configs ready to be pasted."""
    (sentence,) = refusals(topics, SERVERS)
    key, _, value = setting.partition("=")
    assert f'the topic "{name}" has {key} = ' in sentence
    assert f"set it to {value}: kafka-configs --bootstrap-server one:9092 --alter" in sentence
    assert sentence.endswith(f"--entity-name {name} --add-config {setting}")
    assert list(warnings(topics, SERVERS, brokers=3)) == []


def test_counts_and_panes_with_other_numbers_of_partitions_are_refused() -> None:
    """Counts of a partition without panes of its own would be judged without what was counted before."""
    (sentence,) = refusals(replace(GOOD, counts=replace(COUNTS, partitions=2)), SERVERS)
    assert '"m.panes" has 1 partitions and "m.counts" 2' in sentence


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        (replace(GOOD, status=but(STATUS, "cleanup.policy", "delete")), "add-config cleanup.policy=compact"),
        (replace(GOOD, panes=but(PANES, "max.compaction.lag.ms", str(2**63 - 1))), "max.compaction.lag.ms=600000"),
        (replace(GOOD, panes=but(PANES, "max.message.bytes", "100000")), "max.message.bytes=1048588"),
        (replace(GOOD, panes=replace(PANES, copies=1, configs={})), '"m.panes" has one copy'),
        (
            replace(GOOD, counts=but(COUNTS, "message.timestamp.type", "CreateTime")),
            "add-config message.timestamp.type=LogAppendTime",
        ),
        (replace(GOOD, counts=but(COUNTS, "min.insync.replicas", "3")), "add-config min.insync.replicas=2"),
        (replace(GOOD, counts=but(COUNTS, "min.insync.replicas", "1")), "add-config min.insync.replicas=2"),
    ],
)
def test_what_is_only_expensive_or_unsafe_is_warned_of(topics: StateTopics, said: str) -> None:
    """One sentence each, and no refusal."""
    (sentence,) = warnings(topics, SERVERS, brokers=3)
    assert said in sentence
    assert list(refusals(topics, SERVERS)) == []


def test_one_copy_on_one_broker_is_nothing_to_warn_of() -> None:
    """There is nowhere to put another."""
    topics = StateTopics(None, replace(PANES, copies=1, configs={"min.insync.replicas": "1"}), None)
    assert list(warnings(topics, SERVERS, brokers=1)) == []
