"""``driftline status``: what every monitor looks like now, and whether driftline itself is healthy."""

import time
from pathlib import Path
from typing import Annotated

import typer

EXAMPLE = "driftline status --config driftline.toml --json | jq '.monitors[].drifting'"


def status(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of tables.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 when driftline itself is not healthy.")
    ] = False,
) -> None:
    """Show what drifts, up to when windows are tested, and whether counters and judges keep up."""
    import orjson

    from consumers.cli.environment import settings_from
    from consumers.kafka_status import look
    from consumers.source import LogRefused, LogUnavailable
    from consumers.status import report

    settings = settings_from(config)
    try:
        seen = look(settings)
    except (LogUnavailable, LogRefused) as error:
        typer.echo(f"driftline: {', '.join(settings.kafka.bootstrap_servers)}: {error}", err=True)
        raise typer.Exit(1) from error
    told = report(settings.monitor.name, seen, time.time_ns() // 1_000_000)
    if as_json:
        typer.echo(orjson.dumps(told))
    else:
        from consumers.cli.baseline_tables import console_for
        from consumers.cli.status_text import status_text

        console_for(stderr=False).print(status_text(told))
    if exit_code and not told["healthy"]:
        raise typer.Exit(3)
