"""``driftline alerts``: what drifts, as it is published; for people or for pipes."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

EXAMPLE = "driftline alerts --config driftline.toml --from-beginning --json | jq .summary"


def alerts(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as it stands on the topic.")] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Everything that is on the topic, then what comes.")
    ] = False,
    burst: Annotated[bool, typer.Option("--burst", help="Stop at the present end of the topic.")] = False,
) -> None:
    """Follow the alerts topic."""
    import orjson

    from consumers.alerts import follow
    from consumers.cli.environment import settings_from
    from consumers.source import LogRefused, LogUnavailable

    settings = settings_from(config)
    try:
        for value in follow(settings, from_beginning=from_beginning, burst=burst):
            if as_json:
                sys.stdout.buffer.write(value + b"\n")
                sys.stdout.buffer.flush()
            else:
                _show(orjson.loads(value))
    except (LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {', '.join(settings.kafka.bootstrap_servers)}: {error}", err=True)
        raise typer.Exit(1) from error


def _show(event: dict[str, Any]) -> None:
    from rich.console import Console

    from consumers.cli.alert_text import alert_text

    Console().print(alert_text(event), end="\n\n")
