"""``driftline alerts``: what drifts, as it is published; for people or for pipes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumers.settings import Settings

EXAMPLE = "driftline alerts --config driftline.toml --from-beginning --json | jq .summary"


def alerts(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as it stands on the topic.")] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Everything that is on the topic, then what comes.")
    ] = False,
    burst: Annotated[bool, typer.Option("--burst", help="Stop at the present end of the topic.")] = False,
    try_route: Annotated[
        str,
        typer.Option(metavar="NAME", help="Instead: send a made-up incident to [routes.NAME], and say how it went."),
    ] = "",
) -> None:
    """Follow the alerts topic; or try a route that alerts are delivered to."""
    from consumers.alerts import follow
    from consumers.cli.environment import settings_from
    from consumers.source import LogRefused, LogUnavailable

    settings = settings_from(config)
    if try_route:
        _try(settings, try_route)
        return
    try:
        waiting = None if burst else _say_waiting
        for value in follow(settings, from_beginning=from_beginning, burst=burst, waiting=waiting):
            if as_json:
                sys.stdout.buffer.write(value + b"\n")
                sys.stdout.buffer.flush()
            else:
                _show(value)
    except (LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {', '.join(settings.kafka.bootstrap_servers)}: {error}", err=True)
        raise typer.Exit(1) from error


def _say_waiting(sentence: str) -> None:
    typer.echo(f"driftline: {sentence}", err=True)


def _show(value: bytes) -> None:
    from rich.console import Console

    from consumers.alerts import NotAnEvent, read_event
    from consumers.cli.alert_text import alert_text

    try:
        event = read_event(value)
    except NotAnEvent as error:
        typer.echo(f"driftline: a record on the topic is passed over: {error}", err=True)
        return
    Console().print(alert_text(event.to_dict()), end="\n\n")


def _try(settings: "Settings", name: str) -> None:
    """Say of each event whether it was taken; end with 1 where one was not."""
    from consumers.errors import SettingsError
    from consumers.routes.trial import try_route

    if name not in settings.routes:
        known = ", ".join(settings.routes) or "none"
        raise SettingsError(f"{settings.path}: --try-route {name}: there is no such route; there is {known}")
    taken = True
    for event, answer in try_route(settings, name):
        typer.echo(f"{name}: {event.type}: {'delivered' if answer.delivered else answer.why}")
        taken = taken and answer.delivered
    if not taken:
        raise typer.Exit(1)
