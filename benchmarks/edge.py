"""What counting in the server costs and saves: CPU per row, and bytes per million rows, against sending events.

    python -m benchmarks.edge [--rows N] [--turns N]

Rows have 24 numeric features and come in batches of 1,000 as a matrix of float32. CPU is that of all threads of the
process, with a topic in memory behind both: what the Kafka client costs is not in it. Bytes are those of the records'
values, as they are and as lz4 packs them, which is how they travel.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import lz4.frame
import numpy as np

from benchmarks.traffic import FEATURES, START_MS, events, write_monitor
from benchmarks.turns import best_us, cpu_seconds
from consumers.assembly import Assembly, assemble
from consumers.settings import load_settings
from consumers.tap import EdgeCounts, MemoryEvents, Outlet, Tap
from consumers.tap.edge_run import EdgeRun, Standing
from consumers.tap.edge_tally import EdgeTally

BATCH, REPORT_S, MILLION = 1_000, 10, 1_000_000
NAMES = [f"feature_{number}" for number in range(FEATURES)]


class Memory:
    """A counts topic in memory."""

    def __init__(self) -> None:
        self.reports: list[bytes] = []

    def send(self, reports: Sequence[bytes]) -> None:
        """Keep reports."""
        self.reports += reports

    def close(self, timeout_s: float) -> None:
        """Do nothing."""

    def forget(self) -> None:
        """Do nothing."""


def tapped(outlet: Outlet, batches: Sequence[np.ndarray]) -> None:
    """Let a tap take all of it, and wait until it has."""
    tap = Tap(outlet, features=NAMES)
    for number, batch in enumerate(batches):
        tap.record(batch, times=(START_MS + number * BATCH + np.arange(BATCH)))
    assert tap.close(600)
    assert tap.stats().sent == len(batches) * BATCH


def cpu(assembly: Assembly, rows: int, turns: int) -> Iterator[str]:
    """Yield microseconds of CPU per row: events, counts."""
    rng = np.random.default_rng(4)
    batches = [rng.normal(size=(BATCH, FEATURES)).astype(np.float32) for _ in range(rows // BATCH)]
    # Made before anything is measured: loading a baseline is no cost of a row.
    outlets = iter([EdgeCounts(assembly.settings, log=Memory()) for _ in range(turns + 1)])
    tasks = {
        "events": lambda: tapped(MemoryEvents(), batches),
        "counts": lambda: tapped(next(outlets), batches),
    }
    for name, seconds in cpu_seconds(tasks, turns).items():
        yield f"CPU per row, {name}: {best_us(seconds, rows):.1f} us"


def traffic(assembly: Assembly, rate: int) -> Iterator[str]:
    """Yield bytes per million rows at so many rows a second, as events and as a report every ten seconds."""
    rows = rate * REPORT_S
    lines = list(islice(events(rows, 1_000 / rate), rows))
    tally, run = EdgeTally(assembly, 10**9), EdgeRun("", 60_000)
    tally.count(lines, START_MS + 10**9)
    reports = run.reports(tally.take(), Standing(tally.newest_ms))
    for name, records in (("events", [b"".join(lines)]), ("counts", reports)):
        plain, packed = (sum(map(len, some)) * MILLION / rows for some in (records, map(lz4.frame.compress, records)))
        per_s = sum(map(len, map(lz4.frame.compress, records))) / REPORT_S
        at = f"bytes per million rows at {rate:>6,} rows/s, {name}"
        yield f"{at}: {plain / 1e6:8.1f} MB, packed {packed / 1e6:8.1f} MB; packed, a second: {per_s / 1e3:8.1f} kB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        assembly = assemble(load_settings(write_monitor(Path(folder), "edge", "1h"), {}))
        for line in cpu(assembly, options.rows, options.turns):
            print(line, flush=True)
        for rate in (100, 1_000, 10_000):
            for line in traffic(assembly, rate):
                print(line, flush=True)


if __name__ == "__main__":
    main()
