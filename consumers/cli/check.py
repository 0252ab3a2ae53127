"""``driftline check``: what would go wrong in production, before it does."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumers.preflight.line import Line
    from consumers.settings import Settings

EXAMPLE = "driftline check --config driftline.toml"
_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "problem": ("PROBLEM", "bold red")}


def check(
    config: Annotated[Path, typer.Option(help="The configuration file.")] = Path("driftline.toml"),
    *,
    records: Annotated[int, typer.Option(min=1, max=100_000, help="Records of each topic to look at.")] = 1_000,
    sample: Annotated[
        Path | None, typer.Option(help="A file of events to look at instead of the topic; no broker is asked.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Try baseline, broker, rights, topics, live events and pace; change nothing. Exit 1 where something is wrong."""
    import orjson

    from consumers.cli.environment import settings_from
    from consumers.preflight.line import has_problems

    settings = settings_from(config)
    lines = []
    for line in _lines(settings, sample, records):
        lines.append(line)
        if not as_json:
            _show(line)
    bad = has_problems(lines)
    if as_json:
        told = {"monitor": settings.monitor.name, "ok": not bad, "checks": [line.to_dict() for line in lines]}
        typer.echo(orjson.dumps(told))
    else:
        count = sum(line.level == "problem" for line in lines)
        found = "1 problem" if count == 1 else f"{count} problems"
        typer.echo(found if bad else f"nothing is wrong; next: driftline run --config {config}", err=True)
    if bad:
        raise typer.Exit(1)


def _lines(settings: "Settings", sample: Path | None, records: int) -> "Iterator[Line]":
    from consumers.preflight.check import check_file, check_log

    now_ms = time.time_ns() // 1_000_000
    if sample is not None:
        from consumers.onboarding.sample import file_sample

        yield from check_file(settings, file_sample(sample, records), now_ms)
        return
    from consumers.onboarding.kafka_sample import topic_sample
    from consumers.preflight.kafka_broker import kafka_lines

    yield from check_log(
        settings, kafka_lines(settings), lambda topic: topic_sample(topic, settings.kafka, records), now_ms
    )


def _show(line: "Line") -> None:
    from rich.text import Text

    from consumers.cli.baseline_tables import console_for, printable

    word, style = _MARKS[line.level]
    text = (
        Text(f"{word:<8} ", style).append(f"{printable(line.about)}: ", "bold").append(printable(line.says), "default")
    )
    console = console_for(stderr=False)
    console.print(text, soft_wrap=True)
    if line.change:
        console.print(Text(f"         -> {printable(line.change)}"), soft_wrap=True)
