"""Streams that drift, recover, fall silent and come back, as panes."""

from collections.abc import Callable

import numpy as np
import pytest

from baselines import Layout
from stream.monitor import Monitor
from stream.panes import Pane
from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
ROWS = 60
POLICY = Policy(false_alarms_per_ms=0.05 / EVERY_MS, min_samples=40)


def _columns(rng: np.random.Generator, kind: str) -> dict[str, np.ndarray]:
    rows = {"few": 5}.get(kind, ROWS)
    x, c = rng.normal(0, 1, rows).round(2), rng.choice(["a", "b", "c"], rows).astype(object)
    if kind == "shift":
        x += 3.0
    elif kind == "both":
        x, c = x * 5.0, np.array([f"new {i % 7}" for i in range(rows)], dtype=object)
    elif kind == "empty":
        x[:] = np.nan
    return {"x": x, "c": c}


@pytest.fixture(scope="session")
def layout() -> Layout:
    """Return the layout that all streams here are counted on."""
    rng = np.random.default_rng(1)
    return layout_of({"x": rng.normal(0, 1, 400).round(2), "c": rng.choice(["a", "b", "c"], 400)}, x=1.0, c=0.3)


@pytest.fixture(scope="session")
def growth(layout: Layout) -> Callable[[list[str], int], list[Pane]]:
    """Return a builder: kinds of consecutive panes and a seed to what they grew, in parts from two partitions.

    Kinds are same, shift, both, empty (of values), few (rows) and none.
    """

    def build(kinds: list[str], seed: int) -> list[Pane]:
        rng, parts = np.random.default_rng(seed), []
        offsets = {0: 0, 1: 0}
        for place, kind in enumerate(kinds):
            columns = _columns(rng, kind) if kind != "none" else {"x": [], "c": []}
            cut = int(rng.integers(0, len(columns["x"]) + 1))
            for partition, span in enumerate((slice(0, cut), slice(cut, None))):
                part = {name: column[span] for name, column in columns.items()}
                times = place * EVERY_MS + rng.integers(0, EVERY_MS, len(part["x"]))
                times[:1] = place * EVERY_MS  # so that the first pane is whole
                rows = rows_of(layout, times, part, first_offset=offsets[partition])
                offsets[partition] += len(rows)
                parts += panes_of(layout, Schedule(EVERY_MS, EVERY_MS), rows, ("events", partition))
        return parts

    return build


@pytest.fixture(scope="session", params=["baseline", "previous"])
def new_monitor(layout: Layout, request: pytest.FixtureRequest) -> Callable[..., Monitor]:
    """Return a builder of monitors that have seen nothing, by panes per window and persistence.

    They compare with the baseline, or with that and with earlier windows.
    """
    comparators = tuple(dict.fromkeys(["baseline", request.param]))

    def build(panes_per_window: int = 1, persist: tuple[int, int] = (2, 3)) -> Monitor:
        policy = Policy(
            POLICY.false_alarms_per_ms, comparators=comparators, persist=persist, min_samples=POLICY.min_samples
        )
        return monitor_of(layout, Schedule(EVERY_MS, panes_per_window * EVERY_MS), policy)

    return build
