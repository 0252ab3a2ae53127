"""The stage of the examples: commands that fail are told, files replace a missing broker, hours come to their end."""

from pathlib import Path

import numpy as np
import pytest

from baselines import save
from baselines.fitting import fit
from consumers.demo import surroundings
from consumers.demo.stage import DemoFailed
from consumers.local_kafka import LocalKafkaUnavailable
from consumers.tap import Tap
from examples.hours import Hours
from examples.place import Open, Options, Place, performed, place, read_options

START_MS = 1_700_000_100_000
CONFIG = """
[monitor]
name = "ages"
[schedule]
every = "5m"
lateness = "1s"
[events]
timestamp = "ts"
features = "features"
[decision]
persist = "1 of 1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration beside no baseline: that is in the place's own folder."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "driftline.toml").write_text(CONFIG)
    return tmp_path / "config" / "driftline.toml"


def play_ages(here: Place, opened: Open, minutes: int, moved_at: int) -> Hours:
    """Serve 60 ages a minute, which rise from a minute on."""
    rng = np.random.default_rng(1)
    hours = Hours(START_MS, minutes, 1.0)
    tap = Tap(opened.outlet, features=["age"])

    def serve(minute: int) -> str | None:
        ages = rng.normal(50 if minute >= moved_at else 40, 5, (60, 1))
        tap.record(ages, times=hours.times_ms(minute, 60))
        return "ages rise" if minute == moved_at else None

    hours.play(opened, here.narrator, serve)
    assert tap.close(10)
    return hours


def fitted(folder: Path) -> None:
    """Write the baseline of the ages into the folder."""
    ages = np.random.default_rng(0).normal(40, 5, 2_000)
    (folder / "train.csv").write_text("age\n" + "".join(f"{age}\n" for age in ages))
    save(fit([folder / "train.csv"]), folder / "baseline.json")


def test_without_a_broker_the_tap_feeds_a_replay(config: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    """Where there is no Java the story says so, and the same events are judged and told."""

    def missing(*_: object) -> None:
        raise LocalKafkaUnavailable("`java` is not on PATH")

    monkeypatch.setattr(surroundings, "LocalKafka", missing)
    with place(Options(1.0, keep=tmp_path / "kept")) as here:
        fitted(here.folder)
        with here.opened(config) as opened:
            hours = play_ages(here, opened, 30, moved_at=15)
    assert [alert["type"] for alert in hours.alerts] == ["drift.opened"]
    assert hours.alerts[0]["window"]["start_ms"] == hours.time_ms(15)
    assert hours.first_told("age")["severity"] == "critical"
    assert hours.first_told("height") is None
    said = capsys.readouterr().out
    assert "No local Kafka (`java` is not on PATH)" in said
    assert "ages rise" in said
    assert "age moved up" in said


def test_the_configuration_names_the_broker_that_is_used(config: Path, tmp_path: Path) -> None:
    """A reader of the kept folder can go on with the configuration in it."""
    config.write_text(CONFIG + '[kafka]\nbootstrap_servers = ["localhost:9092"]\n')
    with place(Options(1.0, files=True, keep=tmp_path / "kept")) as here:
        fitted(here.folder)
        with here.opened(config) as opened:
            assert opened.settings.path == tmp_path / "kept" / "driftline.toml"
            assert opened.settings.kafka.bootstrap_servers == ("localhost:9092",)


def test_a_command_that_fails_ends_the_example(capsys) -> None:
    """Exit code 1, and what the command said; no traceback."""
    assert performed(Options(1.0, files=True), lambda here: here.driftline("fit", "none.csv", "--out", "b.json")) == 1
    said = capsys.readouterr()
    assert said.err.startswith("driftline fit: ")
    assert "none.csv" in said.err


def test_hours_that_never_end_are_ended(config: Path, tmp_path: Path, monkeypatch) -> None:
    """When driftline says nothing any more, the example says that instead of waiting for ever."""
    monkeypatch.setattr("examples.hours._FINISH_WITHIN_S", 0)
    with place(Options(1.0, files=True, keep=tmp_path / "kept")) as here:
        fitted(here.folder)
        with here.opened(config) as opened, pytest.raises(DemoFailed, match="did not come to the end"):
            Hours(START_MS, 5, 0.1).play(opened, here.narrator, lambda minute: None)


def test_options_are_those_of_the_demo() -> None:
    """A broker and files exclude each other, and a time that is none is refused."""
    assert read_options("", 45, ["--broker", "a:1", "--seconds", "5"]) == Options(5.0, broker="a:1")
    for wrong in (["--files", "--broker", "a:1"], ["--seconds", "0"]):
        with pytest.raises(SystemExit):
            read_options("", 45, wrong)
