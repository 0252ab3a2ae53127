"""`driftline power`: what it asks for, what it tells, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from baselines import BaselineError
from consumers.cli import app
from consumers.errors import SettingsError


@pytest.fixture
def config(stage_assembly: Callable[..., Any]) -> Path:
    """Return a configuration of a monitor of age and device, every 10 s."""
    path: Path = stage_assembly().settings.path
    return path


def power(config: Path, *arguments: object) -> Result:
    """Run the verb in this process, with few draws."""
    few = () if "--draws" in arguments else ("--draws", "16")
    return CliRunner().invoke(app, ["power", "--config", str(config), *few, *map(str, arguments)])


def message(result: Result) -> str:
    """Return the one message of an error that is meant for people."""
    assert isinstance(result.exception, SettingsError | BaselineError), result.output
    return str(result.exception)


def test_the_table_says_what_is_caught_and_what_alarms(config: Path) -> None:
    """A row per feature and change, sizes in both units, the limit, and the budget; the same each time."""
    result = power(config, "--rows-per-window", 120, "--features", "age")
    assert result.exit_code == 0, result.output
    assert result.stdout == power(config, "--rows-per-window", 120, "--features", "age").stdout
    assert "120 rows in a window of 10s, 9 tests a tick" in result.stdout
    assert "caught with a probability of 80 %" in result.stdout
    rows = [line for line in result.stdout.splitlines() if "sample size" in line or "floor" in line]
    assert len(rows) == 3
    assert "mean shifts by" in rows[0]
    assert " sd (" in rows[0]
    assert "device" not in result.stdout
    assert "persist = 2 of 3 needs 2 windows at least." in result.stdout
    assert "False alarms: the budget allows 1 in 30 days." in result.stdout
    assert "In 200 simulated windows without a change 0 alarmed" in result.stdout


def test_json_has_every_size_with_its_unit(config: Path) -> None:
    """Features by importance; within one window nothing, as persistence asks for two."""
    config.write_text(config.read_text() + "[features.device]\nimportance = 0.9\n[features.age]\nimportance = 0.1\n")
    told = json.loads(power(config, "--rows-per-window", 200, "--json").stdout)
    assert (told["rows_per_window"], told["power"], told["persist"], told["tests_per_tick"]) == (200, 0.8, [2, 3], 9)
    device, age = told["features"]
    assert (device["name"], device["importance"], age["name"]) == ("device", 0.9, "age")
    assert [change["change"] for change in device["changes"]] == ["share", "new_category", "missing"]
    assert device["changes"][0]["category"] == "mobile"
    mean = age["changes"][0]
    assert (mean["change"], mean["unit"], mean["within_windows"]["1"]) == ("mean", "sd", None)
    assert 0.1 < mean["within_windows"]["10"] <= mean["within_windows"]["2"] < 2
    assert told["false_alarms"]["budget_per_30d"] == pytest.approx(1.0)


def test_rows_come_from_a_rate_or_from_recorded_events(
    config: Path, tmp_path: Path, incident_lines: list[bytes]
) -> None:
    """A window is 10 s: 72,000 events an hour are 200 rows; the recorded stream has 120 in each."""
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(b"\n".join(incident_lines))
    for given, rows in ((("--rate", 72_000), 200), ((stream,), 120)):
        told = json.loads(power(config, *given, "--json", "--features", "device").stdout)
        assert told["rows_per_window"] == rows


def test_plain_levels_have_no_budget(config: Path) -> None:
    """Under [decision.alpha] the table says that no budget holds, and simulation says what happens instead."""
    config.write_text(config.read_text() + 'correction = "none"\npersist = "1 of 1"\nalpha = {chi2 = 0.05}\n')
    told = json.loads(power(config, "--rows-per-window", 120, "--json", "--features", "device").stdout)
    assert told["false_alarms"]["budget_per_30d"] is None
    assert all(change["within_windows"]["1"] for change in told["features"][0]["changes"])
    text = power(config, "--rows-per-window", 120, "--features", "device").stdout
    assert "there is no budget beside levels under [decision.alpha]" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give one of --rows-per-window N, --rate EVENTS (an hour), or recorded events"),
        (("--rows-per-window", 200, "--rate", 5), "give one of --rows-per-window N"),
        (("--rows-per-window", 50), "schedule.min_samples is 100: a window of 50 rows would never be tested"),
        (("--rows-per-window", 200, "--features", "ages"), "--features ages: the baseline has no such feature; write"),
        (("nowhere.jsonl",), "nowhere.jsonl: no such file"),
    ],
)
def test_what_cannot_be_simulated_is_said(config: Path, arguments: tuple[object, ...], said: str) -> None:
    """The message says what is wrong and what to give instead."""
    assert said in message(power(config, *arguments))


def test_too_short_a_sample_is_said(config: Path, tmp_path: Path, incident_lines: list[bytes]) -> None:
    """Events that fill no window say nothing of the traffic."""
    stream = tmp_path / "stream.jsonl"
    stream.write_bytes(b"\n".join(incident_lines[:50]))
    assert "fill no window of 10s" in message(power(config, stream))


def test_comparators_without_the_baseline_are_refused(config: Path) -> None:
    """Power is simulated against the training data; other comparators alone leave nothing to simulate."""
    config.write_text(config.read_text() + 'comparators = ["previous"]\n')
    assert 'has no "baseline"' in message(power(config, "--rows-per-window", 200))
