"""Laws of the monitor: what it says depends on the panes alone, and survives every restart."""

from copy import deepcopy
from itertools import islice

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.memory import Memory
from stream.packing import pack, unpack
from stream.panes import OffsetRanges, Pane

EVERY_MS = 60_000
KINDS = st.lists(
    st.sampled_from(["same", "same", "shift", "shift", "both", "empty", "few", "none"]), min_size=1, max_size=14
)
PERSIST = st.sampled_from([(1, 1), (2, 3), (2, 2), (1, 3)])
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Opens, changes (another feature joins), loses its values, falls silent, comes back, resolves, opens again.
LIFE = [
    *["same"] * 3,
    *["shift"] * 4,
    *["both"] * 4,
    *["empty"] * 2,
    *["few"] * 2,
    *["none"] * 6,
    *["same"] * 18,
    *["shift"] * 3,
]


def _told(ticks):
    return [(tick.window, tick.status, [event.to_dict() for event in tick.events]) for tick in ticks]


def _plain(monitor, parts, until_ms):
    """Return the ticks of a monitor that gets everything and then goes from boundary to boundary."""
    for part in parts:
        monitor.add(deepcopy(part))
    return list(monitor.advance(until_ms))


def _reborn(monitor, new):
    """Return a new monitor that knows what the old one wrote to the log, as bytes and no more."""
    panes = []
    for start in sorted(monitor.pane_starts(), reverse=True):
        pane = monitor.pane(start)
        counts = unpack(reversed(pack(pane.counts)), monitor.layout)
        facts = msgspec.msgpack.encode((pane.offsets, pane.first_ms))
        panes.append(Pane(start, counts, *msgspec.msgpack.decode(facts, type=tuple[OffsetRanges, int | None])))
    new.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(monitor.remember()), type=Memory), panes)
    return new


@given(KINDS, st.integers(0, 99), st.integers(1, 4), PERSIST, st.data())
@QUICK
def test_arrival_and_watermark_steps_change_nothing(growth, new_monitor, kinds, seed, panes_per_window, persist, data):
    """Parts of panes in any order that comes before their pane is sealed, and any steps of the watermark."""
    parts, end_ms = growth(kinds, seed), (len(kinds) + 6) * EVERY_MS
    expected = _told(_plain(new_monitor(panes_per_window, persist), parts, end_ms))
    monitor, ticks, waiting = new_monitor(panes_per_window, persist), [], list(parts)
    for until_ms in [*sorted(data.draw(st.lists(st.integers(0, end_ms), max_size=8))), end_ms]:
        due = [part for part in waiting if part.start_ms + EVERY_MS <= until_ms or data.draw(st.booleans())]
        waiting = [part for part in waiting if not any(part is one for one in due)]
        for part in data.draw(st.permutations(due)):
            assert monitor.add(deepcopy(part)) == 0
        ticks += monitor.advance(until_ms)
    assert _told(ticks) == expected


@pytest.mark.parametrize("panes_per_window", [1, 2, 3])
def test_a_restart_at_any_point_of_an_incidents_life_changes_nothing(growth, new_monitor, panes_per_window):
    """Between any two panes, watermarks or ticks: written, read back by another monitor, the future is the same."""
    parts, end_ms = growth(LIFE, 7), len(LIFE) * EVERY_MS
    expected = _told(_plain(new_monitor(panes_per_window), parts, end_ms))
    types = [event["type"] for _, _, events in expected for event in events]
    assert {"drift.opened", "drift.changed", "drift.resolved", "monitor.health"} <= set(types)
    steps = []
    for boundary in range(EVERY_MS, end_ms + 1, EVERY_MS):
        steps += [part for part in parts if part.start_ms == boundary - EVERY_MS]
        steps.append(boundary)
    monitor, ticks = new_monitor(panes_per_window), []
    for step in steps:
        if isinstance(step, int):
            ticks += monitor.advance(step)
        else:
            monitor.add(deepcopy(step))
        # Every step is taken by a monitor that was born just before: all cuts at once.
        monitor = _reborn(monitor, new_monitor(panes_per_window))
    assert _told(ticks) == expected


@given(KINDS, st.integers(0, 99), st.integers(1, 3), PERSIST, st.data())
@QUICK
def test_one_restart_anywhere_changes_nothing(growth, new_monitor, kinds, seed, panes_per_window, persist, data):
    """Also in the middle of many ticks that one watermark brought."""
    parts, end_ms = growth(kinds, seed), (len(kinds) + 4) * EVERY_MS
    expected = _told(_plain(new_monitor(panes_per_window, persist), parts, end_ms))
    cut = data.draw(st.integers(0, len(expected)))
    before = new_monitor(panes_per_window, persist)
    for part in parts:
        before.add(deepcopy(part))
    ticks = list(islice(before.advance(end_ms), cut))
    after = _reborn(before, new_monitor(panes_per_window, persist))
    ticks += after.advance(end_ms)
    assert _told(ticks) == expected


@given(KINDS, st.integers(0, 99), st.integers(1, 3), PERSIST)
@QUICK
def test_ids_are_distinct_and_incidents_well_formed(growth, new_monitor, kinds, seed, panes_per_window, persist):
    """No id twice; an incident opens first, resolves last, once each, and never beside another."""
    ticks = _plain(new_monitor(panes_per_window, persist), growth(kinds, seed), (len(kinds) + 6) * EVERY_MS)
    events = [event for tick in ticks for event in tick.events]
    assert len({event.id for event in events}) == len(events)
    open_now = None
    for event in events:
        if event.type == "drift.opened":
            assert open_now is None
            open_now = event.incident
        elif event.type == "drift.changed":
            assert open_now == event.incident
        elif event.type == "drift.resolved":
            assert open_now == event.incident
            open_now = None
    states = [event.state for event in events if event.type == "monitor.health"]
    assert states == ["begun", "ended"] * (len(states) // 2) + ["begun"] * (len(states) % 2)
