"""Peak memory of a monitor fed 1x and 20x the events: more a minute, or for longer; each in a process of its own.

python -m benchmarks.memory CONFIG EVENTS STEP_MS     prints the peak in MB of counting so many events
"""

import subprocess
import sys
from itertools import islice
from pathlib import Path

from benchmarks import traffic
from benchmarks.turns import Result
from consumers.assembly import assemble
from consumers.raw import RawBatch
from consumers.replay import Replay
from consumers.settings import load_settings

BATCH, TIMES, GOAL = 5_000, 20, 1.05


def steadiness(folder: Path, n: int) -> list[Result]:
    """Return how the peak grows when 20 times the events come in the same time, and in 20 times the time."""
    config = traffic.write_monitor(folder, "memory", "1m")
    small = _peak_mb(config, n, traffic.STEP_MS)
    cases = {
        "at 20 times the rate": _peak_mb(config, TIMES * n, traffic.STEP_MS / TIMES),
        "of a stream 20 times as long": _peak_mb(config, TIMES * n, traffic.STEP_MS),
    }
    return [
        Result(f"peak memory {what}", peak / small, GOAL, note=f"{peak:.0f} MB against {small:.0f} MB")
        for what, peak in cases.items()
    ]


def _peak_mb(config: Path, n: int, step_ms: float) -> float:
    command = [sys.executable, "-m", "benchmarks.memory", str(config), str(n), str(step_ms)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    config, n, step_ms = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    events = traffic.events(n, step_ms)
    batches = (
        RawBatch("events", 0, range(start, start + BATCH), list(islice(events, BATCH))) for start in range(0, n, BATCH)
    )
    replay = Replay(assemble(load_settings(config, {})))
    assert sum(1 for _ in replay.run(batches)) > 0
    assert replay.ledger.counted == n
    status = Path("/proc/self/status").read_text()  # getrusage would count the process that started this one
    print(int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6)


if __name__ == "__main__":
    main()
