"""Where a group stood is forgotten, moved, or of a topic that is gone, on a real broker: nothing is judged twice."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewPartitions
from kafka.structs import OffsetAndMetadata

import consumers.kafka_source
from consumers.assembly import Assembly, assemble
from consumers.facts import EventsLost, Fact
from consumers.kafka_loops import new_counter, new_judge
from consumers.losses import LossWatch
from consumers.records import counts_partition
from consumers.settings import load_settings
from consumers.source import LogRefused, LogUnavailable
from consumers.topics import ensure_topics
from tests.broker.lived import PARTITIONS, assert_equals, bounds, counted, held, judged, judged_to
from tests.broker.trap_stage import until
from tests.torture.recount import recount


@pytest.fixture
def kept(long_lived: tuple[Any, Assembly], long_lived_config: Path) -> Assembly:
    """Return the parts of a monitor with its topics, whose counts are not cut."""
    driftline, _ = long_lived
    assembly = assemble(
        load_settings(long_lived_config, {**driftline.environment, "DRIFTLINE_TOPICS__CUT_COUNTS": "false"})
    )
    ensure_topics(assembly.settings)
    return assembly


def half_judged(assembly: Assembly, produce: Callable[..., None], lines: list[bytes]) -> None:
    """Let the first half of the events be counted and judged, and the rest counted."""
    half = len(lines) // 2
    produce(assembly.settings.topics.events, lines[:half], partitions=PARTITIONS)
    counted(assembly)
    judged(new_judge(assembly))
    produce(assembly.settings.topics.events, lines[half:], partitions=PARTITIONS)
    counted(assembly)


class Told:
    """An observer that keeps what was lost."""

    def __init__(self) -> None:
        self.lost: list[EventsLost] = []

    def note(self, fact: Fact) -> None:
        """See `Observer.note`."""
        if isinstance(fact, EventsLost):
            self.lost.append(fact)


def test_a_judge_whose_offsets_are_gone_equals_a_recount(
    kept: Assembly,
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    incident_lines: list[bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Kafka forgets a group that was empty for a week: the judge begins where its panes end, and says so."""
    half_judged(kept, produce, incident_lines)
    admin.delete_groups([f"{kept.settings.monitor.name}-judge"])
    judged(new_judge(kept))
    assert any("the group stands at" in record.getMessage() for record in caplog.records)
    assert_equals(recount(kept, kept.settings.kafka.bootstrap_servers), kept, committed)
    assert judged_to(admin, kept) == held(kept).read_to()


def test_trap_10_a_counts_topic_that_is_created_again_is_judged_from_its_beginning(
    kept: Assembly,
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    incident_lines: list[bytes],
) -> None:
    """Offsets of the old one mean nothing in the new one: all its counts are judged, and an event tells of the rest."""
    topics, half = kept.settings.topics, len(incident_lines) // 2
    produce(topics.events, incident_lines[:half], partitions=PARTITIONS)
    counted(kept)
    judged(new_judge(kept))
    admin.delete_topics([topics.counts])
    until(lambda: topics.counts not in admin.list_topics())
    ensure_topics(kept.settings)
    produce(topics.events, incident_lines[half:], partitions=PARTITIONS)
    counted(kept)
    judged(new_judge(kept))
    book = held(kept)
    assert (book.ledger.read, book.lost) == (len(incident_lines), {})
    events = [json.loads(record.value) for record in committed(topics.alerts)]
    assert [event.get("reason") for event in events if event["type"] == "monitor.health"] == ["counts_recreated"]


def test_trap_15_counts_whose_partition_would_change_are_refused_by_both_roles(
    long_lived: tuple[Any, Assembly],
    kept: Assembly,
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    incident_lines: list[bytes],
) -> None:
    """Partitions were added to counts and panes alike: exit code 1 and what to do, and nothing is counted meanwhile."""
    half_judged(kept, produce, incident_lines)
    topics, name = kept.settings.topics, kept.settings.monitor.name
    count = next(count for count in range(2, 99) if counts_partition(name, count))
    before = bounds(kept, topics.counts)
    admin.create_partitions({topic: NewPartitions(count) for topic in (topics.counts, topics.panes)})
    until(lambda: all(len(t["partitions"]) == count for t in admin.describe_topics([topics.counts, topics.panes])))
    driftline, _ = long_lived
    for role in ("counter", "judge"):
        refused = driftline.start("run", "--role", role)
        said = refused.communicate(timeout=60)[1].decode()
        assert refused.returncode == 1, said
        assert f"{topics.counts} has {count} partitions now" in said
        assert "name two new topics" in said
        assert "Traceback" not in said
    assert bounds(kept, topics.counts) == before


def test_a_running_judge_says_that_counts_have_left_their_panes(
    kept: Assembly, admin: KafkaAdminClient, produce: Callable[..., None], incident_lines: list[bytes]
) -> None:
    """Partitions were added to the counts alone, while it ran: it ends with a sentence, and waits for nothing."""
    half_judged(kept, produce, incident_lines)
    topics = kept.settings.topics
    judge = new_judge(kept)
    until(lambda: judge.step(0.2) or judge.books)
    admin.create_partitions({topics.counts: NewPartitions(3)})
    with pytest.raises(LogRefused, match=r"panes has no partition|counts has 3 partitions"):
        until(lambda: judge.step(0.2) and False)
    judge.close()


def test_a_group_behind_the_end_of_its_log_goes_on_at_the_end(
    kept: Assembly,
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    incident_lines: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after an unclean election: nothing is read from the beginning again, and what is missing is told."""
    monkeypatch.setattr(consumers.kafka_source, "LossWatch", partial(LossWatch, believed_after_s=0.3))
    half_judged(kept, produce, incident_lines)
    topics, group = kept.settings.topics, f"{kept.settings.monitor.name}-counter"
    ends = {tp: at.offset for tp, at in admin.list_group_offsets({group: None})[group].items()}
    beyond = {tp: OffsetAndMetadata(end + 7 * (tp.partition == 0), "", -1) for tp, end in ends.items()}
    admin.alter_group_offsets(group, beyond)
    told, waited = Told(), []
    counter = new_counter(kept, told)

    def step() -> bool:
        try:
            counter.step(0.2)
        except LogUnavailable as error:
            waited.append(str(error))
        return bool(told.lost)

    until(step)
    counter.close()
    assert "it may come back" in waited[0]
    judged(new_judge(kept))
    assert held(kept).lost == {topics.events: {0: 7}}
    assert held(kept).ledger.read == len(incident_lines)
