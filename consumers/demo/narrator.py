"""What a story is told with: steps that take their time, sentences, drift events as people see them, chapters."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from consumers.cli.alert_text import alert_text
from consumers.demo.stage import Told

_WIDEST = 110
_PIPE_COLUMNS = 110
_TOOK_COLUMNS = 6
_COLOURS = {"drift.opened": "red", "drift.changed": "yellow", "drift.resolved": "green"}


def new_console() -> Console:
    """Return a console on standard output that prints names as they are."""
    console = Console(markup=False, highlight=False, emoji=False)
    console.width = min(console.width, _WIDEST) if console.is_terminal else _PIPE_COLUMNS
    return console


class Narrator:
    """Prints to a console: to a terminal with spinners and frames, to a pipe as plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, doing: str) -> Iterator[list[str]]:
        """Show that something is being done, then how long it took, what it was and what the block appended."""
        came_of: list[str] = []
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(doing, spinner="line"):
                yield came_of
        else:
            yield came_of
        # A grid: what takes more than a line goes on below its own beginning.
        line = Table.grid(padding=(0, 2))
        line.add_column()
        line.add_column(min_width=_TOOK_COLUMNS, justify="right")
        line.add_column()
        took = f"{time.monotonic() - started:.1f} s"
        line.add_row(Text("  done", "green"), Text(took, "dim"), Text(" ".join([doing, *came_of])))
        self._console.print(line)

    def say(self, sentence: str, style: str = "") -> None:
        """Print a sentence."""
        self._console.print(Text(sentence, style))

    def alert(self, event: Told, title: str) -> None:
        """Print a drift event as `driftline alerts` does, under a title."""
        colour = _COLOURS.get(event["type"], "yellow")
        if self._console.is_terminal:
            panel = Panel(alert_text(dict(event)), title=title, title_align="left", border_style=colour)
            self._console.print(panel)
        else:
            self._console.print(Group(Text(f"\n{title}"), alert_text(dict(event))))

    def chapter(self, title: str, lines: Sequence[str]) -> None:
        """Print lines under a heading."""
        self._console.print(Text(f"\n{title}", "bold"))
        for line in lines:
            self._console.print(Text(f"  {line}"))
