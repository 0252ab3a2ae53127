"""What is said of how events are made does not depend on how they come: batches, partitions, workers."""

import itertools
import json
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import save
from baselines.fitting import fit
from consumers.assembly import assemble
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import RawBatch
from consumers.replay import Replay
from consumers.settings import load_settings
from stream.looks import Looks
from tests.builders import layout_of

START_S, PER_HOUR = 1_767_225_600, 2_000
CONFIG = """
[monitor]
name = "shapes"
[schedule]
every = "1h"
[events]
timestamp = "ts"
features = "features"
"""
KINDS = st.sampled_from(["text", "number", "array"])
NAMES = st.sampled_from(["a", "b", "c", "d"])
SEEN = st.dictionaries(NAMES, st.dictionaries(KINDS, st.integers(1, 5), min_size=1))
LOOKS = st.builds(Looks, st.integers(0, 5), SEEN)


@given(st.lists(LOOKS, max_size=6), st.randoms())
def test_looks_add_up_in_any_order(parts: list[Looks], order: random.Random) -> None:
    """Partitions and workers may be merged as they come."""
    first, second = Looks(), Looks()
    for one in parts:
        first.add(one)
    for one in order.sample(parts, len(parts)):
        second.add(one)
    assert first == second
    assert first.n == sum(one.n for one in parts)


def lines() -> list[bytes]:
    """Return a day of events; from the middle on one field is new, one is gone, a feature is text."""
    draw, found = random.Random(3), []
    for i in range(12 * PER_HOUR):
        event: dict[str, Any] = {"ts": START_S + 3600 * i / PER_HOUR, "by": "v1"}
        event["features"] = {"age": draw.randint(20, 60), "device": draw.choice("ab")}
        if i >= 6 * PER_HOUR:
            del event["by"]
            event["features"] |= {"age": str(draw.randint(20, 60)), "tier": "gold"}
        found.append(json.dumps(event).encode())
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what is said of the lines, as a function of the places at which they are cut into batches."""
    folder, draw = tmp_path_factory.mktemp("shapes"), random.Random(5)
    rows = [f"{draw.randint(20, 60)},{draw.choice('ab')}" for _ in range(500)]
    (folder / "train.csv").write_text("\n".join(["age,device", *rows]))
    save(fit([folder / "train.csv"]), folder / "baseline.json")
    (folder / "driftline.toml").write_text(CONFIG)
    assembly, events = assemble(load_settings(folder / "driftline.toml", {})), lines()

    def run(cuts: list[int]) -> list[dict[str, Any]]:
        edges = [0, *sorted(set(cuts)), len(events)]
        batches = [
            RawBatch("events", 0, range(start, end), events[start:end])
            for start, end in itertools.pairwise(edges)
            if start < end
        ]
        said = [event.to_dict() for tick in Replay(assembly).run(batches) for event in tick.events]
        return [event for event in said if event["type"] == "monitor.health"]

    return run


def test_the_changes_of_a_deployment_are_told_together(told: Any) -> None:
    """A feature and what nobody reads, in one incident, two hours behind the deployment."""
    (event,) = told([])
    assert (event["state"], event["reason"]) == ("begun", "schema_changed")
    changes = [(one["change"], one["field"]) for one in event["changes"]]
    assert changes == [("retyped", "age"), ("vanished", "by"), ("appeared", "features.tier")]
    assert event["window"]["end_ms"] == 1_000 * (START_S + 8 * 3_600)


@settings(max_examples=4)
@given(st.lists(st.integers(1, 12 * PER_HOUR - 1), max_size=30))
def test_batches_change_nothing(told: Any, cuts: list[int]) -> None:
    """The offset alone chooses what is looked at."""
    assert told(cuts) == told([])


def test_rows_that_come_apart_keep_their_looks() -> None:
    """Selecting rows, in any order, and joining them again loses no look and makes none up."""
    baseline = layout_of({"age": [1.0, 2.0], "device": ["a", "b"]}).baseline
    events = lines()[11_000:13_000]
    decoder = EventDecoder(baseline, EventFormat(timestamp="ts", features="features"))
    rows = decoder.decode(RawBatch("events", 0, range(11_000, 13_000), events)).rows
    index = np.random.default_rng(1).permutation(len(rows))
    apart = [rows.take(index[:700]), rows.take(index[700:])]
    whole = Looks.of(rows.looks)
    assert whole.n > 5
    assert Looks.of(type(rows).join(apart).looks) == whole
    assert Looks.of(replace(rows).take(np.arange(len(rows))).looks) == whole
