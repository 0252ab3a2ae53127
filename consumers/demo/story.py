"""The story on the screen: a live picture at the bottom of a terminal, what happens above it; plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from consumers.demo import words
from consumers.demo.narrator import Narrator
from consumers.demo.picture import Picture
from consumers.demo.progress import Progress
from consumers.demo.traffic import CHANGE_MS, HOUR_MS, RETURN_MS, Day
from consumers.demo.verdict import Verdict
from stream.schedule import DAY_MS

# How often a reader of plain lines hears that all is well.
_PLAIN_EVERY_MS = 3 * HOUR_MS


class Story(Narrator):
    """Tells the day as it goes; ``live`` is the picture, while there is one."""

    def __init__(self, console: Console, day: Day) -> None:
        super().__init__(console)
        self._picture = Picture(day)
        self._live: Live | None = None
        self._changes = [(CHANGE_MS, words.CHANGED), (RETURN_MS, words.RETURNED)]
        self._shown_ms = 0

    @contextmanager
    def day(self) -> Iterator[None]:
        """Show the live picture for as long as the block lasts, where there is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield
        self._live = None

    def traffic(self, time_ms: int) -> None:
        """Tell what has happened to the traffic by now, once."""
        while self._changes and self._changes[0][0] <= time_ms:
            moment_ms, sentence = self._changes.pop(0)
            self._console.print(Text(f"{words.clock(moment_ms)}  {sentence}", "bold yellow"))

    def show(self, progress: Progress) -> None:
        """Bring the picture up to date, or say how things stand every few hours of the day."""
        if self._live is not None:
            self._live.update(self._panel(progress), refresh=True)
        elif progress.time_ms // _PLAIN_EVERY_MS > self._shown_ms // _PLAIN_EVERY_MS:
            self.say(f"{words.clock(progress.time_ms)}  {words.ledger(progress)}; {words.state(progress)}")
        self._shown_ms = progress.time_ms

    def end(self, outcome: Verdict, progress: Progress, features: int) -> None:
        """Print what happened."""
        self.chapter("What happened", list(words.summary(outcome, progress, features)))

    def farewell(self) -> None:
        """Print how to go on."""
        self.chapter("On your own topic", list(words.own_topic()))

    def _panel(self, progress: Progress) -> Panel:
        bar = Table.grid(padding=(0, 2))
        colour = "bold red" if progress.drifting else "green"
        bar.add_row(
            Text(words.clock(progress.time_ms), "bold"),
            ProgressBar(total=DAY_MS, completed=progress.time_ms, width=30),
            Text(words.state(progress), colour),
        )
        rows: list[RenderableType] = [bar, Text(words.ledger(progress)), *self._picture.rows(progress)]
        return Panel(Group(*rows), title="one day of house-price requests", title_align="left", box=box.ROUNDED)
