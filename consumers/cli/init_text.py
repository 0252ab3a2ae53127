"""What ``driftline init`` says on standard error: what was found, how sure that is, and what to do next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from consumers.cli.baseline_tables import console_for, printable
from consumers.onboarding.proposal import Proposal
from consumers.onboarding.text import formats_words, place_words
from consumers.preflight.line import amount
from stream.durations import UNITS_MS, format_duration

_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "iso": "ISO 8601"}
_SHOWN = 6
_FEW = 100


def say(proposal: Proposal, *, known: bool) -> None:
    """Print a line for each thing that was found; ``known``: the baseline is there, with what its columns are."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, found in _found(proposal, known=known):
        table.add_row(what, Text(printable(found)))
    console_for(stderr=True).print(table)


def next_commands(proposal: Proposal, config: Path, *, known: bool) -> Iterator[str]:
    """Yield what to do next."""
    if not known:
        digits = f" --categorical {','.join(proposal.kinds.digits)}" if proposal.kinds.digits else ""
        out = config.parent / "baseline.json"
        yield f"next: driftline fit train.csv --out {out}{digits}   # your training data; then:"
    yield f"next: driftline check --config {config}"


def _found(proposal: Proposal, *, known: bool) -> Iterator[tuple[str, str]]:
    seen = proposal.seen
    yield "records", _records(proposal)
    yield "format", formats_words(proposal)
    rows = sum(len(event.table) for event in seen.events)
    yield "rows", "one a record" if rows == seen.read else f"{rows:,} in {seen.read:,} records"
    yield "features", f"{len(proposal.kinds.features)} {place_words(proposal)}{_kinds(proposal)}"
    if proposal.others:
        told = ", ".join(f'"{other.guess.features}" ({len(other.columns)})' for other in list(proposal.others)[:3])
        yield "", f"not sure: they could also be at {told}"
    if proposal.missing:
        yield "", f"of the baseline's features these were not seen: {_names(proposal.missing)}"
    if not known:
        yield from _columns(proposal)
    yield "time", _time(proposal)
    yield "id", f'"{proposal.marks.id}"' if proposal.marks.id else "none found"
    if proposal.marks.models:
        yield "model", f'"{proposal.marks.model}": {_names(list(proposal.marks.models))}'
    yield "pace", _pace(proposal)


def _records(proposal: Proposal) -> str:
    seen = proposal.seen
    bad = ", ".join(f"{n:,} {reason}" for reason, n in seen.refused.most_common(_SHOWN))
    few = "; a small sample: identifiers and kinds are guesses" if seen.read < _FEW else ""
    return f"{seen.read:,} of {seen.records:,} can be read" + (f"; not: {bad}" if bad else "") + few


def _kinds(proposal: Proposal) -> str:
    kinds = [feature.kind for feature in proposal.kinds.features]
    return f": {kinds.count('numeric')} numeric, {kinds.count('categorical')} categorical" if kinds else ""


def _columns(proposal: Proposal) -> Iterator[tuple[str, str]]:
    kinds = proposal.kinds
    if kinds.digits:
        yield "", f"categories that are spelled as numbers: {_names(kinds.digits)}"
    if kinds.constant:
        yield "", f"always the same: {_names(kinds.constant)}"
    if kinds.dropped:
        yield "", f"no features, leave them out of the training data (--drop): {_names(kinds.dropped)}"
    for remark in kinds.remarks:
        yield "", remark


def _time(proposal: Proposal) -> str:
    clock = proposal.clock
    if clock is None:
        return "none found: a topic's records have one of their own, a file's lines have not"
    if clock.path is None:
        return "the Kafka record's own; none was found in the events"
    unit = _UNITS.get(clock.unit, "of several units")
    others = [f'"{other.path}"' for other in proposal.clocks if other.path is not None]
    told = f"; could also be {', '.join(others[:3])}" if others else ""
    return f'"{clock.path}", {unit}, in {clock.share:.0%} of the events{told}'


def _pace(proposal: Proposal) -> str:
    pace, every_ms = proposal.pace, proposal.every_ms
    if every_ms is None:
        return f"unknown: all times of the sample are the same; every = {format_duration(UNITS_MS['h'])} is a guess"
    told = (
        f"{amount(pace.per_hour)} rows an hour; every = {format_duration(every_ms)}, {pace.rows_in(every_ms):,.0f} rows"
    )
    return told if pace.rows_in(every_ms) >= _FEW else f"{told}: too few for a test"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
