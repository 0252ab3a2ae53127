"""What a monitor holds does not grow: not with the traffic, and not with the length of the stream."""

import sys
from copy import deepcopy

import msgspec
import numpy as np
import pytest

from stream.memory import Memory
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000


@pytest.fixture(scope="module")
def layout():
    rng = np.random.default_rng(1)
    return layout_of({"x": rng.integers(0, 200, 2000).astype(float), "c": rng.choice(["a", "b"], 2000)})


def _deep_bytes(thing, seen):
    """Return the bytes of an object and of everything that it holds, each once; arrays with their contents."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes + sum(_deep_bytes(one, seen) for one in thing.ravel() if thing.dtype == object)
    held = [getattr(thing, name) for name in getattr(type(thing), "__slots__", ()) if hasattr(thing, name)]
    held += list(vars(thing).values()) if hasattr(thing, "__dict__") else []
    if isinstance(thing, dict):
        held += [*thing, *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        held += thing
    return sys.getsizeof(thing) + sum(_deep_bytes(one, seen) for one in held)


def _held(layout, panes, rows_per_pane):
    """Return the bytes a monitor holds after a stream, without its baseline, while an incident is open."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, 3 * EVERY_MS), Policy(checks=("ks", "chi2", "new_category")))
    rng = np.random.default_rng(2)
    largest = 0
    for place in range(panes):
        times = place * EVERY_MS + np.sort(rng.integers(0, EVERY_MS, rows_per_pane))
        names = np.array(["a", "b", *(f"new {i}" for i in range(500))], dtype=object)
        columns = {"x": 50.0 + rng.integers(0, 200, rows_per_pane), "c": rng.choice(names, rows_per_pane)}
        feed(monitor, panes_of(layout, monitor.schedule, rows_of(layout, times, columns)), place * EVERY_MS)
        shared = {id(layout), id(monitor.policy), id(monitor._references)}
        largest = max(largest, _deep_bytes(monitor, shared))
    assert monitor.incidents.open is not None
    return largest


def test_what_is_held_does_not_grow_with_the_traffic(layout):
    """Twenty times the events in the same panes: counters get wider by bytes, and nothing is added."""
    few, many = _held(layout, 12, 1_000), _held(layout, 12, 20_000)
    assert many < 1.3 * few


def test_what_is_held_does_not_grow_with_the_stream(layout):
    """Eight times the panes."""
    short, long = _held(layout, 10, 500), _held(layout, 80, 500)
    assert long < 1.05 * short


def test_the_measure_sees_what_is_kept(layout):
    """A pane more, a list more: the bytes say so."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), Policy())
    before = _deep_bytes(monitor, set())
    monitor.kept = [np.zeros(1000)]
    assert _deep_bytes(monitor, set()) >= before + 8000


def test_a_memory_is_plain_values(layout):
    """Written as bytes and read again it is the same, open incident, votes and all."""
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), Policy(persist=(1, 1)))
    times = np.arange(300)
    columns = {"x": np.full(300, 500.0), "c": ["z"] * 300}
    feed(monitor, panes_of(layout, monitor.schedule, rows_of(layout, times, columns)), EVERY_MS)
    memory = monitor.remember()
    assert memory.incident is not None
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=Memory) == deepcopy(memory)
