"""How large the records of driftline's own topics are, at 24 and at 1,000 features of 2,001 cells.

    python benchmarks/records.py [--markdown FILE]

Counts records (what one transaction added to a pane), pane records (a pane whole) and control records, for 1,000,
10,000 and 100,000 rows that are spread over all cells evenly, which is the largest that so many rows can be; and for
a pane that needs all eight bytes of every cell. Sizes are before compression. Each message must stay under a broker's
default limit of 1 MB.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from baselines import Layout
from benchmarks import tick
from consumers.records import PartitionFact, control, pane_chunks
from stream.counts import Counts
from stream.ledger import Ledger
from stream.panes import Pane

KEPT = 1_000
LIMIT_BYTES = 1_000_000
ROWS = (1_000, 10_000, 100_000)
PARTITIONS = 4
START_MS = 1_700_000_000_000
COUNTED_ON = "sha256:" + "0" * 64 + " every 3600000 ms UTC"
HEAD = (
    "| features | record | rows | messages | bytes together | largest message |\n"
    "| ---: | --- | ---: | ---: | ---: | ---: |"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    options = parser.parse_args()
    rows = list(table())
    text = "\n".join([HEAD, *(line for line, _ in rows)])
    print(text)
    largest = max(size for _, size in rows)
    print(f"largest message {largest:,} bytes, limit {LIMIT_BYTES:,}: {'met' if largest < LIMIT_BYTES else 'EXCEEDED'}")
    if options.markdown:
        options.markdown.write_text(text + "\n")
    return int(largest >= LIMIT_BYTES)


def table() -> Iterator[tuple[str, int]]:
    """Yield each line, and the largest message it tells of."""
    for features in (24, 1_000):
        layout = Layout(tick.baseline(features, KEPT))
        for rows in ROWS:
            # A batch's counts and a whole pane are the same record: this is either of them.
            yield _line(features, "counts, pane", f"{rows:,}", list(pane_chunks(pane(layout, rows), COUNTED_ON)))
        yield _line(features, "pane, the most", "10^15", list(pane_chunks(fullest(layout), COUNTED_ON)))
    facts = [PartitionFact("inference-events", number, START_MS, idle=False) for number in range(PARTITIONS)]
    growth = Ledger(read=10_000, counted=9_900, late=50, rejected={"bad_json": 50})
    value = control({"inference-events": PARTITIONS}, facts, growth, COUNTED_ON)
    yield _line("any", f"control, {PARTITIONS} partitions", "", [value])


def pane(layout: Layout, rows: int) -> Pane:
    """Return a pane of rows drawn evenly over all cells of each feature."""
    counts, rng = Counts.zero(layout), np.random.default_rng(0)
    counts.rows = rows
    for place, feature in enumerate(layout.baseline.numeric):
        cells = rng.integers(0, 2 * KEPT + 1, rows)
        counts.cells[layout.numeric_cells(place)] = np.bincount(cells, minlength=2 * KEPT + 1)
        # The training values are 0, 1, 2, ...: cell 2i + 1 is the value i, and 2i what lies before it.
        counts.moments[place] = feature.quantiser.sums((cells - 1) / 2)
    offsets = {"inference-events": dict.fromkeys(range(PARTITIONS), (10**9, 10**9 + rows))}
    return Pane(START_MS, counts, offsets, START_MS + 17)


def fullest(layout: Layout) -> Pane:
    """Return a pane in which every cell needs all of its eight bytes."""
    counts = Counts.zero(layout)
    counts.rows = 10**15
    counts.cells[:] = np.int64(2**40)
    return Pane(START_MS, counts, {}, START_MS + 17)


def _line(features: int | str, what: str, rows: str, values: list[bytes]) -> tuple[str, int]:
    sizes = [len(value) for value in values]
    shown = f"{features:,}" if isinstance(features, int) else features
    return f"| {shown} | {what} | {rows} | {len(sizes)} | {sum(sizes):,} | {max(sizes):,} |", max(sizes)


if __name__ == "__main__":
    sys.exit(main())
