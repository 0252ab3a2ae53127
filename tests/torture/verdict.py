"""What is on the topics in the end, for a reader of committed records, held against the recount: value for value.

Where counts are cut behind the judges they cannot be added up. Then every pane that was on the panes topic when it was
sealed is held against the recount instead. A judge that catches up seals and drops panes between two writings; these
are in the ledger, in the windows and in the drift events only.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from baselines import Layout
from consumers.assembly import Assembly
from consumers.book import Book
from consumers.judge import WAITING
from consumers.records import Control, PaneChunk, TapReport, grow, read_counts_topic, read_memory, read_pane
from stream.ledger import Ledger
from stream.panes import Pane, PaneKey
from stream.watermark import Watermark
from tests.torture.recount import Recount, RejectKey, all_committed, first_offset


@dataclass(slots=True)
class Found:
    """What counters and judges have written and committed; ``cut_to`` is where the counts begin, if they are cut."""

    panes: dict[int, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    cut_to: int | None = None
    windows: list[tuple[int, int, int, str]] = field(default_factory=list)
    held: dict[int, Pane] = field(default_factory=dict)
    remembered: Ledger = field(default_factory=Ledger)
    status: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    rejects: Counter[RejectKey] = field(default_factory=Counter)


def found_on(assembly: Assembly, servers: Sequence[str]) -> Found:
    """Read counts, panes, status, alerts and rejects from their beginning."""
    topics, found = assembly.settings.topics, Found()
    if topics.cut_counts:
        found.cut_to = first_offset(servers, topics.counts)
        found.panes = sealed(
            ((record.key, record.value) for record in all_committed(servers, topics.panes)), assembly.layout
        )
    else:
        _add_up(found, (record.value for record in all_committed(servers, topics.counts)), assembly.layout)
    book = Book(assembly.new_monitors(), Watermark(assembly.settings.lateness_ms))
    book.restore((record.key, record.value) for record in all_committed(servers, topics.panes))
    for start in book.monitors.any.pane_starts():
        pane = book.monitors.any.pane(start)
        if pane is not None:
            found.held[start] = pane
    found.remembered = book.ledger
    found.windows = [window_of(status) for status in _statuses(assembly, servers)]
    found.status = latest_status(assembly, servers)
    # Alerts and rejects are shared with the monitor of labels, and with the joiner.
    events = (orjson.loads(record.value) for record in all_committed(servers, topics.alerts))
    found.events = [event for event in events if event["monitor"] == assembly.settings.monitor.name]
    found.rejects.update(
        rejects_of(topics.events, (record.headers for record in all_committed(servers, topics.rejects)))
    )
    return found


def rejects_of(topic: str, headers: Iterable[Iterable[tuple[str, bytes]]]) -> Iterator[RejectKey]:
    """Yield where the rejects stand that are of a topic, with their reasons."""
    for one in map(dict, headers):
        if one["driftline_topic"].decode() == topic:
            yield int(one["driftline_partition"]), int(one["driftline_offset"]), one["driftline_reason"].decode()


def sealed(records: Iterable[tuple[bytes, bytes | None]], layout: Layout) -> dict[int, Pane]:
    """Return the panes as they were on the panes topic once they were sealed; before that they are not whole."""
    live: dict[bytes, PaneChunk] = {}
    whole: dict[int, Pane] = {}
    for key, value in records:
        if value is None:
            live.pop(key, None)
        elif key.endswith(b"|memory"):
            ((_, memory),) = read_memory(value).monitors
            sealed_to = memory.state.sealed_to_ms or 0
            panes: dict[PaneKey, Pane] = {}
            for chunk in live.values():
                if chunk.start_ms < sealed_to:
                    grow(panes, chunk, layout)
            whole |= {start: pane for (_, start), pane in panes.items()}
        else:
            live[key] = read_pane(value)
    return whole


def window_of(status: dict[str, Any]) -> tuple[int, int, int, str]:
    """Return which window a status tells of, as the recount has it."""
    window = status["window"]
    return window["start_ms"], window["end_ms"], window["n"], status["status"]


def _add_up(found: Found, values: Iterable[bytes], layout: Layout) -> None:
    grown: dict[PaneKey, Pane] = {}
    reports: set[tuple[str, int]] = set()
    for value in values:
        read = read_counts_topic(value)
        match read:
            case PaneChunk():
                grow(grown, read, layout)
            case Control():
                found.ledger.add(Ledger.from_dict(read.ledger))
            case TapReport(run=run, sequence=sequence) if (run, sequence) not in reports:
                reports.add((run, sequence))
                found.ledger.add(Ledger.from_dict(read.ledger))
                for chunk in read.panes:
                    grow(grown, chunk, layout)
    found.panes = {start: pane for (_, start), pane in grown.items()}


def latest_status(assembly: Assembly, servers: Sequence[str]) -> dict[str, Any]:
    """Return the last committed status; an empty one before there is any."""
    last: dict[str, Any] = {}
    for status in _statuses(assembly, servers):
        last = status
    return last


def reached_ms(status: dict[str, Any]) -> int:
    """Return the watermark that a status tells of (UTC ms); 0 before there is any."""
    return round(datetime.fromisoformat(status["watermark"]).timestamp() * 1000) if status else 0


def differences(wanted: Recount, found: Found) -> list[str]:
    """Return in sentences all that is not as it should be; none is what is promised."""
    return [
        *_counted(wanted.panes, found),
        *pane_differences("panes topic", {start: wanted.panes[start] for start in found.held}, found.held),
        *_ledgers(wanted, found),
        *_windows(wanted.windows, found.windows),
        *_events(wanted.events, found.events),
        *multiset("reject", wanted.rejects, found.rejects),
    ]


def plain(pane: Pane) -> dict[str, Any]:
    """Return everything that a pane holds, as plain values."""
    counts = pane.counts
    return {
        "rows": counts.rows,
        "cells": counts.cells.tolist(),
        "moments": counts.moments.tolist(),
        "names": counts.names,
        "offsets": pane.offsets,
        "first_ms": pane.first_ms,
    }


def _counted(wanted: dict[int, Pane], found: Found) -> Iterator[str]:
    if found.cut_to is None:
        yield from pane_differences("counts topic", wanted, found.panes)
        return
    known = {start: pane for start, pane in wanted.items() if start in found.panes}
    yield from pane_differences("sealed", known, found.panes)
    if not found.cut_to:
        yield "counts topic: nothing was cut behind the judges"
    if not found.panes:
        yield "panes topic: there was never a sealed pane"


def _windows(wanted: list[tuple[int, int, int, str]], found: list[tuple[int, int, int, str]]) -> Iterator[str]:
    yield from (f"status topic: window {window} is not of the recount" for window in sorted({*found} - {*wanted}))


def pane_differences(where: str, wanted: dict[int, Pane], found: dict[int, Pane]) -> Iterator[str]:
    """Yield which panes are missing, too many, or not the same."""
    for start in sorted({*wanted, *found}):
        if start not in wanted or start not in found:
            yield f"{where}: pane {start} is {'missing' if start in wanted else 'not of the recount'}"
            continue
        should, does = plain(wanted[start]), plain(found[start])
        if other := [name for name in should if should[name] != does[name]]:
            rows = f"rows {does['rows']} instead of {should['rows']}"
            yield f"{where}: pane {start} differs in {', '.join(other)}: {rows}, offsets {does['offsets']}"


def _ledgers(wanted: Recount, found: Found) -> Iterator[str]:
    should = wanted.ledger.to_dict()
    if not wanted.ledger.balanced() or wanted.ledger.read != wanted.records:
        yield f"recount: {should} does not add up to the {wanted.records} records of the topic"
    ledgers = {
        "counts topic": found.ledger.to_dict() if found.cut_to is None else should,
        "judge's memory": found.remembered.to_dict(),
        "status topic": found.status.get("ledger"),
    }
    yield from (f"{where}: ledger {does} instead of {should}" for where, does in ledgers.items() if does != should)
    if wanted.windows:
        does = window_of(found.status) if found.status else None
        if does != wanted.windows[-1]:
            yield f"status topic: last window {does} instead of {wanted.windows[-1]}"


def _events(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[str]:
    texts = [[orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode() for event in side] for side in (wanted, found)]
    should, does = Counter(texts[0]), Counter(texts[1])
    ids = Counter(event["id"] for event in found)
    yield from (f"alerts topic: event {name} is there {times} times" for name, times in ids.items() if times > 1)
    yield from (f"alerts topic: missing or different: {text}" for text in (should - does))
    yield from (f"alerts topic: not of an undisturbed run: {text}" for text in (does - should))
    if texts[0] != texts[1] and should == does:
        yield "alerts topic: the right events in another order"


def multiset(name: str, wanted: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    """Yield what is missing, and what is there too often."""
    yield from (f"{name} {key} is missing" for key in sorted(wanted - found))
    yield from (f"{name} {key} is there {found[key]} times" for key in sorted(found - wanted))


def _statuses(assembly: Assembly, servers: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the status after each tick; what was told of waiting windows and of routes stands beside it."""
    for record in all_committed(servers, assembly.settings.topics.status):
        if not record.key.endswith(WAITING) and b"|route|" not in record.key:
            yield orjson.loads(record.value)
