"""`driftline init`: what it refuses, and what it never does."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from consumers.cli import app
from consumers.errors import SettingsError
from consumers.settings import load_settings


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Return a file of good events."""
    path = tmp_path / "events.jsonl"
    lines = [
        json.dumps({"ts": 1_767_225_600 + i, "features": {"age": i % 37, "plan": "ab"[i % 2]}}) for i in range(300)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def init(*arguments: object) -> Any:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["init", *map(str, arguments)])


def message(result: Any) -> str:
    """Return the one message of an error that is meant for people."""
    assert isinstance(result.exception, SettingsError), result.output
    return str(result.exception)


def test_a_file_that_is_there_is_kept(sample: Path, tmp_path: Path) -> None:
    """Neither configuration nor baseline is replaced without --force."""
    config, baseline = tmp_path / "driftline.toml", tmp_path / "baseline.json"
    for kept in (config, baseline):
        kept.write_text("mine")
        assert "--force" in message(init(sample, "--out", config, "--fit"))
        assert kept.read_text() == "mine"
        kept.unlink()
    config.write_text("mine")
    assert init(sample, "--out", config, "--force").exit_code == 0
    assert load_settings(config, {}).events.features == "features"


def test_a_dash_prints_the_file_and_nothing_else(sample: Path, tmp_path: Path) -> None:
    """Standard output is the configuration; what was found is on standard error."""
    result = init(sample, "--out", "-")
    (tmp_path / "printed.toml").write_text(result.stdout)
    assert load_settings(tmp_path / "printed.toml", {}).events.timestamp == "ts"
    assert "300 of 300 can be read" in result.stderr
    assert "300 of 300" not in result.stdout


def test_addresses_come_from_the_option_or_the_environment(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option is stronger; a wrong address is told as the configuration would."""
    monkeypatch.setenv("DRIFTLINE_KAFKA__BOOTSTRAP_SERVERS", "one:9092")
    assert 'bootstrap_servers = ["one:9092"]' in init(sample, "--out", "-").stdout
    given = init(sample, "--out", "-", "--bootstrap-servers", "two:1,three:2").stdout
    assert 'bootstrap_servers = ["two:1", "three:2"]' in given
    assert "no host:port" in message(init(sample, "--out", "-", "--bootstrap-servers", "nowhere"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00\x93\n" * 20, "20 not_utf8"),
        (b"age,income\n1,2\n", "2 bad_json"),
        (b"[1, 2, 3]\n" * 5, "5 not_an_object"),
        (b'{"a": {}}\n' * 5, "no column makes a feature"),
    ],
)
def test_what_is_no_sample_is_told_with_the_reason(content: bytes, told: str, tmp_path: Path) -> None:
    """Empty files, garbage, other formats: one message that says why, and no file is written."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    assert told in message(init(path, "--out", tmp_path / "driftline.toml", "--fit"))
    assert not (tmp_path / "driftline.toml").exists()


def test_a_path_that_is_not_there_is_not_taken_for_a_topic(tmp_path: Path) -> None:
    """A file's name is told to be missing without a broker being asked."""
    assert "no such file" in message(init(tmp_path / "none.jsonl"))
    assert "no such file" in message(init("none.jsonl.gz"))


def test_a_baseline_of_something_else_is_told(sample: Path, tmp_path: Path) -> None:
    """Where no feature of the baseline is in the events, both sides are named."""
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps({"ts": 1_767_225_600 + i, "height": i % 50}) + "\n" for i in range(200)))
    init(other, "--out", tmp_path / "other.toml", "--fit")
    told = message(init(sample, "--out", "-", "--baseline", tmp_path / "baseline.json"))
    assert "height" in told
    assert "none of the baseline's features" in told


def test_half_of_a_sample_is_enough_and_the_rest_is_told(sample: Path, tmp_path: Path) -> None:
    """Mixed with garbage, the readable events decide, and how many are not is said."""
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_bytes(b"".join(line + b"\n\xff\xfe{\n" for line in sample.read_bytes().splitlines()))
    result = init(mixed, "--out", "-")
    assert "300 of 600 can be read; not: 300 not_utf8" in result.stderr
    assert 'features = "features"' in result.stdout


def test_fit_and_baseline_exclude_each_other(sample: Path, tmp_path: Path) -> None:
    """One of the two says what the baseline is."""
    assert "give one of the two" in message(init(sample, "--fit", "--baseline", tmp_path / "b.json"))
