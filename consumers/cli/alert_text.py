"""A drift event as people read it in a terminal."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLOURS = {"critical": "bold red", "warning": "yellow", "info": "green"}
_MOST_FEATURES = 8


def alert_text(event: dict[str, Any]) -> "RenderableType":
    """Return the event as a heading, its sentence, its features by impact, what faults they look like, what to do."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    colour = _COLOURS.get(event["severity"], "")
    heading = Text.assemble(
        (f"{_kind(event)} ", colour),
        (f"{event['severity']}  ", colour),
        (f"{event['monitor']}  window {event['window']['start']} to {event['window']['end']}, ", "dim"),
        (f"{event['window']['n']} events", "dim"),
    )
    parts: list[RenderableType] = [heading, Text(event["summary"])]
    if event["features"] and event["type"] != "drift.resolved":
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("feature", "impact", "check", "effect", "floor", "p"):
            table.add_column(column, justify="left" if column in ("feature", "check") else "right")
        for feature in event["features"][:_MOST_FEATURES]:
            check = feature["checks"][0]
            table.add_row(
                Text(feature["name"], _COLOURS.get(feature["severity"], "")),
                f"{feature['impact']:.2f}",
                check["check"],
                f"{check['effect']:.3g}",
                f"{check['threshold']:.3g}",
                f"{check['p_value']:.1g}",
            )
        parts.append(table)
        # The first one's stands in the summary already.
        others = [feature for feature in event["features"][1:_MOST_FEATURES] if "pattern" in feature]
        parts.extend(Text(f"{feature['pattern']['sentence']}.") for feature in others)
    if event["advice"]:
        parts.append(Text(event["advice"], "italic"))
    return Group(*parts)


def _kind(event: dict[str, Any]) -> str:
    """Return the event's type; of the monitor's own state also which, and whether it begins or ends."""
    return " ".join(event[key] for key in ("type", "reason", "state") if key in event)
