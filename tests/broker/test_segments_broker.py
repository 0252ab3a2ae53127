"""Segments on a real broker: members that leave in the middle change nothing of what each segment publishes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import consumers.kafka_source
from baselines import save
from baselines.fitting import fit
from consumers.assembly import Assembly, assemble
from consumers.kafka_loops import new_judge
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.broker.lived import PARTITIONS, counted, judged
from tests.broker.test_run_equals_replay import without_offsets

COUNTRIES = ("AT", "DE", "FR")


def told_apart(lines: list[bytes]) -> list[bytes]:
    """Return the incident in AT, and calm in DE and FR; of max_segments = 2, the last shares its place with others."""
    calm = [line for line in lines if json.loads(line)["features"]["age"] < 48]
    found = []
    for number, line in enumerate(lines):
        event = json.loads(line)
        quiet = json.loads(calm[number % len(calm)])["features"]
        for country, features in zip(COUNTRIES, (event["features"], quiet, quiet), strict=True):
            found.append(json.dumps({**event, "features": features, "country": country}).encode())
    return found


@pytest.fixture
def lines(incident_lines: list[bytes]) -> list[bytes]:
    """Return the stream: one event of each country at a time."""
    return told_apart(incident_lines)


@pytest.fixture
def config(tmp_path: Path, incident_lines: list[bytes]) -> Path:
    """Return a configuration that watches the first two countries apart, and the rest together."""
    rows = [json.loads(line)["features"] for line in incident_lines[:360]]
    (tmp_path / "training.csv").write_text("age,device\n" + "".join(f"{row['age']},{row['device']}\n" for row in rows))
    save(fit([tmp_path / "training.csv"]), tmp_path / "baseline.json")
    parts = (
        '[monitor]\nname = "m"\n[schedule]\nevery = "10s"\nlateness = "1s"\nidle = "12h"',
        '[events]\ntimestamp = "ts"\nfeatures = "features"\nsegment = ["country"]\nmax_segments = 2',
    )
    (tmp_path / "driftline.toml").write_text("\n".join(parts))
    return tmp_path / "driftline.toml"


def judged_in_pieces(assembly: Assembly) -> int:
    """Judge with members that leave after a few steps, without the commit of what they have taken; return how many."""
    for members in range(1, 100):
        judge = new_judge(assembly)
        ends = judge.end_offsets()
        for _ in range(12):
            judge.step(0.1)
            if judge.caught_up(ends):
                judge.close()
                return members
        judge.close()
    raise AssertionError("no end")


def test_segments_judged_by_members_that_leave_publish_what_replay_writes(
    make_topic: Callable[..., str],
    produce: Callable[..., None],
    command_line: Callable[..., Any],
    committed: Callable[..., list[Any]],
    config: Path,
    lines: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two countries apart and the rest together: ids, segments and all, whoever counted and judged which part."""
    topic = make_topic("segments", partitions=PARTITIONS)
    driftline = command_line(config, topic)
    (config.parent / "stream.jsonl").write_bytes(b"\n".join(lines))
    replayed = driftline.run("replay", str(config.parent / "stream.jsonl")).stdout.splitlines()
    assembly = assemble(load_settings(config, driftline.environment))
    ensure_topics(assembly.settings)
    for first in range(0, len(lines), len(lines) // 4):
        produce(topic, lines[first : first + len(lines) // 4], partitions=PARTITIONS)
        counted(assembly)
    monkeypatch.setattr(consumers.kafka_source, "MOST_RECORDS", 3)
    assert judged_in_pieces(assembly) > 1
    judged(new_judge(assembly))
    published = [record.value for record in committed(f"{topic}.alerts")]
    assert without_offsets(published) == without_offsets(replayed)
    told = {(event["type"], event["segment"]["country"]) for event in map(json.loads, published)}
    assert {("drift.opened", "AT"), ("drift.resolved", "AT")} <= told
