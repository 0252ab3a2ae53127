"""The real data sets, as somebody meets them who has never seen driftline: init, fit, check and replay, no edit."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from consumers.cli import app
from consumers.settings import load_settings

EVERY = {"abrupt_insects": "20m", "bike_sharing": "1w", "nyc_weather": "1w"}


def run(*arguments: object) -> Any:
    """Run a verb in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.mark.parametrize("name", EVERY)
def test_a_real_data_set_needs_no_edit_of_the_written_file(data_dir: Path, tmp_path: Path, name: str) -> None:
    """Every line is counted, the kinds are those of the data, and the command that init names fits the baseline."""
    stream, config = data_dir / name / "stream.jsonl.gz", tmp_path / "driftline.toml"
    result = run("init", stream, "--out", config)
    assert result.exit_code == 0, result.output
    assert load_settings(config, {}).every_ms == load_settings(config, {}).window_ms
    assert f'every = "{EVERY[name]}"' in config.read_text()
    (command,) = [line for line in result.stderr.splitlines() if line.startswith("next: driftline fit train.csv ")]
    arguments = command.partition("   #")[0].split()[3:]
    fitted = run("fit", data_dir / name / "reference.csv.gz", *arguments[1:])
    assert fitted.exit_code == 0, fitted.output
    kinds = {
        feature["name"]: feature["kind"] for feature in json.loads((tmp_path / "baseline.json").read_text())["features"]
    }
    assert kinds == json.loads((data_dir / name / "truth.json").read_text())["kinds"]
    checked = run("check", "--config", config, "--sample", stream)
    assert checked.exit_code == 0, checked.output
    summary = tmp_path / "summary.json"
    assert run("replay", stream, "--config", config, "--summary", summary).exit_code == 0
    ledger = json.loads(summary.read_text())["ledger"]
    assert ledger["read"] == ledger["counted"] > 0


def test_digits_that_are_codes_are_told_when_the_baseline_took_them_for_numbers(data_dir: Path, tmp_path: Path) -> None:
    """A csv fitted without --categorical: check names each such feature, and the option that mends it."""
    config, data = tmp_path / "driftline.toml", data_dir / "bike_sharing"
    run("init", data / "stream.jsonl.gz", "--out", config)
    run("fit", data / "reference.csv.gz", "--out", tmp_path / "baseline.json")
    checked = run("check", "--config", config, "--sample", data / "stream.jsonl.gz", "--json")
    assert checked.exit_code == 1
    wrong = {
        line["about"]: line["change"] for line in json.loads(checked.stdout)["checks"] if line["level"] == "problem"
    }
    kinds = json.loads((data / "truth.json").read_text())["kinds"]
    assert set(wrong) == {name for name, kind in kinds.items() if kind == "categorical"}
    assert all(f"--categorical {name}" in change for name, change in wrong.items())
