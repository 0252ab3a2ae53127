"""`driftline replay`: what goes where, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from baselines import BaselineError
from consumers.cli import app
from consumers.errors import SettingsError
from tests.conftest import event_lines


@pytest.fixture
def stream(tmp_path: Path, incident_lines: list[bytes]) -> Path:
    """Return a file with an incident in it, and two lines that are no events."""
    path = tmp_path / "stream.jsonl"
    path.write_bytes(b"\n".join([*incident_lines, b"{", b'{"ts": 1}']) + b"\n")
    return path


def replay(config: Path, *arguments: object) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["replay", "--config", str(config), *map(str, arguments)])


def message(result: Result) -> str:
    """Return the one message of an error that is meant for people."""
    assert isinstance(result.exception, SettingsError | BaselineError), result.output
    return str(result.exception)


def test_events_go_to_stdout_and_nothing_else_does(config: Path, stream: Path) -> None:
    """Every line of standard output is a drift event; the sentence for people is on standard error."""
    result = replay(config, stream)
    assert result.exit_code == 0
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == ["drift.opened", "drift.resolved"]
    assert "1442 events read, 1440 counted, 2 not (bad_json 1, no_features 1)" in result.stderr
    assert "Drift opened 1 times" in result.stderr


def test_files_take_what_is_asked_for(config: Path, stream: Path, tmp_path: Path) -> None:
    """With --events standard output is empty; findings have a line per window, feature and check."""
    events, findings, summary = (tmp_path / name for name in ("events", "findings", "summary"))
    result = replay(config, stream, "--events", events, "--findings", findings, "--summary", summary)
    assert (result.exit_code, result.stdout) == (0, "")
    assert events.read_text() == replay(config, stream).stdout
    told = [json.loads(line) for line in findings.read_text().splitlines()]
    tested = json.loads(summary.read_text())["windows"]["tested"]
    assert len(told) == tested * (6 + 5)
    assert {line["monitor"] for line in told} == {"stage"}
    assert any(line["drift"] for line in told)
    assert not all(line["drift"] for line in told)


def test_the_summary_balances_and_names_the_windows_that_were_not_tested(
    config: Path, stream: Path, tmp_path: Path
) -> None:
    """The ledger adds up, and the last window, which waits for later events, is named with how much of it came."""
    summary = tmp_path / "summary.json"
    replay(config, stream, "--summary", summary)
    told = json.loads(summary.read_text())
    ledger = told["ledger"]
    others = ledger["late"] + ledger["ahead"] + ledger["foreign"] + sum(ledger["rejected"].values())
    assert ledger["read"] == ledger["counted"] + others == 1442
    assert ledger["rejected"] == {"bad_json": 1, "no_features": 1}
    assert told["windows"] == {"tested": 11}
    (incomplete,) = told["incomplete_windows"]
    assert incomplete["n"] == 120
    assert 0 < incomplete["coverage"] < 1
    assert "ended" in incomplete["reason"]


def test_the_exit_code_tells_of_drift_only_when_asked(
    config: Path, stream: Path, tmp_path: Path, incident_lines: list[bytes]
) -> None:
    """--exit-code ends with 3 where drift opened and with 0 where it did not; without it, always 0."""
    calm = tmp_path / "calm.jsonl"
    calm.write_bytes(b"\n".join(incident_lines[:300]))
    assert replay(config, stream, "--exit-code").exit_code == 3
    assert replay(config, calm, "--exit-code").exit_code == 0
    assert replay(config, stream).exit_code == 0


def test_several_files_are_one_stream(config: Path, tmp_path: Path, incident_lines: list[bytes]) -> None:
    """Cut into two files in their order, the stream gives the same events; offsets then name both files."""
    for name, lines in (("1.jsonl", incident_lines[:500]), ("2.jsonl", incident_lines[500:])):
        (tmp_path / name).write_bytes(b"\n".join(lines))
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(b"\n".join(incident_lines))
    cut = [json.loads(line) for line in replay(config, tmp_path / "1.jsonl", tmp_path / "2.jsonl").stdout.splitlines()]
    one = [json.loads(line) for line in replay(config, whole).stdout.splitlines()]
    assert [event["offsets"] for event in cut] != [event["offsets"] for event in one]
    assert [{**event, "offsets": 0} for event in cut] == [{**event, "offsets": 0} for event in one]


def test_a_missing_stream_is_named(config: Path) -> None:
    """The message names the file, before anything is read."""
    assert message(replay(config, "nowhere.jsonl")).startswith("nowhere.jsonl: no such file")


def test_a_missing_configuration_is_named(stream: Path) -> None:
    """The message names the configuration file that is not there."""
    assert message(replay(Path("nowhere.toml"), stream)).startswith("nowhere.toml: ")


def test_a_missing_baseline_is_named(config: Path, stream: Path) -> None:
    """The message names the baseline's path."""
    config.with_name("baseline.json").unlink()
    assert "baseline.json" in message(replay(config, stream))


def test_a_missing_timestamp_path_is_named(config: Path, stream: Path) -> None:
    """Lines of a file have no record timestamp: the message names file, key and what to write."""
    config.write_text(config.read_text().replace('timestamp = "ts"\n', ""))
    told = message(replay(config, stream))
    assert told.startswith(f"{config}: events.timestamp is not set")
    assert 'timestamp = "ts"' in told


@pytest.mark.parametrize("option", ["--events", "--findings", "--summary"])
def test_a_place_that_cannot_be_written_is_named_before_the_work(config: Path, stream: Path, option: str) -> None:
    """Nothing is replayed for a result that has nowhere to go."""
    result = replay(config, stream, option, "nowhere/file")
    assert message(result).startswith("nowhere/file: cannot be written")
    assert result.stdout == ""


def test_a_damaged_file_is_named(config: Path, tmp_path: Path) -> None:
    """A file that is not what its ending says ends with its name and what is wrong."""
    damaged = tmp_path / "stream.jsonl.gz"
    damaged.write_bytes(b"this is not gzip")
    assert message(replay(config, damaged)).startswith(f"{damaged}: cannot be read")


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--exit-code",), 3), (("--summary", "nowhere/x"), 2)])
def test_the_process_ends_with_the_code_and_a_clean_pipe(
    config: Path, stream: Path, arguments: tuple[str, ...], code: int
) -> None:
    """As a process: the documented exit code, JSON alone on standard output, never a traceback."""
    command = [sys.executable, "-m", "consumers.cli", "replay", "--config", str(config), str(stream), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == code
    assert [json.loads(line)["monitor"] for line in done.stdout.splitlines()] == ["stage"] * (0 if code == 2 else 2)
    said = done.stderr.decode().splitlines()
    assert len(said) == (1 if code == 2 else 2)
    assert code == 2 or said[1].startswith("budget: unverified: the baseline does not know")


def test_segments_and_versions_are_watched_apart(config: Path, incident_lines: list[bytes], tmp_path: Path) -> None:
    """Drift in one country's new version is told of that one alone, and against the old version where asked for."""
    stream, lines = tmp_path / "stream.jsonl", []
    for moved, calm in zip(incident_lines, event_lines(12, moved=()), strict=True):
        told_apart = [(calm, "DE", "1"), (moved, "DE", "2"), (calm, "FR", "1"), (calm, "FR", "2")]
        lines += [{**json.loads(line), "country": name, "version": version} for line, name, version in told_apart]
    stream.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = config.read_text().replace("[events]\n", '[events]\nsegment = ["country"]\nmodel_version = "version"\n')
    for comparators in (["baseline"], ["1"]):
        config.write_text(text.replace("[decision]\n", f"[decision]\ncomparators = {json.dumps(comparators)}\n"))
        result = replay(config, stream)
        assert result.exit_code == 0, message(result)
        told = [json.loads(line) for line in result.stdout.splitlines()]
        assert (told[0]["type"], told[-1]["type"]) == ("drift.opened", "drift.resolved")
        assert {(event["segment"]["country"], event["model_version"]) for event in told} == {("DE", "2")}
        checks = [check for feature in told[0]["features"] for check in feature["checks"]]
        assert {check["comparator"] for check in checks} == set(comparators)
