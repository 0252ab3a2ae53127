"""What a long life brings to the judge's side, on a real broker: counts are cut, and topics are what they must be."""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

import consumers.kafka_loops
from baselines import save
from baselines.fitting import fit
from consumers.assembly import Assembly, assemble
from consumers.book import Book
from consumers.judge import Judge
from consumers.kafka_cut import CuttingSink
from consumers.kafka_lookup import read_to_end
from consumers.kafka_loops import new_counter, new_judge
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from stream.watermark import Watermark
from tests.torture.recount import Recount, recount
from tests.torture.verdict import plain

PARTITIONS = 4


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, incident_lines: list[bytes]) -> Path:
    """Return the configuration of a monitor of age and device, every ten seconds."""
    folder = tmp_path_factory.mktemp("long-life")
    rows = [json.loads(line)["features"] for line in incident_lines[:360]]
    (folder / "training.csv").write_text("age,device\n" + "".join(f"{row['age']},{row['device']}\n" for row in rows))
    save(fit([folder / "training.csv"]), folder / "baseline.json")
    lines = ('[monitor]\nname = "m"', '[schedule]\nevery = "10s"\nwindow = "20s"\nlateness = "1s"\nidle = "12h"')
    events = '[events]\ntimestamp = "ts"\nfeatures = "features"'
    (folder / "driftline.toml").write_text("\n".join([*lines, events]))
    return folder / "driftline.toml"


@pytest.fixture
def monitor(make_topic: Callable[..., str], command_line: Callable[..., Any], config: Path) -> tuple[Any, Assembly]:
    """Return the command line of a monitor with an empty topic of events, and its parts."""
    driftline = command_line(config, make_topic("lived", partitions=PARTITIONS))
    return driftline, assemble(load_settings(config, driftline.environment))


def counted(assembly: Assembly) -> None:
    """Count what is on the topic."""
    counter = new_counter(assembly)
    ends = counter.end_offsets()
    while not counter.caught_up(ends):
        counter.step(0.2)
    counter.close()


@pytest.fixture
def judge_anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[Assembly], None]:
    """Return what judges the counts topic with a new judge that cuts after every commit, if it cuts at all."""
    monkeypatch.setattr(consumers.kafka_loops, "CuttingSink", partial(CuttingSink, every_s=0.0))
    return lambda assembly: judged(new_judge(assembly))


def judged(judge: Judge) -> None:
    """Judge what is on the counts topic, commit all of it, and leave."""
    ends = judge.end_offsets()
    while not judge.caught_up(ends):
        judge.step(0.2)
    judge.finish()
    judge.close()


def bounds(assembly: Assembly, topic: str) -> tuple[int, int]:
    """Return the first offset of a topic's one partition and the one behind its last."""
    tp = TopicPartition(topic, 0)
    consumer = KafkaConsumer(bootstrap_servers=list(assembly.settings.kafka.bootstrap_servers))
    with contextlib.closing(consumer):
        return consumer.beginning_offsets([tp])[tp], consumer.end_offsets([tp])[tp]


def held(assembly: Assembly) -> Book:
    """Return the book that the panes topic holds."""
    topics, consumer = assembly.settings.topics, assembly.settings.kafka.for_client("consumer")
    book = Book(assembly.new_monitor(), Watermark(assembly.settings.lateness_ms))
    book.restore(read_to_end(topics.panes, 0, consumer))
    return book


def assert_equals(recounted: Recount, assembly: Assembly, committed: Callable[..., list[Any]]) -> None:
    """Hold panes, ledger and drift events against the recount."""
    book = held(assembly)
    starts = sorted(book.monitor.pane_starts())
    assert starts == sorted(recounted.panes)[-len(starts) :]
    for start in starts:
        pane = book.monitor.pane(start)
        assert pane is not None
        assert plain(pane) == plain(recounted.panes[start])
    assert book.ledger.to_dict() == recounted.ledger.to_dict()
    events = [json.loads(record.value) for record in committed(assembly.settings.topics.alerts)]
    assert events == json.loads(json.dumps(recounted.events))


def judged_to(admin: KafkaAdminClient, assembly: Assembly) -> int:
    """Return the offset of the counts topic that the judges have committed."""
    group = f"{assembly.settings.monitor.name}-judge"
    offsets = admin.list_group_offsets({group: None})[group]
    return int(offsets[TopicPartition(assembly.settings.topics.counts, 0)].offset)


def test_counts_are_cut_behind_the_judge_and_a_restarted_one_equals_a_recount(
    monitor: tuple[Any, Assembly],
    judge_anew: Callable[[Assembly], None],
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    incident_lines: list[bytes],
) -> None:
    """The counts topic begins where the judge has committed; its successor, without those counts, goes on exactly."""
    _, assembly = monitor
    topics = assembly.settings.topics
    ensure_topics(assembly.settings)
    half = len(incident_lines) // 2
    produce(topics.events, incident_lines[:half], partitions=PARTITIONS)
    counted(assembly)
    assert bounds(assembly, topics.counts)[0] == 0
    judge_anew(assembly)
    assert 0 < bounds(assembly, topics.counts)[0] == judged_to(admin, assembly)
    assert committed(topics.counts) == []
    produce(topics.events, incident_lines[half:], partitions=PARTITIONS)
    counted(assembly)
    before = judged_to(admin, assembly)
    judge_anew(assembly)
    assert before < bounds(assembly, topics.counts)[0] == judged_to(admin, assembly)
    recounted = recount(assembly, assembly.settings.kafka.bootstrap_servers)
    assert [event["type"] for event in recounted.events] == ["drift.opened", "drift.changed"]
    assert_equals(recounted, assembly, committed)


def test_counts_that_something_else_reads_are_kept(
    monitor: tuple[Any, Assembly],
    judge_anew: Callable[[Assembly], None],
    produce: Callable[..., None],
    incident_lines: list[bytes],
    config: Path,
) -> None:
    """With cut_counts = false the counts topic still begins at its beginning after the judge has committed."""
    driftline, _ = monitor
    kept = assemble(load_settings(config, {**driftline.environment, "DRIFTLINE_TOPICS__CUT_COUNTS": "false"}))
    ensure_topics(kept.settings)
    produce(kept.settings.topics.events, incident_lines[:500], partitions=PARTITIONS)
    counted(kept)
    judge_anew(kept)
    assert bounds(kept, kept.settings.topics.panes)[1] > 0
    assert bounds(kept, kept.settings.topics.counts)[0] == 0


def test_a_topic_that_would_lose_state_ends_the_start_with_the_command_that_mends_it(
    monitor: tuple[Any, Assembly], admin: KafkaAdminClient
) -> None:
    """Panes that somebody created with a broker's defaults: exit code 2, one sentence; mended, it starts."""
    driftline, assembly = monitor
    panes = assembly.settings.topics.panes
    admin.create_topics({panes: {"num_partitions": 1}}, wait_for_metadata=True)
    refused = driftline.start("run", "--burst")
    said = refused.communicate(timeout=60)[1].decode()
    assert refused.returncode == 2, said
    assert f'"{panes}" has cleanup.policy = delete' in said
    assert f"--entity-name {panes} --add-config cleanup.policy=compact" in said
    assert "Traceback" not in said
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, panes, {"cleanup.policy": "compact"})])
    ensure_topics(assembly.settings)
