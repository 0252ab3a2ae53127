"""`driftline init`: what it refuses, and what it never does."""

import json
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import consumers.kafka_reach
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


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a port where nothing listens; nobody waits for somebody to."""
    monkeypatch.setattr(consumers.kafka_reach, "_GRACE_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


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


def test_what_the_environment_says_of_broker_and_registry_is_carried_over_without_secrets(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The written file works where the secrets are; they are named, and their values stand nowhere."""
    (tmp_path / "secret").write_text("hush-from-file")
    given = {
        "KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA__SASL_PLAIN_USERNAME": "me",
        "KAFKA__SASL_PLAIN_PASSWORD_FILE": "secret",
        "SCHEMA_REGISTRY__USERNAME": "you",
        "SCHEMA_REGISTRY__PASSWORD": "hush",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"DRIFTLINE_{name}", value)
    config = tmp_path / "driftline.toml"
    result = init(sample, "--out", config, "--registry", "http://registry:8081")
    written = config.read_text()
    assert "hush" not in written + result.stderr
    found = tomllib.loads(written)
    assert found["kafka"]["security_protocol"] == "SASL_SSL"
    assert found["kafka"]["sasl_plain_username"] == "me"
    assert found["schema_registry"] == {"url": "http://registry:8081", "username": "you"}
    assert "DRIFTLINE_KAFKA__SASL_PLAIN_PASSWORD" in written
    assert load_settings(config, {}).schema_registry.url == "http://registry:8081"


def test_an_address_where_no_broker_is_is_told_with_the_option(closed_port: int) -> None:
    """Exit 1, one line: what is wrong there, and how another broker is named."""
    result = init("requests", "--bootstrap-servers", f"127.0.0.1:{closed_port}")
    assert result.exit_code == 1
    assert result.stderr == (
        f"driftline: 127.0.0.1:{closed_port}: nothing listens there; "
        "start the broker, or name another one: --bootstrap-servers HOST:PORT\n"
    )


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
