"""CPU of looking closer at a sample of the events, side by side with decoding and counting the same events without.

Run ``python -m benchmarks.looks``. Looks are timed alone: what they add is less than what two runs differ by on a busy
machine.
"""

from baselines import Baseline, Layout
from benchmarks.decode import EVENTS, FORMAT, make_baseline, make_events
from benchmarks.turns import best_us_each
from consumers.decode import EventDecoder
from consumers.decode.looker import Looker
from consumers.raw import RawBatch
from stream.counts import Counts
from stream.looks import Looks

TURNS = 200


def measure(baseline: Baseline) -> None:
    """Print what looks cost on plain JSON events of this baseline."""
    layout, decoder = Layout(baseline), EventDecoder(baseline, FORMAT, looks=False)
    batch = RawBatch("events", 0, range(EVENTS), make_events(baseline))
    rows, looker = decoder.decode(batch).rows, Looker(baseline, FORMAT, lambda batch, place: None)
    tasks = {
        "without": lambda: Counts.of(layout, decoder.decode(batch).rows),
        "looks": lambda: Looks.of(looker.looked(batch, rows, ()).looks),
    }
    us = best_us_each(tasks, TURNS, EVENTS)
    shape, added = f"{len(baseline.numeric)} + {len(baseline.categorical)}", 100 * us["looks"] / us["without"]
    print(f"{shape:<24} {us['without']:>18.2f} {us['looks']:>10.3f} {added:>6.1f} %")


def main() -> None:
    print(f"{'numeric + categorical':<24} {'us decode + count':>18} {'us looks':>10} {'added':>8}")
    for shape in ((24, 0), (12, 12), (4, 2)):
        measure(make_baseline(*shape))


if __name__ == "__main__":
    main()
