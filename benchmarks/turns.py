"""Measuring two things side by side, so that whatever else the machine does slows both."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

Task: TypeAlias = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: ``value`` is a ratio or a figure in ``unit``; ``goal`` is the most it may be.

    ``value`` None is a line that could not be measured here; ``note`` says why, or what stands behind the value.
    """

    name: str
    value: float | None
    goal: float
    unit: str = "x"
    note: str = ""

    @property
    def verdict(self) -> str:
        """Say whether the goal is met."""
        if self.value is None:
            return "skipped"
        return "met" if self.value <= self.goal else "falls short"


def cpu_seconds(tasks: Mapping[str, Task], turns: int) -> dict[str, list[float]]:
    """Return each task's CPU time, of all threads of this process, turn by turn after one turn that does not count."""
    spent: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(turns + 1):
        for name, task in tasks.items():
            began = time.process_time()
            task()
            if turn:
                spent[name].append(time.process_time() - began)
    return spent


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of the ratios of neighbouring turns."""
    return median(a / b for a, b in zip(above, below, strict=True))


def best_us(seconds: Sequence[float], events: int) -> float:
    """Return the quickest turn in microseconds per event."""
    return 1e6 * min(seconds) / events


def best_us_each(tasks: Mapping[str, Task], turns: int, events: int) -> dict[str, float]:
    """Return each task's quickest turn in microseconds of CPU time per event."""
    return {name: best_us(seconds, events) for name, seconds in cpu_seconds(tasks, turns).items()}
