"""Stories of a monitor: what each pane held, and what was said at its end."""

import numpy as np
import pytest
from scipy import stats

from stream.policy import Policy
from stream.schedule import Schedule
from tests.builders import feed, layout_of, monitor_of, panes_of, rows_of

EVERY_MS = 60_000
ROWS = 120
SAID = {"drift.opened": "O", "drift.changed": "C", "drift.resolved": "R", "begun": "b", "ended": "e"}

# A pane per letter: . as in training, x or y with that feature shifted, z both, m without values of x, - few rows,
# _ nothing at all. A letter per tick: . nothing was said, i incomplete, O opened, C changed, R resolved, b and e health
# begun and ended; a boundary that was skipped has no tick.
STORIES = [
    # what happens, panes per window, panes, what is said
    ("nothing", 1, "......", "......"),
    ("a burst", 1, "..x....", "......."),
    ("a step", 1, "..xxxx....", "...O...R.."),
    ("a step seen through a window of two", 2, "..xxxxx......", "i...O.....R.."),
    ("a step seen through a window of three", 3, "...xxxxxxx..........", "ii....O........R...."),
    ("a burst seen through a window of three", 3, "....x.......", "ii.........."),
    ("one clean pane inside", 1, "..xx.xx.xx..", "...O.......R"),
    ("another feature joins", 1, "..xxzzz....", "...O.C..R.."),
    ("one of two leaves", 1, "..zzzxxx....", "...O..C..R.."),
    ("one hands over to another", 1, "..xxyyy....", "...O.C..R.."),
    ("values stop coming", 1, "..mmm....", "...O..R.."),
    ("drift, then too few", 1, "..xx---xx..", "...Ob..e..R"),
    ("a silence", 1, "...____...", "...be.."),
    ("few from the start", 1, "---...", "b..e.."),
    ("a silence in an incident", 1, ".xx_____x..", "..Obe.R"),
]


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": _normal(600), "y": _normal(600)})


def _normal(rows, shift=0.0):
    """Return evenly spaced quantiles: a sample without luck, so that a story has one ending."""
    return stats.norm.ppf((np.arange(rows) + 0.5) / max(rows, 1)) + shift


def _pane(layout, schedule, place, letter):
    rows = {"-": 10, "_": 0}.get(letter, ROWS)
    columns = {name: _normal(rows, 3.0 if letter in (name, "z") else 0.0) for name in ("x", "y")}
    if letter == "m":
        columns["x"][:] = np.nan
    times = place * EVERY_MS + np.linspace(0, EVERY_MS - 1, rows).astype(np.int64)
    return panes_of(layout, schedule, rows_of(layout, times, columns))


def _word(tick):
    if tick.status == "incomplete":
        return "i"
    return "".join(SAID[event.state or event.type] for event in tick.events) or "."


@pytest.mark.parametrize(
    ("panes_per_window", "panes", "said"), [story[1:] for story in STORIES], ids=[s[0] for s in STORIES]
)
def test_the_story_is_told_as_it_was(layout, panes_per_window, panes, said):
    """Tick by tick."""
    schedule = Schedule(EVERY_MS, panes_per_window * EVERY_MS)
    monitor = monitor_of(layout, schedule, Policy(false_alarms_per_ms=0.01 / EVERY_MS))
    counted = [pane for place, letter in enumerate(panes) for pane in _pane(layout, schedule, place, letter)]
    ticks = feed(monitor, counted, len(panes) * EVERY_MS)
    assert "".join(_word(tick) for tick in ticks) == said
