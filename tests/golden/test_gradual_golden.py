"""Slow changes through a monitor with the default decisions: found, dated, told and ended."""

import numpy as np
import pytest

from stream.policy import CHECKS, CUSUM, Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 3_600_000
ROWS = 100
WINDOWED = tuple(check for check in CHECKS if check != CUSUM)


@pytest.fixture(scope="module")
def layout():
    """Return four numbers and a category, as trained."""
    rng = np.random.default_rng(1)
    numbers = {f"x{i}": rng.normal(size=20_000).round(1) for i in range(4)}
    return layout_of({**numbers, "device": rng.choice(["mobile", "desktop"], 20_000, p=[0.3, 0.7]).tolist()})


def _stream(layout, panes, change, seed=2):
    """Return panes of 100 rows; ``change(pane)`` says how x3 is stretched and moved, and the share of mobiles."""
    rng, schedule = np.random.default_rng(seed), Schedule(EVERY_MS, EVERY_MS)
    for place in range(panes):
        stretch, shift, mobile = change(place)
        columns = {f"x{i}": rng.normal(size=ROWS).round(1) for i in range(4)}
        columns["x3"] = (rng.normal(size=ROWS) * stretch + shift).round(1)
        columns["device"] = rng.choice(["mobile", "desktop"], ROWS, p=[mobile, 1.0 - mobile]).tolist()
        times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, ROWS).astype(np.int64)
        yield from panes_of(layout, schedule, rows_of(layout, times, columns))


def _told(layout, panes, change, checks=CHECKS, seed=2):
    monitor = monitor_of(layout, Schedule(EVERY_MS, EVERY_MS), Policy(checks=checks))
    ticks = feed(monitor, _stream(layout, panes, change, seed), panes * EVERY_MS)
    return [event for tick in ticks for event in tick.events]


def _pane(event):
    """Return the number of the pane at whose end an event was told."""
    return event.window["end_ms"] // EVERY_MS - 1


def test_a_small_step_that_no_window_shows_is_found_dated_and_ended(layout):
    """10 % more mobiles from pane 40 to 160, in windows of 100 rows that all happen to be silent till then."""

    def change(place):
        return 1.0, 0.0, 0.4 if 40 <= place < 160 else 0.3

    opened, *between, resolved = _told(layout, 180, change, seed=5)
    assert {event.type for event in between} <= {"drift.changed"}
    assert _told(layout, _pane(opened) + 1, change, WINDOWED, seed=5) == []
    assert (opened.type, resolved.type) == ("drift.opened", "drift.resolved")
    (feature,) = opened.features
    assert abs(feature["since_ms"] // EVERY_MS - 40) <= 3
    assert 50 < _pane(opened) < 130
    assert 160 <= _pane(resolved) <= 165
    assert opened.summary.startswith("device has been moving ")
    assert ", since 1970-01-02 1" in opened.summary
    (cusum,) = [check for check in feature["checks"] if check["drift"]]
    assert cusum["check"] == CUSUM
    assert cusum["effect"] == pytest.approx(0.1, abs=0.02)
    assert cusum["p_adjusted"] <= 0.2 / 720


@pytest.mark.parametrize(
    ("change", "name", "directions", "passed", "seed"),
    [
        (lambda place: (1.0 - 0.002 * place, 0.0, 0.3), "x3", {"narrower"}, 50, 8),
        (lambda place: (1.0, 0.0, 0.3 + 0.001 * place), "device", {"more", "less"}, 50, 3),
    ],
)
def test_what_slides_is_opened_before_windows_alone_would(layout, change, name, directions, passed, seed):
    """Narrower, or more mobiles, bit by bit: begun soon after the floor was passed, found before windows alone."""
    opened = _told(layout, 170, change, seed=seed)[0]
    (feature,) = opened.features
    trend = next(check["trend"] for check in feature["checks"] if check["check"] == CUSUM)
    assert feature["name"] == name
    assert trend["direction"] in directions
    assert passed - 10 <= feature["since_ms"] // EVERY_MS <= passed + 30
    assert _told(layout, _pane(opened) + 1, change, WINDOWED, seed=seed) == []


def test_nothing_is_said_of_what_stays_within_its_floor(layout):
    """Moved by 0.15 of 0.25, stretched by 0.04 of 0.1, 3 of 5 % more mobiles, for 300 windows."""
    assert _told(layout, 300, lambda place: (1.04, 0.15, 0.33)) == []
