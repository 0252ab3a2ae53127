"""``driftline replay --try``: other settings over the same history, in one pass, and a table to compare them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from consumers.backtest import Backtest, Course
from consumers.cli.baseline_tables import console_for, printable
from consumers.cli.fates import fates
from consumers.cli.outlets import Outlet
from consumers.settings import Settings
from consumers.streams import stream_batches
from consumers.variants import CONFIGURED, variants_of
from stream.drift_event import iso
from stream.words import percent

# Incidents listed for a variant, and features named in one.
_MOST_INCIDENTS, _MOST_FEATURES = 20, 4
_COLUMNS = ("windows", "fired", "changed", "resolved", "in incident", "first opened", "led by")
_LEFT = {"first opened", "led by"}


def backtest(settings: Settings, streams: list[Path], tries: list[str], out: Outlet, *, as_json: bool) -> bool:
    """Replay once for all variants and show what came of each; tell whether the configured settings found drift."""
    work = Backtest(variants_of(settings, tries, os.environ))
    for variant, tick in work.run(stream_batches(streams)):
        out.take(variant.assembly.identity(tick.segment), tick, variant.name)
    told = work.summary()
    out.close(told)
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        _print(console_for(stderr=False), work.courses)
    typer.echo(f"{fates(told['ledger'])}. {len(work.courses)} variants.", err=True)
    return work.courses[0].event_types["drift.opened"] > 0


def _print(console: Console, courses: list[Course]) -> None:
    console.print(_table(courses))
    for course in courses:
        for line in _timeline(course):
            console.print(line, soft_wrap=True)


def _table(courses: list[Course]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("variant", no_wrap=True)
    for heading in _COLUMNS:
        table.add_column(heading, justify="left" if heading in _LEFT else "right", no_wrap=heading != "led by")
    for course in courses:
        told = course.to_dict()
        table.add_row(printable(course.variant.name), *_numbers(told), _leading(told["leading"]))
    return table


def _numbers(told: dict[str, Any]) -> Iterator[str]:
    yield str(told["windows"].get("tested", 0))
    for change in ("opened", "changed", "resolved"):
        yield str(told["events"].get(f"drift.{change}", 0))
    yield percent(told["share_in_incident"])
    yield told["first_opened"] or "-"


def _leading(leading: dict[str, int]) -> str:
    named = [f"{printable(name)} {times}x" if times > 1 else printable(name) for name, times in leading.items()]
    return _listed(named)


def _timeline(course: Course) -> Iterator[str]:
    fired = len(course.episodes)
    times = {0: "never have fired", 1: "have fired once"}.get(fired, f"have fired {fired} times")
    said = f" ({course.variant.said})" if course.variant.name != CONFIGURED else ""
    yield f"{printable(course.variant.name)}{printable(said)}: would {times}"
    for one in course.episodes[:_MOST_INCIDENTS]:
        end = "open at the end" if one.resolved_ms is None else f"resolved {iso(one.resolved_ms)}"
        names = _listed([printable(name) for name in one.features])
        yield f"  opened {iso(one.opened_ms)} .. {end}, {one.severity}: {names}"
    if fired > _MOST_INCIDENTS:
        yield f"  and {fired - _MOST_INCIDENTS} more; --json has all of them"


def _listed(names: list[str]) -> str:
    """Return the first few names, and how many are left out.

    >>> _listed(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d and 2 more'
    """
    more = len(names) - _MOST_FEATURES
    return ", ".join(names[:_MOST_FEATURES]) + (f" and {more} more" if more > 0 else "")
