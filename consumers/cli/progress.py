"""A progress bar for work that takes long, on a terminal and nowhere else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# Called with what is done, and with all there is to do; None while that is not known.
Show: TypeAlias = Callable[[int, int | None], None]
# Work that is over sooner needs no progress bar.
_PATIENCE_S = 1.0


@contextmanager
def progress_bar(console: Console, doing: str, unit: str) -> Iterator[Show]:
    """Show how far the work has come; ``doing`` and ``unit`` stand beside the bar."""
    columns = (TextColumn(doing), BarColumn(), TextColumn("{task.completed:,} " + unit), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(doing, total=None)
    started = time.monotonic()

    def show(done: int, total: int | None) -> None:
        bar.update(task, completed=done, total=total)
        if time.monotonic() - started > _PATIENCE_S:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()
