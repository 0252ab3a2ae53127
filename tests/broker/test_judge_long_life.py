"""What a long life brings to the judge's side, on a real broker: counts are cut, and topics are what they must be."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

import consumers.kafka_loops
from consumers.assembly import Assembly, assemble
from consumers.kafka_cut import CuttingSink
from consumers.kafka_loops import new_judge
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.broker.lived import PARTITIONS, assert_equals, bounds, counted, judged, judged_to
from tests.torture.recount import recount


@pytest.fixture
def judge_anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[Assembly], None]:
    """Return what judges the counts topic with a new judge that cuts after every commit, if it cuts at all."""
    monkeypatch.setattr(consumers.kafka_loops, "CuttingSink", partial(CuttingSink, every_s=0.0))
    return lambda assembly: judged(new_judge(assembly))


def test_counts_are_cut_behind_the_judge_and_a_restarted_one_equals_a_recount(
    long_lived: tuple[Any, Assembly],
    judge_anew: Callable[[Assembly], None],
    admin: KafkaAdminClient,
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    incident_lines: list[bytes],
) -> None:
    """The counts topic begins where the judge has committed; its successor, without those counts, goes on exactly."""
    _, assembly = long_lived
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
    long_lived: tuple[Any, Assembly],
    judge_anew: Callable[[Assembly], None],
    produce: Callable[..., None],
    incident_lines: list[bytes],
    long_lived_config: Path,
) -> None:
    """With cut_counts = false the counts topic still begins at its beginning after the judge has committed."""
    driftline, _ = long_lived
    kept = assemble(
        load_settings(long_lived_config, {**driftline.environment, "DRIFTLINE_TOPICS__CUT_COUNTS": "false"})
    )
    ensure_topics(kept.settings)
    produce(kept.settings.topics.events, incident_lines[:500], partitions=PARTITIONS)
    counted(kept)
    judge_anew(kept)
    assert bounds(kept, kept.settings.topics.panes)[1] > 0
    assert bounds(kept, kept.settings.topics.counts)[0] == 0


def test_a_topic_that_would_lose_state_ends_the_start_with_the_command_that_mends_it(
    long_lived: tuple[Any, Assembly], admin: KafkaAdminClient
) -> None:
    """Panes that somebody created with a broker's defaults: exit code 2, one sentence; mended, it starts."""
    driftline, assembly = long_lived
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
