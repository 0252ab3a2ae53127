"""Concept drift: how often the check of the relation is wrong, what it finds, and what it does not confuse.

    python benchmarks/concept.py [--draws 20000] [--streams 40] [--seed 1] [--part level,streams]

``level``: windows in which nothing changed, a baseline drawn and its strata grown anew for every 100 of them; the share
in which p is at most a level, over that level. The last line moves the inputs of every window at random, and not the
relation: what is left within the strata shows there. ``streams``: 24 windows of 1,000 rows with the default decision,
the change from the ninth on; the share of streams in which an incident opened, in which the relation is said to have
changed, in which the inputs are, and the median number of windows until the relation was first said to have. Beside it,
on the same windows, a test of the error rate alone at the same level, which does not know the mix.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines import Layout
from stream.checks import measure
from stream.counts import Counts
from stream.decision import tick_level
from stream.labelled import Task
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from stream.tails import hypergeometric_two_sided
from tests.builders import feed, monitor_of, panes_of
from tests.labelled_rows import draw, fitted, labelled, sigmoid, window

HOUR_MS = 3_600_000
SCHEDULE = Schedule(HOUR_MS, HOUR_MS)
LEVELS = (0.05, 0.01, 1e-3, 1e-4)
WINDOWS_PER_BASELINE, WINDOWS, CHANGE_AT, ROWS = 100, 24, 8, 1_000
CASES: dict[str, dict[str, float]] = {
    "nothing": {},
    "labels flipped, 5 %": {"flipped": 0.05},
    "labels flipped, 10 %": {"flipped": 0.1},
    "labels flipped, 20 %": {"flipped": 0.2},
    "boundary turned by 20 degrees": {"turned": np.pi / 9},
    "boundary turned by 45 degrees": {"turned": np.pi / 4},
    "inputs moved by 1 sd": {"mean": 1.0},
    "inputs half as far from the boundary": {"scale": 0.5},
    "inputs twice as far from the boundary": {"scale": 2.0},
    "the same, labels flipped, 10 %": {"scale": 2.0, "flipped": 0.1},
    "two fifths of the negatives": {"positives": 0.4},
}


def baseline_of(rng: np.random.Generator, task: Task, rows: int) -> Layout:
    """Return the layout of a baseline of rows drawn anew."""
    with tempfile.TemporaryDirectory() as folder:
        return Layout(fitted(Path(folder) / "rows.jsonl", labelled(*draw(rng, rows), task), task))


def level(draws: int, seed: int) -> None:
    print(f"| p of `relation`, {draws:,} windows | {' | '.join(f'{one:g}' for one in LEVELS)} |")
    print("|---|" + "---|" * len(LEVELS))
    policy = Policy(checks=("relation",))
    for task in ("classification", "probability"):
        for rows, n in ((10_000, 1_000), (2_000, 200)):
            line = _observed(task, (rows, n), draws, policy, seed)
            print(f"| {task}, {rows:,} and {n:,} rows | {line} |", flush=True)
    moved = _observed("classification", (10_000, 1_000), draws, policy, seed, spread=0.5)
    print(f"| classification, 10,000 and 1,000 rows, inputs moved | {moved} |", flush=True)


def _observed(task: Task, sizes: tuple[int, int], draws: int, policy: Policy, seed: int, spread: float = 0.0) -> str:
    rng = np.random.default_rng(seed)
    p_values: list[float] = []
    while len(p_values) < draws:
        layout = baseline_of(rng, task, sizes[0])
        reference = Sample.of_baseline(layout)
        for _ in range(WINDOWS_PER_BASELINE):
            now = _counted(layout, draw(rng, sizes[1], mean=spread * rng.normal()), task)
            (found,) = measure(reference, Sample.of_counts(layout, now), policy)
            p_values.append(found.p_decision(0) if len(found) else 1.0)
    return " | ".join(f"{np.mean(np.array(p_values) <= one) / one:.2f}" for one in LEVELS)


def _counted(layout: Layout, rows: tuple[NDArray[np.float64], NDArray[np.int64]], task: Task) -> Counts:
    """Return the counters of the relation alone, without the way over events."""
    assert layout.strata is not None
    inputs, labels = rows
    scores = sigmoid(inputs @ np.array([1.5, -1.0]))
    names = {one.name: one.categories for one in layout.baseline.categorical}
    columns: dict[str, Any] = {"a": inputs[:, 0], "b": inputs[:, 1], "driftline.prediction": scores}
    if task == "classification":
        wrong = (scores > 0.5) != labels.astype(bool)
        columns["driftline.error"] = np.where(wrong, *(names["driftline.error"].index(w) for w in ("wrong", "right")))
        columns["driftline.confidence"] = np.maximum(scores, 1.0 - scores)
        answers = (names["driftline.prediction"].index(one) for one in ("1", "0"))
        columns["driftline.prediction"] = np.where(scores > 0.5, *answers)
    else:
        outcomes = (names["driftline.target"].index(one) for one in ("positive", "negative"))
        columns["driftline.target"] = np.where(labels == 1, *outcomes)
    counts = Counts.zero(layout)
    counts.cells[layout.relation_cells] = layout.strata.count(columns.__getitem__, len(labels))
    return counts


def streams(count: int, seed: int) -> None:
    print(f"| what changes, {count} streams | opened | relation | inputs | windows until | error rate alone |")
    print("|---|---|---|---|---|---|", flush=True)
    for name, change in CASES.items():
        told = [_stream(np.random.default_rng([seed, number]), change) for number in range(count)]
        opened, relation, inputs, alone = (np.mean([one[key] for one in told]) for key in _KEYS)
        delays = [one["delay"] for one in told if one["delay"] is not None]
        delay = f"{np.median(delays):.0f}" if delays else "-"
        print(f"| {name} | {opened:.0%} | {relation:.0%} | {inputs:.0%} | {delay} | {alone:.0%} |", flush=True)


_KEYS = ("opened", "relation", "inputs", "alone")


def _stream(rng: np.random.Generator, change: dict[str, float]) -> dict[str, Any]:
    layout = baseline_of(rng, "classification", 10_000)
    monitor = monitor_of(layout, SCHEDULE, Policy())
    tick = tick_level(monitor.policy, HOUR_MS)
    told: dict[str, Any] = dict.fromkeys(_KEYS, False) | {"delay": None}
    for hour in range(WINDOWS):
        rows = labelled(*draw(rng, ROWS, **(change if hour >= CHANGE_AT else {})), "classification")
        counted = panes_of(layout, SCHEDULE, window(layout, rows, "classification", hour * HOUR_MS))
        told["alone"] |= _error_rate(layout, counted[0].counts) <= tick
        for event in (event for done in feed(monitor, counted, (hour + 1) * HOUR_MS) for event in done.events):
            concept = event.concept or {"relation": False, "inputs": False}
            told["opened"] = True
            told["inputs"] |= concept["inputs"]
            if concept["relation"] and told["delay"] is None:
                told["relation"], told["delay"] = True, hour + 1 - CHANGE_AT
    return told


def _error_rate(layout: Layout, now: Counts) -> float:
    """Return the p-value of the share of wrong predictions, as the check "frequency" tests it."""
    place = next(i for i, one in enumerate(layout.baseline.categorical) if one.name == "driftline.error")
    feature, cells = layout.baseline.categorical[place], now.cells[layout.categorical_cells(place)]
    wrong = feature.categories.index("wrong")
    both = feature.counts + cells
    return hypergeometric_two_sided(int(cells[wrong]), int(both.sum()), int(both[wrong]), int(cells.sum()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="level,streams")
    options = parser.parse_args()
    parts = {
        "level": lambda: level(options.draws, options.seed),
        "streams": lambda: streams(options.streams, options.seed),
    }
    for part in options.part.split(","):
        parts[part]()
        print()


if __name__ == "__main__":
    main()
