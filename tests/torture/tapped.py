"""Servers that count by themselves, recounted: what each run of one has reported is the beginning of what it was asked.

A report may be there twice; it counts once. What a killed server had not reported is in no window: how much that is
shows in its reports, and nothing else of it is taken from them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from consumers.assembly import Assembly
from consumers.raw import RawBatch
from consumers.records import TapReport, grow, read_counts_topic
from stream.ledger import Ledger
from stream.panes import Pane, PaneKey
from tests.torture.recount import Recount, count_batch
from tests.torture.traffic import Traffic
from tests.torture.verdict import pane_differences

_NOW_MS = 1_800_000_000_000


@dataclass(slots=True)
class Journal:
    """What one run of a server said: how many rows it was told are on the topic, in how many reports."""

    server: str
    rows: int = 0
    reports: int = 0


@dataclass(slots=True)
class Run:
    """What one run of a server has reported, each report once."""

    sequences: list[int] = field(default_factory=list)
    panes: dict[PaneKey, Pane] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    repeated: int = 0


def journals(logs: Iterable[Path]) -> dict[str, Journal]:
    """Read what servers said, by run."""
    found: dict[str, Journal] = {}
    for log in logs:
        run = ""
        for line in log.read_text(errors="replace").splitlines():
            match line.split():
                case ["run", run]:
                    found[run] = Journal(log.stem)
                case ["settled", done, _]:
                    found[run].rows += int(done)
                    found[run].reports += 1
    return found


def distinct(values: Iterable[bytes]) -> Iterator[tuple[TapReport, bool]]:
    """Yield the reports among the records of a counts topic, and whether each was there before."""
    seen: set[tuple[str, int]] = set()
    for value in values:
        report = read_counts_topic(value)
        if isinstance(report, TapReport):
            key = (report.run, report.sequence)
            yield report, key in seen
            seen.add(key)


def reported(assembly: Assembly, values: Iterable[bytes]) -> dict[str, Run]:
    """Add up the reports on a counts topic, by run."""
    runs: dict[str, Run] = {}
    for report, again in distinct(values):
        run = runs.setdefault(report.run, Run())
        if again:
            run.repeated += 1
            continue
        run.sequences.append(report.sequence)
        run.ledger.add(Ledger.from_dict(report.ledger))
        for chunk in report.panes:
            grow(run.panes, chunk, assembly.layout)
    return runs


def add_servers(
    recounted: Recount, assembly: Assembly, values: Iterable[bytes], traffic: Traffic, told: Mapping[str, Journal]
) -> tuple[Counter[str], list[str]]:
    """Add to the recount what servers were asked, as far as they have reported; return figures, and what is wrong.

    ``values`` are the records of the counts topic.
    """
    runs = reported(assembly, values)
    wrong: list[str] = []
    for name, run in runs.items():
        if name not in told:
            wrong.append(f"counts topic: reports of {name}, whom nobody started")
            continue
        asked = _asked(assembly, traffic, told[name].server, run.ledger.read)
        wrong += _differences(name, run, asked, told[name])
        recounted.take(asked)
    wrong += [f"counts topic: no report of {name}, which was told of {j.rows} rows that they are there"
              for name, j in told.items() if j.rows and name not in runs]  # fmt: skip
    rows, repeated = sum(run.ledger.read for run in runs.values()), sum(run.repeated for run in runs.values())
    figures = {"runs": len(runs), "reports": sum(len(run.sequences) for run in runs.values())}
    return Counter(figures | {"rows": rows, "repeated": repeated}), wrong


def _asked(assembly: Assembly, traffic: Traffic, server: str, rows: int) -> Recount:
    """Count the first rows that a server was asked."""
    found = Recount(records=rows)
    lines = list(islice(traffic.tapped(server), rows))
    batch = RawBatch("tap", 0, range(rows), lines, [_NOW_MS] * rows)
    count_batch(found, batch, assembly.new_decoder(), assembly.new_tallier(), None)
    for pane in found.panes.values():
        # Nobody could look them up.
        pane.offsets.clear()
    return found


def _differences(name: str, run: Run, asked: Recount, journal: Journal) -> Iterator[str]:
    if run.sequences != list(range(len(run.sequences))):
        yield f"{name}: reports are missing or in another order: {run.sequences[:50]}"
    if run.ledger.read < journal.rows:
        yield f"{name}: {run.ledger.read} rows on the topic, and it was told of {journal.rows}"
    if run.ledger.to_dict() != asked.ledger.to_dict():
        yield f"{name}: ledger {run.ledger.to_dict()} instead of {asked.ledger.to_dict()}"
    yield from pane_differences(
        f"reports of {name}", asked.panes, {start: pane for (_, start), pane in run.panes.items()}
    )
