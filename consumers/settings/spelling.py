"""Values that people write as text: durations, a false alarm budget, "2 of 3"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from stream.durations import UNITS_MS, format_duration

NAMED_MS = {"hourly": 3_600_000, "daily": 86_400_000, "weekly": 604_800_000}
LONGEST_MS = 3650 * UNITS_MS["d"]
_DURATION = re.compile(r"(\d{1,15})(ms|[smhdw])", re.ASCII)
_BUDGET = re.compile(r"(\d+(?:\.\d+)?) per (\S+)", re.ASCII)
_PERSIST = re.compile(r"(\d{1,2}) of (\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a value is written in the file: its name, an example, and the way back from value to text."""

    name: str
    example: str
    show: Callable[[Any], str]


def parse_duration_ms(text: object) -> int:
    """Return milliseconds.

    >>> parse_duration_ms("90s")
    90000

    Raises ValueError with what to write instead.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a whole number and a unit (ms, s, m, h, d, w); write for example "90s", "5m" or "1d"')
    duration_ms = int(match[1]) * UNITS_MS[match[2]]
    if duration_ms > LONGEST_MS:
        raise ValueError(f'is too long; write "{format_duration(LONGEST_MS)}" at most')
    return duration_ms


def parse_every_ms(text: object) -> int:
    """Return milliseconds; "hourly", "daily" and "weekly" are durations too."""
    named = NAMED_MS.get(text) if isinstance(text, str) else None
    return parse_duration_ms(text) if named is None else named


def parse_budget_per_ms(text: object) -> float:
    """Return a rate per millisecond.

    >>> parse_budget_per_ms("1 per 30d") * 86_400_000 * 30
    1.0

    Raises ValueError with what to write instead.
    """
    match = _BUDGET.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a number, "per" and a duration; write for example "1 per 30d"')
    number, duration_ms = float(match[1]), parse_duration_ms(match[2])
    if number <= 0 or duration_ms <= 0:
        raise ValueError('must be more than nothing; write for example "1 per 30d", or levels under [decision.alpha]')
    return number / duration_ms


def format_budget(rate_per_ms: float) -> str:
    """Return the rate as text, per 30 days.

    >>> format_budget(parse_budget_per_ms("1 per 30d"))
    '1 per 30d'
    """
    return f"{float(Fraction(rate_per_ms * 30 * UNITS_MS['d']).limit_denominator(10**6)):g} per 30d"


def parse_persist(text: object) -> tuple[int, int]:
    """Return how many ticks of how many must agree.

    >>> parse_persist("2 of 3")
    (2, 3)

    Raises ValueError with what to write instead.
    """
    match = _PERSIST.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be two numbers with "of" between; write for example "2 of 3"')
    needed, ticks = int(match[1]), int(match[2])
    if not 1 <= needed <= ticks <= 20:
        raise ValueError('must be a of b with 1 <= a <= b <= 20; write for example "2 of 3"')
    return needed, ticks


def format_persist(persist: tuple[int, int]) -> str:
    """Return the pair as text."""
    return f"{persist[0]} of {persist[1]}"


_duration = Spelling("duration", '"90s"', format_duration)
DurationMs: TypeAlias = Annotated[int, BeforeValidator(parse_duration_ms), _duration]
MaybeDurationMs: TypeAlias = Annotated[int | None, BeforeValidator(parse_duration_ms), _duration]
EveryMs: TypeAlias = Annotated[int, BeforeValidator(parse_every_ms), _duration]
RatePerMs: TypeAlias = Annotated[
    float, BeforeValidator(parse_budget_per_ms), Spelling("number per duration", '"1 per 30d"', format_budget)
]
MaybeEveryMs: TypeAlias = Annotated[int | None, BeforeValidator(parse_every_ms), _duration]
Persist: TypeAlias = Annotated[
    tuple[int, int], BeforeValidator(parse_persist), Spelling("a of b", '"2 of 3"', format_persist)
]
