"""What joining labels costs: CPU time of a prediction and of a label, memory of a prediction that waits, reading back.

    python -m benchmarks.joining [--predictions N]

Events of 24 features (about 650 bytes), in memory, without a broker; batches of 20,000. Every prediction gets a label.
Reading back is what a successor does before its first transaction: the labelled events, then the events, of a window.
"""

import argparse
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence

from consumers.decode import EventFormat
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.lane import Lane
from consumers.pairing import Joined, Pairer, PairTopics, labelled_offsets
from consumers.raw import RawBatch
from stream.join import JoinLimits

BATCH, FEATURES, START_MS = 20_000, 24, 1_700_000_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--predictions", type=int, default=200_000)
    count = parser.parse_args().predictions
    events = list(batches("events", list(predictions(count))))
    labels = list(batches("labels", [json.dumps({"id": f"event-{n}", "label": n % 7}).encode() for n in range(count)]))
    lane, taking = timed_take(events)
    joined, joining = timed_join(lane, labels)
    back = timed_back(events, joined)
    size = sum(map(len, (value for batch in events for value in batch.values if value))) / count
    print(f"events of {size:.0f} bytes, {count:,} of them, one core")
    print(f"a prediction read and kept        {1e6 * taking / count:6.1f} us")
    print(f"a label joined and written        {1e6 * joining / count:6.1f} us")
    print(f"a prediction read back            {1e6 * back / count:6.1f} us, {1e6 / count * back:.0f} s for a million")
    print(f"memory of one that waits          {memory(events[0]):6.0f} bytes beside the event's own")
    return 0


def predictions(count: int) -> Iterator[bytes]:
    """Yield events of a regression."""
    rng = random.Random(1)
    for number in range(count):
        features = {f"feature_{name}": round(rng.gauss(0, 1), 6) for name in range(FEATURES)}
        event = {"ts": START_MS + number, "id": f"event-{number}", "prediction": number % 5, "features": features}
        yield json.dumps(event).encode()


def batches(topic: str, values: Sequence[bytes]) -> Iterator[RawBatch]:
    """Cut records into batches of one partition."""
    for start in range(0, len(values), BATCH):
        part = values[start : start + BATCH]
        offsets = range(start, start + len(part))
        yield RawBatch(topic, 0, offsets, part, [START_MS + offset for offset in offsets])


def pairer() -> Pairer:
    """Return a pairer whose predictions wait for ever."""
    predictions_of = PredictionReader(EventFormat(timestamp="ts", features="features", id="id"), "prediction")
    topics = PairTopics("events", "labels", "labelled", "rejects")
    labels_of = LabelReader("id", "label", EventFormat())
    return Pairer(predictions_of, labels_of, "regression", JoinLimits(10**12, 10**9), topics)


def timed_take(events: Sequence[RawBatch]) -> tuple[Lane, float]:
    """Put all predictions into a window; return its lane and the CPU seconds."""
    pairs = pairer()
    lane = Lane(pairs.new_window(), 0)
    began_s = time.process_time()
    for batch in events:
        pairs.take(lane, batch, Joined())
    return lane, time.process_time() - began_s


def timed_join(lane: Lane, labels: Sequence[RawBatch]) -> tuple[Joined, float]:
    """Join all labels; return what is written and the CPU seconds."""
    pairs, joined = pairer(), Joined()
    began_s = time.process_time()
    for batch in labels:
        lane.hold(batch)
        pairs.join(lane, 0, lane.ripe(0, sys.maxsize), "", joined)
    return joined, time.process_time() - began_s


def timed_back(events: Sequence[RawBatch], joined: Joined) -> float:
    """Find the window again, half of it labelled; return the CPU seconds."""
    pairs, written = pairer(), [record.value or b"" for record in joined.records[::2]]
    lane = Lane(pairs.new_window(), 0)
    began_s = time.process_time()
    for batch in batches("labelled", written):
        lane.window.expect_labelled(labelled_offsets(batch, 0, ""))
    for batch in events:
        pairs.remember(lane, batch)
    return time.process_time() - began_s


def memory(batch: RawBatch) -> float:
    """Return the bytes that a waiting prediction takes beside its event."""
    pairs = pairer()
    lane = Lane(pairs.new_window(), 0)
    tracemalloc.start()
    pairs.take(lane, batch, Joined())
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(batch)


if __name__ == "__main__":
    sys.exit(main())
