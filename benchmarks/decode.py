"""CPU per event of decoding JSON to columns, against msgspec's typed decoding of the same bytes alone.

Run ``python -m benchmarks.decode``. Both are timed in the same run, turn by turn, and the quickest turn of each counts:
what else runs on the machine then hits both or neither.
"""

import json
import random

import numpy as np

from baselines import Baseline, CategoricalReference, Layout, NumericReference
from benchmarks.turns import best_us_each
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import RawBatch
from stream.counts import Counts

EVENTS, TURNS = 5_000, 30
CATEGORIES = ("desktop", "mobile", "tablet", "watch")
FORMAT = EventFormat(timestamp="ts", features="features")


def make_baseline(numeric: int, categorical: int) -> Baseline:
    """Return a baseline of standard normal features (1,000 kept values) and evenly spread categories."""
    values = np.sort(np.random.default_rng(7).normal(size=1_000))
    counts = np.tile([0, 1], len(values)).tolist() + [0] * 6
    numbers = [
        NumericReference(f"number_{i}", values, np.array(counts), 0.0, 1.0, values[0], values[-1], {})
        for i in range(numeric)
    ]
    texts = [
        CategoricalReference(f"category_{i}", CATEGORIES, np.array([250] * 4 + [0] * 3), 0) for i in range(categorical)
    ]
    return Baseline(1_000, (*numbers, *texts), "benchmark")


def make_events(baseline: Baseline, *, spoilt: bool = False) -> list[bytes]:
    """Return events as a model server writes them; ``spoilt`` puts a text where the first number belongs."""
    draw = random.Random(7)
    events = []
    for i in range(EVENTS):
        features: dict[str, object] = {f.name: round(draw.gauss(0, 1), 4) for f in baseline.numeric}
        features |= {f.name: draw.choice(CATEGORIES) for f in baseline.categorical}
        if spoilt:
            features[baseline.features[0].name] = "n/a"
        events.append({"id": f"event-{i}", "ts": 1_700_000_000_000 + i, "features": features})
    return [json.dumps(event).encode() for event in events]


def measure(numeric: int, categorical: int) -> None:
    """Print the rows of one shape of events."""
    baseline = make_baseline(numeric, categorical)
    layout, decoder = Layout(baseline), EventDecoder(baseline, FORMAT)
    assert decoder.quick is not None
    typed = decoder.quick.typed.decode
    clean, spoilt = make_events(baseline), make_events(baseline, spoilt=True)
    batch = RawBatch("events", 0, range(EVENTS), clean)
    bad_batch = RawBatch("events", 0, range(EVENTS), spoilt)
    alone = "msgspec typed alone"
    tasks = {
        alone: lambda: [typed(value) for value in clean],
        "decode": lambda: decoder.decode(batch),
        "decode and count": lambda: Counts.of(layout, decoder.decode(batch).rows),
        "decode, every event odd": lambda: decoder.decode(bad_batch),
    }
    times = best_us_each(tasks, TURNS, EVENTS)
    for name, us in times.items():
        print(f"{numeric:>7} + {categorical:<11} {name:<24} {us:>8.2f} {us / times[alone]:>7.2f}")


def main() -> None:
    print(f"{'numeric + categorical':<21} {'what':<24} {'us/event':>8} {'ratio':>7}")
    measure(24, 0)
    measure(12, 12)


if __name__ == "__main__":
    main()
