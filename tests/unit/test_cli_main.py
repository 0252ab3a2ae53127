"""Each way for a verb to end has its exit code and its words."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

import consumers.cli
from baselines import BaselineError
from consumers.errors import SettingsError
from consumers.guard import IntruderError

# A verb that only the test has, in a process of its own: {body} is what it does.
VERB = """
import sys
from consumers.cli import app, main

@app.command()
def probe():
{body}

main()
"""


def driftline(*arguments: str, body: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command line, with a verb `probe` where a body is given."""
    program = ["-m", "consumers.cli"] if body is None else ["-c", VERB.format(body=body)]
    return subprocess.run(
        [sys.executable, *program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "TERM": "dumb", **environ},
    )


def ending(monkeypatch, capsys, error: BaseException) -> tuple[int | str | None, str, str]:
    """Return exit code, standard output and standard error of a run that raises this."""

    def verb() -> None:
        raise error

    monkeypatch.setattr(consumers.cli, "app", verb)
    monkeypatch.delenv("DRIFTLINE_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as caught:
        consumers.cli.main()
    return caught.value.code, *capsys.readouterr()


@pytest.mark.parametrize("kind", [SettingsError, BaselineError])
def test_a_persons_mistake_is_two_and_its_message(monkeypatch, capsys, kind):
    """The message as it is on standard error, nothing on standard output."""
    assert ending(monkeypatch, capsys, kind("f.toml: a.b: is wrong")) == (2, "", "f.toml: a.b: is wrong\n")


def test_a_foreign_package_under_our_names_is_two_and_named(monkeypatch, capsys):
    """The guard speaks first, before a verb that would fail in some stranger way."""

    def check_packages() -> None:
        raise IntruderError("stream is of another distribution")

    monkeypatch.setattr("consumers.guard.check_packages", check_packages)
    assert ending(monkeypatch, capsys, RuntimeError()) == (2, "", "stream is of another distribution\n")


def test_a_failure_of_ours_is_one_and_one_line(monkeypatch, capsys):
    """No stack, but the way to get it; a message of several lines becomes one."""
    code, out, err = ending(monkeypatch, capsys, RuntimeError("it broke\nbadly"))
    assert (code, out) == (1, "")
    assert err == "driftline: RuntimeError: it broke badly; set DRIFTLINE_TRACEBACK=1 for the stack\n"


def test_an_interrupt_is_130_and_silent(monkeypatch, capsys):
    """As the shell itself says for Ctrl-C."""
    assert ending(monkeypatch, capsys, KeyboardInterrupt()) == (130, "", "")


def test_an_interrupt_inside_a_verb_is_130():
    """Also where the command line library stands between."""
    done = driftline("probe", body="    raise KeyboardInterrupt")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_stack_is_there_when_asked_for():
    """DRIFTLINE_TRACEBACK=1 shows it, in plain text."""
    done = driftline("probe", body="    raise RuntimeError('broke')", DRIFTLINE_TRACEBACK="1")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):")
    assert done.stderr.endswith("RuntimeError: broke\n")


@pytest.mark.parametrize("lines", [1, 1000, 100_000])
@pytest.mark.parametrize("last", ["pass", "import typer; raise typer.Exit(3)"])
def test_a_reader_that_stops_is_no_failure(lines, last):
    """`driftline ... | head -1` ends in silence, in the middle of the output as at its end."""
    body = f"    print('line\\n' * {lines})\n    {last}"
    read, write = os.pipe()
    os.close(read)
    # Buffered, as standard output into a pipe is unless somebody says otherwise.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    arguments = [sys.executable, "-c", VERB.format(body=body), "probe"]
    done = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE, env=environ, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_stops_reading_a_table_is_no_failure():
    """The same for what rich prints, which meets the closed pipe first."""
    body = "    from rich.console import Console; Console().print('line')"
    read, write = os.pipe()
    os.close(read)
    arguments = [sys.executable, "-c", VERB.format(body=body), "probe"]
    done = subprocess.run(arguments, stdout=write, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("arguments", [["nosuchverb"], ["--nosuchoption"], []])
def test_wrong_usage_is_two_and_keeps_standard_output_clean(arguments):
    """An unknown verb, an unknown option, or nothing at all."""
    done = driftline(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (arguments and done.stdout)


def test_version_is_the_distributions():
    """One line on standard output, and done."""
    done = driftline("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"driftline {version('driftline')}\n", "")


def test_help_imports_nothing_heavy():
    """Help is quick because the rooms of arithmetic and the Kafka client stay closed."""
    done = driftline("--help")
    assert done.returncode == 0
    listing = subprocess.run(
        [sys.executable, "-c", "import sys, consumers.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"numpy", "scipy", "kafka", "pydantic", "rich", "msgspec"} & set(listing.stdout.split())


def test_every_verb_explains_itself_with_an_example():
    """`driftline VERB --help` works for each verb that `driftline --help` lists, and shows how it is used."""
    for command in consumers.cli.app.registered_commands:
        name = command.name or command.callback.__name__
        done = CliRunner().invoke(consumers.cli.app, [name, "--help"])
        assert done.exit_code == 0, name
        assert f"Example: driftline {name}" in done.stdout
