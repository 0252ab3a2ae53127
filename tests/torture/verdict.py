"""What is on the topics in the end, for a reader of committed records, held against the recount: value for value."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from consumers.assembly import Assembly
from consumers.book import Book
from consumers.records import PaneChunk, grow, read_counts_topic
from stream.ledger import Ledger
from stream.panes import Pane
from stream.watermark import Watermark
from tests.torture.recount import Recount, RejectKey, read_committed


@dataclass(slots=True)
class Found:
    """What counters and judges have written and committed."""

    panes: dict[int, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    held: dict[int, Pane] = field(default_factory=dict)
    remembered: Ledger = field(default_factory=Ledger)
    status: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    rejects: Counter[RejectKey] = field(default_factory=Counter)


def found_on(assembly: Assembly, servers: Sequence[str]) -> Found:
    """Read counts, panes, status, alerts and rejects from their beginning."""
    topics, found = assembly.settings.topics, Found()
    for record in _all(servers, topics.counts):
        read = read_counts_topic(record.value)
        if isinstance(read, PaneChunk):
            grow(found.panes, read, assembly.layout)
        else:
            found.ledger.add(Ledger.from_dict(read.ledger))
    book = Book(assembly.new_monitor(), Watermark(assembly.settings.lateness_ms))
    book.restore((record.key, record.value) for record in _all(servers, topics.panes))
    for start in book.monitor.pane_starts():
        pane = book.monitor.pane(start)
        if pane is not None:
            found.held[start] = pane
    found.remembered = book.ledger
    found.status = latest_status(assembly, servers)
    found.events = [orjson.loads(record.value) for record in _all(servers, topics.alerts)]
    found.rejects.update(_reject_key(dict(record.headers)) for record in _all(servers, topics.rejects))
    return found


def latest_status(assembly: Assembly, servers: Sequence[str]) -> dict[str, Any]:
    """Return the last committed status; an empty one before there is any."""
    last: dict[str, Any] = {}
    for records in read_committed(servers, assembly.settings.topics.status):
        last = orjson.loads(records[-1].value) if records else last
    return last


def tested_to_ms(status: dict[str, Any]) -> int:
    """Return the end of the last window that a status tells of; 0 before there is any."""
    return int(status["window"]["end_ms"]) if status else 0


def differences(wanted: Recount, found: Found) -> list[str]:
    """Return in sentences all that is not as it should be; none is what is promised."""
    return [
        *_panes("counts topic", wanted.panes, found.panes),
        *_panes("panes topic", {start: wanted.panes[start] for start in found.held}, found.held),
        *_ledgers(wanted, found),
        *_events(wanted.events, found.events),
        *_multiset("reject", wanted.rejects, found.rejects),
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


def _panes(where: str, wanted: dict[int, Pane], found: dict[int, Pane]) -> Iterator[str]:
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
        "counts topic": found.ledger.to_dict(),
        "judge's memory": found.remembered.to_dict(),
        "status topic": found.status.get("ledger"),
    }
    yield from (f"{where}: ledger {does} instead of {should}" for where, does in ledgers.items() if does != should)
    if wanted.windows:
        start, end, rows, status = wanted.windows[-1]
        window = found.status.get("window", {})
        does = window.get("start_ms"), window.get("end_ms"), window.get("n"), found.status.get("status")
        if does != (start, end, rows, status):
            yield f"status topic: last window {does} instead of {(start, end, rows, status)}"


def _events(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> Iterator[str]:
    texts = [[orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode() for event in side] for side in (wanted, found)]
    should, does = Counter(texts[0]), Counter(texts[1])
    ids = Counter(event["id"] for event in found)
    yield from (f"alerts topic: event {name} is there {times} times" for name, times in ids.items() if times > 1)
    yield from (f"alerts topic: missing or different: {text}" for text in (should - does))
    yield from (f"alerts topic: not of an undisturbed run: {text}" for text in (does - should))
    if texts[0] != texts[1] and should == does:
        yield "alerts topic: the right events in another order"


def _multiset(name: str, wanted: Counter[RejectKey], found: Counter[RejectKey]) -> Iterator[str]:
    yield from (f"{name} {key} is missing" for key in sorted(wanted - found))
    yield from (f"{name} {key} is there {found[key]} times" for key in sorted(found - wanted))


def _reject_key(headers: dict[str, bytes]) -> RejectKey:
    partition, offset = int(headers["driftline_partition"]), int(headers["driftline_offset"])
    return partition, offset, headers["driftline_reason"].decode()


def _all(servers: Sequence[str], topic: str) -> Iterable[Any]:
    return (record for records in read_committed(servers, topic) for record in records)
