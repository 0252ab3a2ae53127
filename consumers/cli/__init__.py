"""The command line: the verbs, and how each way to end becomes an exit code.

0 done, 1 failed while running, 2 wrong usage, configuration or input (one message, never a traceback), 130 interrupted.
Verbs import what they need inside their functions, so that ``driftline --help`` is quick.
"""

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from consumers.cli import alerts, check, demo, describe, fit, importance, init, power, replay, run, status
from consumers.errors import SettingsError


class Verbs(TyperGroup):
    """The group of verbs; a reader that has seen enough (``| head``) ends one in silence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a closed standard output is no failure."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered would fail again when the interpreter closes standard output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except SystemExit as stop:
            # rich silences standard output by itself, and would end with 1.
            if isinstance(stop.__context__, BrokenPipeError):
                raise typer.Exit(0) from None
            raise


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Example: {fit.EXAMPLE}",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"driftline {version('driftline')}")
        raise typer.Exit


@app.callback()
def driftline(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Tell what moved in a model's inputs, where, by how much and since when."""


# A line per verb, in the order of use; the module has the function and its EXAMPLE.
app.command(epilog=f"\b\nExample: {fit.EXAMPLE}")(fit.fit)
app.command(epilog=f"\b\nExample: {importance.EXAMPLE}")(importance.importance)
app.command(epilog=f"\b\nExample: {describe.EXAMPLE}")(describe.describe)
app.command(epilog=f"\b\nExample: {init.EXAMPLE}")(init.init)
app.command(epilog=f"\b\nExample: {check.EXAMPLE}")(check.check)
app.command(epilog=f"\b\nExample: {run.EXAMPLE}")(run.run)
app.command(epilog=f"\b\nExample: {replay.EXAMPLE}")(replay.replay)
app.command(epilog=f"\b\nExample: {power.EXAMPLE}")(power.power)
app.command(epilog=f"\b\nExample: {alerts.EXAMPLE}")(alerts.alerts)
app.command(epilog=f"\b\nExample: {status.EXAMPLE}")(status.status)
app.command(epilog=f"\b\nExample: {demo.EXAMPLE}")(demo.demo)


def main() -> None:
    """Run the command line and exit the process."""
    from consumers.guard import IntruderError, check_packages

    try:
        check_packages()
        app()
    except IntruderError as error:
        # Before anything of ours is imported: it may be somebody else's.
        fail(str(error), 2)
    except errors_for_people() as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("DRIFTLINE_TRACEBACK") == "1":
            raise
        said = " ".join(str(error).split())
        fail(f"driftline: {type(error).__name__}: {said}; set DRIFTLINE_TRACEBACK=1 for the stack", 1)


def errors_for_people() -> tuple[type[Exception], ...]:
    """Return the errors whose message is all that a person needs; evaluated only when something was raised."""
    from baselines import BaselineError

    return (BaselineError, SettingsError)


def fail(message: str, code: int) -> None:
    """Say what went wrong on standard error and exit."""
    typer.echo(message, err=True)
    sys.exit(code)
