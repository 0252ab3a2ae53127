"""One thing that was looked at, and what came of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from stream.durations import UNITS_MS

Level: TypeAlias = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Line:
    """``about`` names what was looked at (broker, topics, time, a feature), ``change`` says what to do."""

    level: Level
    about: str
    says: str
    change: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def has_problems(lines: Iterable[Line]) -> bool:
    """Tell whether one of the lines is a problem."""
    return any(line.level == "problem" for line in lines)


def percent(share: float) -> str:
    """Return a share as people read it; a small one is never 0 %, a large one never 100 %.

    >>> percent(0.5), percent(0.0001), percent(0.99999)
    ('50 %', '<0.1 %', '>99.9 %')
    """
    if 0 < share < 0.001:
        return "<0.1 %"
    if 0.999 < share < 1:
        return ">99.9 %"
    return f"{100 * share:.3g} %"


def length(duration_ms: float) -> str:
    """Return a length of time, roughly.

    >>> length(604_830_000), length(90_000), length(350)
    ('7 d', '90 s', '350 ms')
    """
    for unit in ("d", "h", "m", "s"):
        if duration_ms >= 2 * UNITS_MS[unit]:
            return f"{duration_ms / UNITS_MS[unit]:.0f} {unit if unit != 'm' else 'min'}"
    return f"{duration_ms:.0f} ms"


def amount(number: float) -> str:
    """Return a number of rows, roughly.

    >>> amount(1201.2), amount(0.997)
    ('1,201', '0.997')
    """
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
