"""CPU of looking closer at a sample of the events, side by side with the same decoding and counting without.

Run ``python -m benchmarks.looks``.
"""

from baselines import Baseline, Layout
from benchmarks.decode import EVENTS, FORMAT, make_baseline, make_events
from benchmarks.turns import best_us, cpu_seconds, ratio
from consumers.decode import EventDecoder
from consumers.raw import RawBatch
from stream.schedule import DAY_MS, Schedule
from stream.tally import Guards, Tallier

TURNS = 60


def measure(baseline: Baseline) -> None:
    """Print what looks cost on plain JSON events of this baseline."""
    tallier = Tallier(Layout(baseline), Schedule(DAY_MS, DAY_MS), Guards(DAY_MS, DAY_MS))
    batch = RawBatch("events", 0, range(EVENTS), make_events(baseline))
    decoders = {name: EventDecoder(baseline, FORMAT, looks=name == "with looks") for name in ("without", "with looks")}

    def count(decoder: EventDecoder) -> None:
        for _ in tallier.panes(("events", 0), decoder.decode(batch).rows):
            pass

    tasks = {name: lambda decoder=decoder: count(decoder) for name, decoder in decoders.items()}
    spent = cpu_seconds(tasks, TURNS)
    shape = f"{len(baseline.numeric)} + {len(baseline.categorical)}"
    added = 100 * (ratio(spent["with looks"], spent["without"]) - 1)
    times = [f"{best_us(spent[name], EVENTS):.2f}" for name in tasks]
    print(f"{shape:<24} {times[0]:>10} {times[1]:>12} {added:>8.1f} %")


def main() -> None:
    print(f"{'numeric + categorical':<24} {'us without':>10} {'us with':>12} {'added':>10}")
    for shape in ((24, 0), (12, 12), (4, 2)):
        measure(make_baseline(*shape))


if __name__ == "__main__":
    main()
