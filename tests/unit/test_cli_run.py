"""`driftline run` before there is a broker to talk to: what is refused, and how it is said."""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner, Result

import consumers.kafka_crew
import consumers.topics
from consumers.cli import app
from consumers.errors import SettingsError
from consumers.source import LogRefused, LogUnavailable


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Listen on no port, and put back what the verb changes in its process: signals, and how much is logged."""
    monkeypatch.setenv("DRIFTLINE_TELEMETRY__LISTEN", "")
    numbers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    levels = {name: logging.getLogger(name).level for name in ("kafka", "driftline")}
    yield
    for number, action in numbers.items():
        signal.signal(number, action)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def config(stage_assembly: Callable[..., Any]) -> Path:
    """Return a configuration file."""
    path: Path = stage_assembly().settings.path
    return path


def run(config: Path, *arguments: str) -> Result:
    """Run the verb in this process."""
    return CliRunner().invoke(app, ["run", "--config", str(config), *arguments])


def failing(error: Exception) -> Callable[..., NoReturn]:
    """Return what raises instead of looking at topics."""

    def raising(*_arguments: object) -> NoReturn:
        raise error

    return raising


def test_a_log_that_is_not_there_ends_the_start(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 with one line: where it was looked for, what happened, which key to look at."""
    monkeypatch.setattr(consumers.topics, "ensure_topics", failing(LogUnavailable("nobody answers")))
    result = run(config)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("driftline: localhost:9092: nobody answers; start the broker")
    assert "kafka.bootstrap_servers" in line


def test_a_log_that_refuses_ends_the_start(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1, with the refusal as it is: starting a broker would not help."""
    monkeypatch.setattr(consumers.topics, "ensure_topics", failing(LogRefused("no right to read")))
    result = run(config)
    assert (result.exit_code, result.stderr) == (1, "driftline: localhost:9092: no right to read\n")


def test_a_wrong_role_is_refused(config: Path) -> None:
    """Exit 2, and the roles there are."""
    result = run(config, "--role", "referee")
    assert result.exit_code == 2
    assert all(role in result.stderr for role in ("all", "counter", "judge", "joiner", "router"))


def test_a_missing_baseline_is_found_before_the_broker_is_asked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong on this side is said without waiting for another one."""
    monkeypatch.setattr(consumers.topics, "ensure_topics", failing(AssertionError("asked")))
    config.with_name("baseline.json").unlink()
    assert "baseline.json" in str(run(config).exception)


def test_a_missing_events_topic_is_for_people(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the configuration, not of the program."""
    monkeypatch.setattr(consumers.topics, "ensure_topics", failing(SettingsError("topics.events: not there")))
    assert isinstance(run(config).exception, SettingsError)


@pytest.mark.parametrize(("arguments", "level"), [((), logging.CRITICAL), (("--verbose",), logging.NOTSET)])
def test_the_clients_log_is_for_those_who_ask(
    config: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], level: int
) -> None:
    """The Kafka client warns of every ordinary step; people see that with --verbose only."""
    monkeypatch.setattr(consumers.topics, "ensure_topics", failing(LogRefused("stop here")))
    logging.getLogger("kafka").setLevel(logging.NOTSET)
    run(config, *arguments)
    assert logging.getLogger("kafka").level == level


def test_without_a_topic_of_events_there_is_nothing_for_a_counter(
    stage_assembly: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where taps count, `run` is a judge alone; a counter is refused with a line that says why."""
    config = stage_assembly().settings.path
    monkeypatch.setenv("DRIFTLINE_TOPICS__EVENTS", "")
    monkeypatch.setattr(consumers.topics, "ensure_topics", lambda settings: None)
    made: list[str] = []

    def new_loop(name: str, *_: object) -> NoReturn:
        made.append(name)
        raise LogUnavailable("nobody answers")

    monkeypatch.setattr(consumers.kafka_crew, "new_loop", new_loop)
    result = run(config, "--role", "counter")
    assert isinstance(result.exception, SettingsError)
    assert 'topics.events is ""' in str(result.exception)
    assert run(config, "--burst").exit_code == 1
    assert made == ["judge"]


def test_a_router_without_routes_is_for_people(config: Path) -> None:
    """Nobody to deliver to is a mistake, not a process that does nothing."""
    result = run(config, "--role", "router")
    assert isinstance(result.exception, SettingsError)
    assert "write for example [routes.team]" in str(result.exception)


def test_a_joiner_without_labels_is_refused(config: Path) -> None:
    """There is nothing to join; the message names the file and the table."""
    error = run(config, "--role", "joiner").exception
    assert isinstance(error, SettingsError)
    assert str(config) in str(error)
    assert "there is no [labels]" in str(error)


def test_a_signal_in_the_middle_of_an_import_ends_the_process_well() -> None:
    """Libraries catch what is raised while they are imported, or fail with something else: nothing is raised."""
    script = """
import os, signal
from consumers.cli.run import _stop_starting
signal.signal(signal.SIGTERM, _stop_starting)
try:
    os.kill(os.getpid(), signal.SIGTERM)
except BaseException:
    print("caught")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
