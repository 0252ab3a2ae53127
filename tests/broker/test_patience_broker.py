"""A partition that gives nothing, on a real broker: windows that wait for it say so, and patience ends the waiting."""

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import TopicPartition

from baselines import save
from baselines.fitting import fit
from consumers.assembly import Assembly, assemble
from consumers.kafka_loops import new_counter, new_judge
from consumers.kafka_status import look
from consumers.settings import load_settings
from consumers.topics import ensure_topics
from tests.torture.recount import recount
from tests.torture.traffic import PARTITIONS
from tests.torture.verdict import plain

WITHIN_S, PANE = 40, 120


@pytest.fixture
def assembly(
    make_topic: Callable[..., str], command_line: Callable[..., Any], tmp_path: Path, incident_lines: list[bytes]
) -> Assembly:
    """Return the parts of a monitor that says after a second that windows wait, and then tests them."""
    rows = [json.loads(line)["features"] for line in incident_lines[: 3 * PANE]]
    (tmp_path / "training.csv").write_text("age,device\n" + "".join(f"{row['age']},{row['device']}\n" for row in rows))
    save(fit([tmp_path / "training.csv"]), tmp_path / "baseline.json")
    waits = 'stalled_after = "1s"\npatience = "1s"\nlateness = "1s"\nidle = "12h"\nmin_samples = 40'
    lines = ('[monitor]\nname = "m"', f'[schedule]\nevery = "10s"\n{waits}')
    (tmp_path / "driftline.toml").write_text("\n".join([*lines, '[events]\ntimestamp = "ts"\nfeatures = "features"']))
    topic = make_topic("waited", partitions=PARTITIONS, retention_ms="-1")
    made = assemble(load_settings(tmp_path / "driftline.toml", command_line(tmp_path, topic).environment))
    ensure_topics(made.settings)
    return made


def until(reached: Callable[[], bool], *steps: Callable[[float], object]) -> None:
    """Step until something is so."""
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        assert time.monotonic() < deadline
        for step in steps:
            step(0.2)


def test_a_stuck_partition_holds_back_windows_and_no_counting_until_patience_ends(
    assembly: Assembly,
    produce: Callable[..., None],
    committed: Callable[..., list[Any]],
    incident_lines: list[bytes],
) -> None:
    """Windows are tested early and say so; when the partition gives again, panes and ledger equal a recount."""
    topics, stuck = assembly.settings.topics, [TopicPartition(assembly.settings.topics.events, 1)]
    with contextlib.ExitStack() as ending:
        counter, judge = new_counter(assembly), new_judge(assembly)
        for loop in (counter, judge):
            ending.callback(loop.close)
        ends = counter.end_offsets()
        until(lambda: counter.caught_up(ends), counter.step, judge.step)
        # As if its leader were gone: the client asks for nothing of this partition, and knows that there is more.
        client = counter._source._source._consumer
        client.pause(*stuck)
        told: list[Any] = []
        for first in range(0, 9 * PANE, PANE):
            produce(topics.events, incident_lines[first : first + PANE], partitions=PARTITIONS)
            counter.step(0.5)
            told += judge.step(0.4)
        assert [(event.reason, event.state) for event in told if event.reason] == [("stalled", "begun")]
        drifted = [(event.type, event.window["coverage"]) for event in told if not event.reason]
        assert drifted[0] == ("drift.opened", 0.75)
        assert counter.ledger.counted == 9 * PANE * 3 // 4
        (waits,) = look(assembly.settings).waits
        assert list(waits["waiting"]) == ["stalled"]
        client.resume(*stuck)
        ends = counter.end_offsets()
        until(lambda: counter.caught_up(ends), counter.step)
        # A topic that is read committed may show its end only some time after the commit: the ledger says who has all.
        until(lambda: [book.ledger.read for book in judge.books.values()] == [counter.ledger.read], judge.step)
        judge.finish()
        (book,) = judge.books.values()
        wanted = recount(assembly, assembly.settings.kafka.bootstrap_servers)
        panes = {start: book.monitors.any.pane(start) for start in book.monitors.any.pane_starts()}
        assert {start: plain(pane) for start, pane in panes.items() if pane} == {
            start: plain(wanted.panes[start]) for start in panes
        }
        assert book.ledger.to_dict() == wanted.ledger.to_dict()
        assert (book.ledger.counted, book.ledger.late) == (9 * PANE, 0)
    assert look(assembly.settings).waits == ()
    events = [json.loads(record.value) for record in committed(topics.alerts)]
    assert len({event["id"] for event in events}) == len(events)
