"""The demo's story: what is shown follows what driftline said, and the verdict believes nothing else."""

import io
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from consumers.demo import demo as demo_module
from consumers.demo import surroundings, words
from consumers.demo.demo import DemoOptions, run_demo
from consumers.demo.progress import EVERY_MS, WINDOWS, Progress
from consumers.demo.stage import DemoFailed, Seen
from consumers.demo.story import Story
from consumers.demo.traffic import CHANGE_MS, HOUR_MS, RETURN_MS, SHIFTED, simulated_day
from consumers.demo.verdict import verdict
from consumers.errors import SettingsError
from consumers.local_kafka import LocalKafkaUnavailable
from stream.schedule import DAY_MS

MIDNIGHT_MS = 1_767_225_600_000


def alert(kind: str, end_ms: int, names: tuple[str, ...] = SHIFTED) -> dict:
    """Return as much of a drift event as the verdict looks at."""
    return {"type": kind, "window": {"end_ms": MIDNIGHT_MS + end_ms}, "features": [{"name": name} for name in names]}


def status(end_ms: int, *drifting: str, counted: int = 0) -> dict:
    """Return as much of a status as the picture looks at."""
    ledger = {"read": counted, "counted": counted, "late": 0, "rejected": {}}
    return {"window": {"end_ms": MIDNIGHT_MS + end_ms}, "drifting": list(drifting), "ledger": ledger}


OPENED, RESOLVED = alert("drift.opened", 10 * HOUR_MS), alert("drift.resolved", 18 * HOUR_MS)


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """Return the folder that temporary folders are made in."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_story_as_told_has_no_complaints():
    """Opened an hour after the change and resolved an hour after the return: both are told in minutes."""
    outcome = verdict([OPENED, alert("drift.changed", 12 * HOUR_MS), RESOLVED], MIDNIGHT_MS)
    assert (outcome.found_after_min, outcome.resolved_after_min, outcome.complaints) == (60, 60, ())


@pytest.mark.parametrize(
    ("alerts", "complaint"),
    [
        ([], "never opened"),
        ([OPENED], "never resolved"),
        ([alert("drift.opened", CHANGE_MS), RESOLVED], "before anything had changed"),
        ([OPENED, alert("drift.resolved", RETURN_MS)], "before the traffic had come back"),
        ([OPENED, RESOLVED, OPENED], "2 times"),
        ([alert("drift.opened", 10 * HOUR_MS, ("user_age",)), RESOLVED], "does not name device_type"),
        ([OPENED, alert("drift.changed", 12 * HOUR_MS, (*SHIFTED, "rooms")), RESOLVED], "rooms did not change"),
        ([OPENED, RESOLVED, alert("monitor.health", 19 * HOUR_MS, ())], "trouble"),
    ],
)
def test_another_story_is_not_believed(alerts, complaint):
    """Each way for the day to go otherwise has its sentence."""
    assert any(complaint in sentence for sentence in verdict(alerts, MIDNIGHT_MS).complaints)


def test_windows_that_were_passed_over_are_filled_in():
    """A driftline that catches up tells its latest window; those between take its state, none is counted twice."""
    progress = Progress(MIDNIGHT_MS)
    progress.take(Seen([status(EVERY_MS), status(3 * EVERY_MS, "user_age")]))
    assert progress.drift_seen == [False, True, True]
    assert progress.drifting == ("user_age",)
    progress.take(Seen([status(DAY_MS)]))
    assert progress.drift_seen == [False, True, True] + [False] * (WINDOWS - 3)
    assert progress.over


def test_a_terminal_of_eighty_columns_holds_the_picture():
    """The live picture shows clock, ledger, state and a mark per window, and no line is wider than the terminal."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24, color_system=None, legacy_windows=False)
    story, progress = Story(console, simulated_day(4)), Progress(MIDNIGHT_MS, time_ms=12 * HOUR_MS, sent=19_000)
    progress.take(Seen([status(10 * HOUR_MS, counted=17_000), status(11 * HOUR_MS, *SHIFTED, counted=18_000)]))
    with story.day():
        story.show(progress)
    shown = out.getvalue()
    assert "12:00" in shown
    assert "19,000 sent, 18,000 counted" in shown
    assert "drift: user_age, device_type" in shown
    assert "·" * 20 + "■" * 2 in shown
    assert "▃" * 2 in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith("│")) == 80


def test_a_change_of_the_traffic_is_told_once_and_in_time():
    """Nothing is told before its moment; a late look tells what it missed, in order; no look tells it again."""
    out = io.StringIO()
    story = Story(Console(file=out, width=100), simulated_day(4))
    story.traffic(CHANGE_MS - 1)
    assert out.getvalue() == ""
    story.traffic(RETURN_MS)
    story.traffic(DAY_MS)
    assert [line[:5] for line in out.getvalue().splitlines()] == ["09:00", "17:00"]


def test_the_ledger_is_told_in_full():
    """Events that were rejected for whatever reason are added up."""
    progress = Progress(0, sent=10, ledger={"counted": 5, "late": 2, "rejected": {"not_json": 1, "too_large": 2}})
    assert words.ledger(progress) == "10 sent, 5 counted, 2 late, 3 rejected"


def test_over_files_the_day_goes_as_told(temporary, capsys):
    """The whole demo without a broker: opened and resolved on the minute, every event counted, no folder left."""
    assert run_demo(DemoOptions(seconds=2, files=True))
    told = capsys.readouterr().out
    assert "10:00  found, 60 minutes later" in told
    assert "18:00  resolved, 60 minutes later" in told
    assert "60,004 sent, 60,004 counted, 0 late, 0 rejected." in told
    assert told.count("drift.opened critical") == told.count("drift.resolved info") == 1
    assert "\x1b" not in told
    assert list(temporary.iterdir()) == []


def test_without_java_the_demo_goes_on_over_files(temporary, monkeypatch, capsys):
    """A local Kafka that cannot be had is told in one sentence, and the same story follows."""

    def missing() -> None:
        raise LocalKafkaUnavailable("`java` is not on PATH: a local Kafka needs a Java runtime\nand more")

    monkeypatch.setattr(surroundings, "LocalKafka", missing)
    assert run_demo(DemoOptions(seconds=1))
    told = capsys.readouterr().out
    assert "No local Kafka (`java` is not on PATH: a local Kafka needs a Java runtime): " in told
    assert "and more" not in told
    assert "10:00  found" in told


def test_what_is_kept_can_be_replayed(tmp_path, capsys):
    """With --keep the folder holds configuration, baseline, training data and every event."""
    kept = tmp_path / "kept"
    assert run_demo(DemoOptions(seconds=1, files=True, keep=kept))
    assert {path.name for path in kept.iterdir()} == {"driftline.toml", "baseline.json", "train.csv", "events.jsonl"}
    assert len((kept / "events.jsonl").read_bytes().splitlines()) == 60_004
    assert f"driftline replay --config {kept}/driftline.toml {kept}/events.jsonl" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_folder_that_is_in_use_is_refused(tmp_path):
    """The demo writes over nobody's files."""
    (tmp_path / "driftline.toml").write_text("mine")
    with pytest.raises(SettingsError, match="is not empty"):
        run_demo(DemoOptions(seconds=1, files=True, keep=tmp_path))
    assert (tmp_path / "driftline.toml").read_text() == "mine"


def test_an_interrupted_demo_leaves_no_folder(temporary, monkeypatch):
    """Ctrl-C in the middle of the day ends the demo and takes its folder along."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_module, "_look", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_demo(DemoOptions(seconds=1, files=True))
    assert list(temporary.iterdir()) == []


def test_a_driftline_that_stays_behind_is_no_endless_demo(temporary, monkeypatch):
    """When the day's last window is not tested in time, the demo ends with a sentence."""
    monkeypatch.setattr(demo_module, "_FINISH_WITHIN_S", 0)
    monkeypatch.setattr(Progress, "take", lambda *_: None)
    with pytest.raises(DemoFailed, match="did not come to the end of the day"):
        run_demo(DemoOptions(seconds=0.5, files=True))


def test_a_story_that_goes_otherwise_is_told_and_false(temporary, monkeypatch, capsys):
    """When nothing changes, nothing opens: the demo says so instead of praising itself."""
    monkeypatch.setattr("consumers.demo.traffic.EXTRA_YEARS", 0)
    monkeypatch.setattr("consumers.demo.traffic.CHANGED_MOBILE_SHARE", 0.6)
    assert not run_demo(DemoOptions(seconds=1, files=True))
    assert "did not go as told: drift was never opened; drift was never resolved" in capsys.readouterr().out
