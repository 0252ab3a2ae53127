"""Replay: the same arithmetic over batches, whatever their cut; what it says of windows that could not be tested."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from consumers.errors import SettingsError
from consumers.raw import RawBatch
from consumers.replay import Replay, check_streams, findings_of

START_MS, EVERY_MS = 1_700_000_000_000, 10_000


def batches(lines: Sequence[bytes], size: int) -> Iterator[RawBatch]:
    """Cut lines into batches of one file."""
    for start in range(0, len(lines), size):
        some = lines[start : start + size]
        yield RawBatch("file", 0, range(start, start + len(some)), some)


def events(replay: Replay, lines: Sequence[bytes], size: int) -> list[dict[str, Any]]:
    """Return the drift events of a replay."""
    return [event.to_dict() for tick in replay.run(batches(lines, size)) for event in tick.events]


def test_how_the_stream_is_cut_changes_nothing(stage_assembly: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """One batch, many batches, one event at a time: the same events and the same summary, byte for byte."""
    assembly = stage_assembly()
    told = []
    for size in (len(incident_lines), 97, 1):
        replay = Replay(assembly)
        told.append((json.dumps(events(replay, incident_lines, size)), json.dumps(replay.summary())))
    assert told[0] == told[1] == told[2]
    assert json.loads(told[0][1])["events"] == {"drift.opened": 1, "drift.resolved": 1}


def test_replay_and_the_loops_agree(stage: Callable[..., Any], incident_lines: list[bytes]) -> None:
    """Counter and judge over a log of two partitions publish what replay yields, all but the offsets."""
    made = stage()
    made.feed(incident_lines)
    made.drain(made.counter(), made.judge())
    replayed = events(Replay(made.assembly), incident_lines, 500)
    assert [{**e, "offsets": 0} for e in made.events()] == [{**e, "offsets": 0} for e in replayed]


def test_a_window_that_the_stream_began_within_is_named_and_not_tested(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Begun in the middle of a window: that window is incomplete, with the share of it that has data."""
    replay = Replay(stage_assembly(window="20s"))
    ticks = list(replay.run(batches(incident_lines[60:], 500)))
    assert [tick.status for tick in ticks[:3]] == ["incomplete", "incomplete", "tested"]
    first = replay.incomplete[0]
    assert (first["end_ms"], first["coverage"]) == (START_MS + EVERY_MS, pytest.approx(0.25))
    assert "began" in first["reason"]
    assert [len(list(findings_of(replay.assembly.identity(), tick))) for tick in ticks[:3]] == [0, 0, 6 + 5]


def test_too_few_events_are_insufficient_and_said_once(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Fewer than ``min_samples``: no findings, no drift, one health event when it begins."""
    replay = Replay(stage_assembly())
    told = events(replay, incident_lines[::3], 500)
    assert [(event["type"], event["reason"]) for event in told] == [("monitor.health", "insufficient")]
    assert replay.summary()["windows"] == {"insufficient": 11}


def test_findings_name_monitor_window_and_check(
    stage_assembly: Callable[..., Any], incident_lines: list[bytes]
) -> None:
    """Every line of the findings has the fields that people script against."""
    replay = Replay(stage_assembly())
    tick = next(replay.run(batches(incident_lines, 500)))
    line = next(findings_of(replay.assembly.identity(), tick))
    assert set(line) == {
        "monitor", "segment", "window_start_ms", "window_end_ms", "feature", "kind", "check", "comparator", "statistic",
        "effect", "threshold", "p_value", "p_method", "p_adjusted", "n", "n_reference", "bound", "drift",
        "design_effect",
    }  # fmt: skip
    assert (line["window_start_ms"], line["window_end_ms"]) == (START_MS, START_MS + EVERY_MS)


def test_the_summary_says_what_the_budget_is(stage_assembly: Callable[..., Any]) -> None:
    """An empty replay still says which monitor, which baseline and which level per tick."""
    assembly = stage_assembly()
    told = Replay(assembly).summary()
    assert (told["monitor"], told["baseline"]) == ("stage", assembly.baseline.fingerprint)
    assert told["tick_level"] == pytest.approx(EVERY_MS / (30 * 86_400_000))
    assert told["ledger"]["read"] == 0


def test_files_are_checked_before_anything_is_read(stage_assembly: Callable[..., Any], tmp_path: Path) -> None:
    """All missing files are named at once; a folder is no file."""
    settings = stage_assembly().settings
    with pytest.raises(SettingsError, match=r"a\.jsonl, .*b\.jsonl: no such file"):
        check_streams(settings, [tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    with pytest.raises(SettingsError, match="no such file"):
        check_streams(settings, [tmp_path])
