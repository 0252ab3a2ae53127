"""What is caught, as a table, and what stands behind it, as sentences."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from consumers.cli.baseline_tables import printable
from stream.words import number, percent

_WORDS = {
    "mean": "mean shifts by",
    "spread": "spread grows by",
    "new_category": "new categories",
    "missing": "more missing",
}


def power_text(told: dict[str, Any]) -> RenderableType:
    """Return the report for people."""
    return Group(*(Text(line) for line in _heading(told)), _table(told), *(Text(line) for line in _notes(told)))


def _heading(told: dict[str, Any]) -> Iterator[str]:
    needed, of = told["persist"]
    yield (
        f"{told['monitor']}: the smallest change of one feature that is caught with a probability of "
        f"{percent(told['power'])}"
    )
    yield (
        f"{told['rows_per_window']:,} rows in a window of {told['window']}, {told['tests_per_tick']} tests a tick at a "
        f"level of {number(told['tick_level'])} together, persist {needed} of {of}"
    )


def _table(told: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    horizons = _horizons(told)
    for heading in ("feature", "change"):
        table.add_column(heading, no_wrap=True)
    for windows in horizons:
        table.add_column(f"{windows} window{'s' if windows != '1' else ''}", justify="right", no_wrap=True)
    table.add_column("limited by", no_wrap=True)
    for feature in told["features"]:
        for row, change in enumerate(feature["changes"]):
            name = printable(feature["name"]) if row == 0 else ""
            cells = [_size(change, feature, change["within_windows"][windows]) for windows in horizons]
            table.add_row(name, printable(_change(change)), *cells, change["limit"] or "")
    return table


def _horizons(told: dict[str, Any]) -> list[str]:
    return next((list(change["within_windows"]) for one in told["features"] for change in one["changes"]), [])


def _change(change: dict[str, Any]) -> str:
    if change["change"] == "share":
        return f"more of {change['category']!r}"
    return _WORDS[change["change"]]


def _size(change: dict[str, Any], feature: dict[str, Any], size: float | None) -> str:
    if size is None:
        return "-"
    if change["change"] == "mean":
        return f"{size:.2g} sd ({size * feature['std']:.2g})"
    return percent(size)


def _notes(told: dict[str, Any]) -> Iterator[str]:
    alarms, needed = told["false_alarms"], told["persist"][0]
    if needed > 1:
        yield f"persist = {needed} of {told['persist'][1]} needs {needed} windows at least."
    if (budget := alarms["budget_per_30d"]) is not None:
        yield f"False alarms: the budget allows {number(budget)} in 30 days."
    else:
        yield "False alarms: there is no budget beside levels under [decision.alpha]."
    yield (
        f"In {alarms['simulated_windows']} simulated windows without a change {alarms['alarming']} alarmed and drift "
        f"opened {alarms['opened']} times (95 % limit: {percent(alarms['opened_share_at_most'])} of windows)."
    )
