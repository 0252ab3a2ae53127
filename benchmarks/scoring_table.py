"""The tables of the detection benchmark as Markdown, and in which columns driftline does not lead."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.scoring import Score

OURS = "driftline"
# Differences below this are the noise of a few dozen streams.
_DELAY_TIE = 0.25
_SHARE_TIE = 0.005


@dataclass(frozen=True)
class Line:
    """A method at a setting, and what it scored on so many streams.

    ``tuned`` lines stand in the second table, where nobody alarms on a null stream.
    """

    method: str
    setting: str
    tuned: bool
    score: Score
    streams: int


def markdown(lines: Sequence[Line], columns: Sequence[str], *, tuned: bool) -> str:
    """Return one table: power and mean delay in windows per column, then false alarms and attribution."""
    head = ["method", "setting", "streams", *columns, "false alarms per 1,000 windows", "precision", "recall"]
    table = [f"| {' | '.join(head)} |", "| --- | --- |" + " ---: |" * (len(head) - 2)]
    for line in lines:
        if line.tuned != tuned:
            continue
        cells = [line.method, line.setting, str(line.streams), *(_cell(line.score, column) for column in columns)]
        score = line.score
        cells += [f"{1000 * score.false_share:.1f}", _number(score.precision), _number(score.recall)]
        table.append(f"| {' | '.join(cells)} |")
    return "\n".join(table)


def leads(lines: Sequence[Line], columns: Sequence[str]) -> str:
    """Name the columns of the second table in which some peer is ahead of the better of driftline's two lines."""
    tuned = [line for line in lines if line.tuned]
    own = [line for line in tuned if line.method == OURS]
    peers = [line for line in tuned if line.method != OURS]
    ahead = [*(text for column in columns for text in _ahead(own, peers, column)), *_ahead_in_blame(own, peers)]
    if not ahead:
        return "No peer is ahead of driftline in any column at equal false-alarm rate."
    return "Ahead of driftline at equal false-alarm rate:\n\n" + "\n".join(f"- {text}" for text in ahead)


def _ahead(own: Sequence[Line], peers: Sequence[Line], column: str) -> Iterator[str]:
    best = max(line.score.power(column) for line in own)
    delays = [line.score.delay(column) for line in own if line.score.power(column) >= best - _SHARE_TIE]
    soonest = min((delay for delay in delays if not math.isnan(delay)), default=math.inf)
    for line in peers:
        power, delay = line.score.power(column), line.score.delay(column)
        if power > best + _SHARE_TIE:
            yield f"{column}: {line.method} catches {power:.0%}, driftline {best:.0%}"
        elif power >= best - _SHARE_TIE and power > 0.0 and delay < soonest - _DELAY_TIE:
            yield f"{column}: {line.method} takes {delay:.1f} windows, driftline {soonest:.1f}"


def _ahead_in_blame(own: Sequence[Line], peers: Sequence[Line]) -> Iterator[str]:
    for what in ("precision", "recall"):
        best = max(float(getattr(line.score, what)) for line in own)
        for line in peers:
            if float(getattr(line.score, what)) > best + _SHARE_TIE:
                yield f"{what}: {line.method} has {getattr(line.score, what):.2f}, driftline {best:.2f}"


def _cell(score: Score, column: str) -> str:
    power, delay = score.power(column), score.delay(column)
    if math.isnan(power):
        return "-"
    return f"{power:.0%}" if math.isnan(delay) else f"{power:.0%}, {delay:.1f}"


def _number(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.2f}"
