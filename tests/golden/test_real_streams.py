"""Replay of real streams with the default decisions: what must be found is found, and nothing else."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from consumers.cli import app

RealMonitor = Callable[..., Path]
# The made-up clock of the sets without one: events are a second apart from here.
START_MS = 1_700_000_000_000
DAY_MS, LATENESS_MS = 86_400_000, 30_000


@dataclass(frozen=True)
class Replayed:
    """What one replay wrote."""

    events: list[dict[str, Any]]
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def replay(data_dir: Path, real_monitor: RealMonitor) -> Callable[..., Replayed]:
    """Return a function that replays a set with `driftline replay`."""

    def run(name: str, **schedule: str) -> Replayed:
        config = real_monitor(name, **schedule)
        summary = config.with_name("summary.json")
        stream = data_dir / name / "stream.jsonl.gz"
        result = CliRunner().invoke(
            app, ["replay", "--config", str(config), str(stream), "--summary", str(summary)], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return Replayed([json.loads(line) for line in result.stdout.splitlines()], json.loads(summary.read_text()))

    return run


@pytest.fixture(scope="module")
def abrupt(replay: Callable[..., Replayed]) -> Replayed:
    """Return what the set with exact changes gave."""
    return replay("abrupt_insects")


def ended_at(event: dict[str, Any]) -> int:
    """Return the number of the event at which an event's window ends."""
    end_ms: int = event["window"]["end_ms"]
    return (end_ms - START_MS) // 1000


def assert_balanced(summary: dict[str, Any], events: int) -> None:
    """Assert that every event read is in exactly one entry of the ledger."""
    ledger = summary["ledger"]
    fates = [ledger[fate] for fate in ("counted", "late", "ahead", "foreign")]
    assert ledger["read"] == events == sum(fates) + sum(ledger["rejected"].values())


def test_abrupt_insects_opens_soon_after_the_change_and_resolves_soon_after_the_recovery(
    abrupt: Replayed,
) -> None:
    """The change at event 888 opens by 1200, the recovery at 2663 resolves by 3200: one incident, and no other."""
    ends = [event for event in abrupt.events if event["type"] != "drift.changed"]
    assert [event["type"] for event in ends] == ["drift.opened", "drift.resolved"]
    assert len({event["incident"] for event in abrupt.events}) == 1
    assert 888 < ended_at(ends[0]) <= 1200
    assert 2663 < ended_at(ends[1]) <= 3200
    assert abrupt.events[0] == ends[0]
    assert abrupt.events[-1] == ends[1]
    assert_balanced(abrupt.summary, 4438)


def test_abrupt_insects_blames_the_features_that_were_permuted(abrupt: Replayed, data_dir: Path) -> None:
    """Every feature that the opened event names is one whose distribution the change moved."""
    truth = json.loads((data_dir / "abrupt_insects" / "truth.json").read_text())
    opened = abrupt.events[0]
    named = {feature["name"] for feature in opened["features"]}
    assert named
    assert not named & set(truth["stable_features"])


@pytest.mark.parametrize("name", ["abrupt_insects__null", "bike_sharing__null", "nyc_weather__null"])
def test_null_sets_stay_silent(replay: Callable[..., Replayed], name: str, data_dir: Path) -> None:
    """Reference and stream of one shuffled pool: no event of any type, and every whole window tested."""
    told = replay(name)
    assert told.events == []
    truth = json.loads((data_dir / name / "truth.json").read_text())
    assert_balanced(told.summary, truth["n_stream"])
    # The last window waits for events that never come; the first has no data behind its beginning.
    assert told.summary["windows"]["tested"] == truth["n_stream"] // 100 - 1


@pytest.mark.parametrize(
    ("name", "every", "window", "tested"),
    [("bike_sharing", "1w", "1w", True), ("nyc_weather", "1d", "7d", True), ("nyc_weather", "1d", "1d", False)],
)
def test_real_clocks_run_to_the_end(
    replay: Callable[..., Replayed], name: str, every: str, window: str, tested: bool, data_dir: Path
) -> None:
    """A year by the week and by the day: every event accounted for, a tick at every boundary that was passed.

    Three stations give some 70 rows a day, fewer than ``min_samples``: a window of one day is never tested, and that
    is said once.
    """
    told = replay(name, every=every, window=window)
    lines = gzip.decompress((data_dir / name / "stream.jsonl.gz").read_bytes()).splitlines()
    times = [json.loads(line)["ts"] for line in lines]
    assert_balanced(told.summary, len(times))
    assert told.summary["ledger"]["counted"] == len(times)
    assert told.summary["events"] == dict(Counter(event["type"] for event in told.events))
    # Weeks begin on Monday; the first day of 1970 was a Thursday.
    unit = (lambda ms: (ms // DAY_MS + 3) // 7) if every == "1w" else (lambda ms: ms // DAY_MS)
    assert sum(told.summary["windows"].values()) == unit(max(times) - LATENESS_MS) - unit(min(times))
    assert ("tested" in told.summary["windows"]) == tested
    if not tested:
        assert told.summary["events"] == {"monitor.health": 1}
