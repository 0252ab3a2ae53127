"""The monitors of all segments: in step, bounded, and each as if it were alone."""

from copy import deepcopy

import msgspec
import numpy as np
import pytest

from stream.drift_event import Identity
from stream.memory import Memory
from stream.monitor import Monitor
from stream.monitors import Monitors
from stream.panes import Pane
from stream.policy import Policy
from stream.schedule import Schedule
from stream.segments import OTHER, Division, Segment
from tests.builders import layout_of, panes_of, rows_of

EVERY_MS, ROWS = 60_000, 150
SCHEDULE = Schedule(EVERY_MS, EVERY_MS)
POLICY = Policy(0.05 / EVERY_MS, checks=("ks", "mean"))


@pytest.fixture(scope="module")
def layout():
    rng = np.random.default_rng(1)
    return layout_of({"x": rng.normal(size=800).round(2)})


def _monitors(layout, division, policy=POLICY):
    def new_monitor(segment, rival):
        told = dict(zip(division.names, segment, strict=True))
        return Monitor(Identity("prices", "print", 800, told), layout, SCHEDULE, policy, rival)

    return Monitors(new_monitor, division)


def _pane(layout, segment: Segment, place: int, mean: float = 0.0, rows: int = ROWS) -> Pane:
    rng = np.random.default_rng([place, *map(ord, "".join(segment))])
    times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, rows).astype(int)
    (pane,) = panes_of(layout, SCHEDULE, rows_of(layout, times, {"x": rng.normal(mean, 1.0, rows)}))
    pane.segment = segment
    return pane


def _told(ticks):
    return [(tick.segment, tick.window, tick.status, [event.to_dict() for event in tick.events]) for tick in ticks]


def test_no_monitor_is_made_twice(layout):
    """One per segment; all further segments have the one that was there before the first event."""
    monitors = _monitors(layout, Division(("country",), most=1))
    made, new_monitor = [], monitors._new_monitor
    monitors._new_monitor = lambda segment, rival: made.append(segment) or new_monitor(segment, rival)
    for name in ("DE", "FR", "AT"):
        monitors.add(_pane(layout, (name,), 0))
    assert made == [("DE",)]
    assert monitors.each[OTHER,] is monitors.any
    assert monitors.any.open[0].counts.rows == 2 * ROWS


def test_each_segment_is_judged_as_if_it_were_alone(layout):
    """Same windows, same events; at every boundary all of them, in order of their names."""
    division = Division(("country",), most=5)
    panes = [_pane(layout, ("DE",), place, 2.0 if place > 2 else 0.0) for place in range(6)]
    panes += [_pane(layout, ("FR",), place) for place in range(6)]
    together = _monitors(layout, division)
    for pane in deepcopy(panes):
        together.add(pane)
    ticks = list(together.advance(6 * EVERY_MS))
    assert [tick.window.end_ms for tick in ticks] == [EVERY_MS * place for place in range(1, 7) for _ in "ab"]
    for segment in [("DE",), ("FR",)]:
        alone = _monitors(layout, division)
        for pane in deepcopy(panes):
            if pane.segment == segment:
                alone.add(pane)
        assert _told(tick for tick in ticks if tick.segment == segment) == _told(alone.advance(6 * EVERY_MS))
    opened = [event for tick in ticks for event in tick.events]
    assert [(event.type, event.segment) for event in opened] == [("drift.opened", {"country": "DE"})]


def test_segments_beyond_the_most_are_watched_together(layout):
    """No row is lost, and no more monitors are made than that."""
    monitors = _monitors(layout, Division(("user",), most=2))
    for number in range(10):
        assert monitors.add(_pane(layout, (f"u{number}",), 0)) == 0
    assert set(monitors.each) == {("u0",), ("u1",), (OTHER,)}
    assert {tick.segment: tick.window.n for tick in monitors.advance(EVERY_MS)} == {
        ("u0",): ROWS,
        ("u1",): ROWS,
        (OTHER,): 8 * ROWS,
    }


def test_what_is_sealed_is_late_for_a_new_segment_too(layout):
    """A boundary that was passed is not gone back to."""
    monitors = _monitors(layout, Division(("country",), most=5))
    monitors.add(_pane(layout, ("DE",), 3))
    assert len(list(monitors.advance(4 * EVERY_MS))) == 1
    assert monitors.add(_pane(layout, ("FR",), 3)) == ROWS
    assert monitors.add(_pane(layout, ("FR",), 4)) == 0


def test_a_version_is_compared_with_another_one(layout):
    """The window of the same time and segment; it drifts from version 1, and version 1 from nothing."""
    division = Division(("country", "version"), version_at=1, most=9)
    policy = Policy(0.05 / EVERY_MS, checks=("ks", "mean"), comparators=("1",), persist=(1, 1))
    monitors = _monitors(layout, division, policy)
    for place in range(3):
        for country, version, mean in [("DE", "1", 5.0), ("DE", "2", 5.0), ("FR", "1", 0.0), ("FR", "2", 3.0)]:
            monitors.add(_pane(layout, (country, version), place, mean))
    ticks = list(monitors.advance(3 * EVERY_MS))
    opened = [event for tick in ticks for event in tick.events]
    assert [(event.type, event.segment) for event in opened] == [("drift.opened", {"country": "FR", "version": "2"})]
    assert {check["comparator"] for check in opened[0].features[0]["checks"]} == {"1"}
    assert opened[0].summary.endswith("against version 1.")
    assert opened[0].features[0]["reference"]["mean"] == pytest.approx(0.0, abs=0.3)
    assert {tick.status for tick in ticks if tick.segment[1] == "1"} == {"uncompared"}


def test_a_restart_between_boundaries_changes_nothing(layout):
    """Written as bytes and read by other monitors: the same ticks follow, of known segments and of new ones."""
    division = Division(("country",), most=2)
    panes = [_pane(layout, (name,), place, 2.0 * (place > 2)) for place in range(6) for name in ("DE", "FR", "IT")]
    whole, cut = _monitors(layout, division), _monitors(layout, division)
    for pane in deepcopy(panes):
        whole.add(pane)
    expected = _told(whole.advance(6 * EVERY_MS))
    told = []
    for place in range(6):
        for pane in deepcopy(panes):
            if pane.start_ms == place * EVERY_MS:
                cut.add(pane)
        told += _told(cut.advance((place + 1) * EVERY_MS))
        memories = msgspec.msgpack.encode(cut.remember())
        held = [cut.pane(key) for key in sorted(cut.pane_keys())]
        cut = _monitors(layout, division)
        cut.restore(msgspec.msgpack.decode(memories, type=list[tuple[Segment, Memory]]), held)
    assert told == expected


def _without_values(layout, segment: Segment, place: int) -> Pane:
    pane = _pane(layout, segment, place)
    pane.counts.cells[layout.numeric_cells(0)] = 0
    pane.counts.cells[layout.numeric_specials(0).start] = ROWS
    return pane


def test_a_change_of_how_events_are_made_is_one_incident_whatever_their_segments(layout):
    """A feature is gone in all of them: told once, of the whole stream, by the first tick of the boundary."""
    monitors = _monitors(layout, Division(("country",), most=5))
    ticks = []
    for place in range(4):
        for name in ("DE", "FR"):
            monitors.add(_without_values(layout, (name,), place))
        ticks += monitors.advance((place + 1) * EVERY_MS)
    events = [event for tick in ticks for event in tick.events if event.reason == "schema_changed"]
    assert [(event.segment, event.window["n"]) for event in events] == [({}, 2 * ROWS)]
    assert monitors.untold() == []


def test_what_is_sealed_behind_an_early_test_is_told_without_a_tick(layout):
    """The boundary had its tick when patience ended; what its pane shows is not lost."""
    monitors = _monitors(layout, Division())
    for place in range(3):
        monitors.add(_without_values(layout, (), place))
    assert len(list(monitors.advance_early(3 * EVERY_MS, lambda start, end: 0.5))) == 3
    assert monitors.untold() == []
    assert list(monitors.advance(3 * EVERY_MS)) == []
    assert [event.reason for event in monitors.untold()] == ["schema_changed"]
    assert monitors.untold() == []
