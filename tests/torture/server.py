"""A server that counts by itself: asked some rows every moment, it says which of them are known to be on the topic."""

import signal
import sys
import threading
from itertools import islice

from consumers.tap import EdgeCounts
from tests.torture.traffic import Traffic

REPORT_S = 0.25
_ROWS, _PAUSE_S = 50, 0.25


def main(config: str, name: str, seed: int, events: int, per_pane: int) -> None:
    """Serve until SIGTERM; then say goodbye."""
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    counts = EdgeCounts(config, report_s=REPORT_S)
    _say(f"run {counts.run}")
    rows = Traffic(seed, events, per_pane, taps=True).tapped(name)
    while not ending.wait(_PAUSE_S):
        counts.send(list(islice(rows, _ROWS)), _settled)
    counts.close(20.0)


def _settled(done: int, lost: int) -> None:
    _say(f"settled {done} {lost}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - data of the process


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
