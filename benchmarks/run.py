"""One table of what driftline costs, against floors that are measured beside it in the same run.

    python benchmarks/run.py [--quick] [--no-broker] [--markdown FILE]

Ratios are medians over turns of CPU time (all threads of the process); each turn runs the floor and driftline one after
the other, so that whatever else the machine does slows both. The goal stands beside each figure.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.backtest import backtesting
from benchmarks.counting import counting, counting_pairs
from benchmarks.judging import judging, judging_everything
from benchmarks.memory import steadiness
from benchmarks.replaying import replaying
from benchmarks.running import running
from benchmarks.turns import Result

FIT_ROWS, FIT_GOAL_MB = 10_000_000, 500


def results(folder: Path, options: argparse.Namespace) -> Iterator[Result]:
    """Measure row after row; ``--quick`` takes fewer events and turns and leaves the large fit out."""
    quick = options.quick
    for n in (20_000, 2_000):
        yield counting(n, 15 if quick else 41)
        yield counting_pairs(n, 15 if quick else 41)
    yield from replaying(folder, 50_000 if quick else 200_000, 3 if quick else 9)
    yield backtesting(folder, 50_000 if quick else 200_000, 3 if quick else 9)
    if not options.no_broker:
        yield from running(folder, 100_000 if quick else 300_000, 2 if quick else 5)
    for drifting in (0, 200):
        yield judging(drifting, 9 if quick else 41)
    yield from judging_everything(9 if quick else 27)
    yield from steadiness(folder, 20_000 if quick else 50_000)
    if not quick:
        yield from fitting()


def fitting() -> Iterator[Result]:
    """Fit 10 million rows from csv and from parquet, each in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("fit_memory.py")), str(FIT_ROWS)]
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[1:]:
        kind, _, seconds, peak_mb, _ = line.split()
        note = f"absolute; {float(seconds):.0f} s"
        yield Result(f"peak memory of fitting {FIT_ROWS:,} rows of {kind}", float(peak_mb), FIT_GOAL_MB, "MB", note)


def cells(result: Result) -> tuple[str, str, str, str, str]:
    """Return a result as texts: what, value, goal, verdict, note."""
    shown = "-" if result.value is None else _with_unit(result.value, result.unit)
    return result.name, shown, f"<= {_with_unit(result.goal, result.unit)}", result.verdict, result.note


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.2f}{unit}" if unit == "x" else f"{value:.0f} {unit}"


def machine() -> str:
    """Return what the figures were taken on, without naming the host."""
    model = next((line.split(":")[1].strip() for line in _cpu_lines() if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer events and turns, no fit of 10 million rows")
    parser.add_argument("--no-broker", action="store_true", help="leave out what needs a Kafka broker")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here, too")
    options = parser.parse_args()
    print(machine(), flush=True)
    found = []
    with tempfile.TemporaryDirectory(prefix="driftline-benchmarks-") as folder:
        for result in results(Path(folder), options):
            found.append(result)
            name, shown, goal, verdict, note = cells(result)
            print(f"{name:<88} {shown:>9}  {goal:<10} {verdict:<11} {note}", flush=True)
    short = [result.name for result in found if result.verdict == "falls short"]
    print(f"\n{len(short)} of {len(found)} fall short" + "".join(f"\n  {name}" for name in short))
    if options.markdown:
        options.markdown.write_text(markdown(found))


def markdown(found: list[Result]) -> str:
    """Return the table as Markdown."""
    head = ["| what | measured | goal | | figures |", "| --- | ---: | ---: | --- | --- |"]
    rows = [f"| {' | '.join(cells(result))} |" for result in found]
    return "\n".join([*head, *rows, "", machine(), ""])


if __name__ == "__main__":
    main()
