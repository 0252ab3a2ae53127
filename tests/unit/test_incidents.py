"""The life of an incident, from the first lasting drift to the last clean tick."""

from itertools import pairwise

import pytest

from stream.incidents import Incidents
from stream.persistence import AGREEING, COMPANION, NOVEL, OPENING, Carried, Vote, Votes

EVERY_MS = 10


class _Life:
    """Ticks of one monitor: each call is the next tick, with a level per feature that has one."""

    def __init__(self, panes_per_window=1, persist=(2, 3)):
        self.panes = panes_per_window
        self.incidents = Incidents(("prices", "f"), EVERY_MS * panes_per_window, Votes(*persist, panes_per_window))
        self.end_ms = 0

    def tick(self, severity="warning", untested=(), traces=(), **levels):
        """Return the change of this tick with the features it speaks of; None where there is none.

        Traces of features that a proof carries agree, as they do in ``stream.decision``.
        """
        self.end_ms += EVERY_MS
        start_ms, carried = self.end_ms - EVERY_MS * self.panes, self.incidents.carried()
        levels = {name: AGREEING for name in traces if carried.allows(name)} | levels
        left = {name: 1.0 for name in traces if name not in levels}
        vote = Vote(start_ms, self.end_ms, dict(sorted(levels.items())), frozenset(untested), {}, left)
        transition = self.incidents.tick(vote)
        if transition is None:
            transition = self.incidents.announce(vote, severity)
        elif self.incidents.open:
            self.incidents.said(self.incidents.open, vote, severity)
        self.last = transition
        return transition and (transition.change, set(transition.features))


@pytest.fixture
def opened():
    life = _Life()
    life.tick(x=OPENING)
    assert life.tick(x=OPENING) == ("drift.opened", {"x"})
    return life


def test_it_opens_when_drift_lasts():
    """Not at the first tick that sees it."""
    life = _Life()
    assert life.tick(x=OPENING) is None
    assert life.tick(x=OPENING) == ("drift.opened", {"x"})


def test_different_features_do_not_open_it_together():
    """Each must last by itself."""
    life = _Life()
    assert [life.tick(x=OPENING), life.tick(y=OPENING), life.tick(z=OPENING)] == [None] * 3


def test_a_burst_in_one_pane_of_overlapping_windows_does_not_open_it():
    """It shows in as many ticks as the window has panes, and all of them share it."""
    for panes in (2, 3, 5):
        life = _Life(panes_per_window=panes)
        assert [life.tick(x=OPENING) for _ in range(panes)] == [None] * panes
        assert [life.tick() for _ in range(3 * panes)] == [None] * (3 * panes)


def test_overlapping_windows_open_it_once_two_are_disjoint():
    """With three panes a window, at the fourth tick in a row."""
    life = _Life(panes_per_window=3)
    assert [life.tick(x=OPENING) for _ in range(3)] == [None] * 3
    assert life.tick(x=OPENING) == ("drift.opened", {"x"})


def test_companions_alone_do_not_open_it():
    """However long they show."""
    life = _Life()
    assert [life.tick(x=COMPANION) for _ in range(6)] == [None] * 6


@pytest.mark.parametrize("levels", [(AGREEING, OPENING), (OPENING, AGREEING), (COMPANION, OPENING)])
def test_one_tick_proves_the_drift_with_which_the_other_agrees(levels):
    """Whichever comes first; it opens at the tick that completes them."""
    first, second = levels
    life = _Life()
    assert life.tick(x=first) is None
    assert life.tick() is None
    assert life.tick(x=second) == ("drift.opened", {"x"})
    assert life.incidents.open.since_ms == {"x": 0}


def test_it_opens_only_at_a_tick_that_agrees():
    """Neither at a clean one, nor once the proof is out of reach."""
    life = _Life()
    assert [life.tick(x=OPENING), life.tick(), life.tick(), life.tick(x=AGREEING)] == [None] * 4


@pytest.mark.parametrize("level", [AGREEING, COMPANION])
def test_a_proof_carries_one_incident_only(level):
    """Drift proved before the last incident was over does not open another one on agreement."""
    life = _Life(persist=(1, 3))
    assert life.tick(x=OPENING) == ("drift.opened", {"x"})
    assert life.tick() == ("drift.resolved", {"x"})
    assert life.tick(x=level) is None
    assert life.tick(x=OPENING) == ("drift.opened", {"x"})


def test_a_feature_that_has_left_needs_another_proof_to_come_back(opened):
    """Its part in the open incident was carried by the first one."""
    for _ in range(2):
        opened.tick(x=OPENING, y=OPENING)
    assert opened.tick(x=OPENING) is None
    assert opened.tick(x=OPENING, y=OPENING) is None
    assert opened.tick(x=OPENING) == ("drift.changed", {"x"})
    opened.tick(x=OPENING, y=AGREEING)
    assert opened.incidents.open.core == {"x"}


def test_what_only_agrees_is_not_listed():
    """A few features in a hundred agree in any window: an event names those that are significant."""
    life = _Life()
    life.tick(x=OPENING, y=AGREEING)
    assert life.tick(x=OPENING, y=AGREEING, z=COMPANION) == ("drift.opened", {"x", "z"})


def test_drift_that_only_agrees_does_not_end(opened):
    """An incident is over when its features are clean, not when they are weaker than what opened it."""
    assert [opened.tick(x=AGREEING) for _ in range(9)] == [None] * 9
    assert opened.incidents.open.core == {"x"}


@pytest.mark.parametrize("trace_first", [True, False])
def test_a_trace_opens_it_beside_a_proof_of_something_new(trace_first):
    """Whichever comes first; beside any other proof it is nothing."""
    trace, told = {"traces": ("x",)}, []
    for proof in (NOVEL, OPENING):
        life = _Life()
        for levels in (trace, {"x": proof}) if trace_first else ({"x": proof}, trace):
            opened = life.tick(**levels)
        told.append(opened)
    assert told == [("drift.opened", {"x"}), None]


def test_before_it_opens_a_trace_agrees_for_as_long_as_the_proof_is_in_reach():
    """The proof is in reach for two ticks, and then forgotten."""
    life = _Life()
    life.tick(x=NOVEL)
    assert life.incidents.carried() == Carried(frozenset("x"))
    life.tick()
    assert life.incidents.carried() == Carried(frozenset("x"))
    life.tick()
    assert life.incidents.carried() == Carried()


def test_while_a_trace_of_something_new_is_left_it_is_not_over():
    """However long ago the proof was; without any for two ticks of three it is, and traces alone open nothing again."""
    life = _Life()
    assert [life.tick(x=NOVEL), life.tick(x=NOVEL)] == [None, ("drift.opened", {"x"})]
    assert [life.tick(traces=("x", "y")) for _ in range(9)] == [None] * 9
    assert life.incidents.carried().lingering == {"x"}
    assert [life.tick(), life.tick(traces=("x",)), life.tick()] == [None, None, ("drift.resolved", {"x"})]
    assert life.incidents.carried() == Carried()
    assert [life.tick(traces=("x",)) for _ in range(5)] == [None] * 5


def test_a_trace_does_not_keep_what_something_else_proved():
    """A shift of the mean is over when the mean is back, whatever lies outside the range now and then."""
    life = _Life()
    assert [life.tick(x=OPENING), life.tick(x=OPENING)] == [None, ("drift.opened", {"x"})]
    assert [life.tick(traces=("x",)), life.tick(traces=("x",))] == [None, ("drift.resolved", {"x"})]


def test_what_has_left_takes_its_proof_of_something_new_along():
    """The incident goes on with others; a trace of what left is nothing then."""
    life = _Life()
    for _ in range(2):
        life.tick(x=NOVEL, y=NOVEL)
    for _ in range(2):
        life.tick(y=NOVEL)
    assert set(life.incidents.open.joined_ms) == {"y"}
    assert life.incidents.carried() == Carried(frozenset("y"), frozenset("y"))


def test_companions_are_listed_when_it_opens():
    """Beside the feature that opened it, from this very tick."""
    life = _Life()
    life.tick(x=OPENING)
    assert life.tick(x=OPENING, y=COMPANION) == ("drift.opened", {"x", "y"})
    assert life.incidents.open.core == {"x"}


def test_it_resolves_after_as_many_clean_ticks_as_drift_needed(opened):
    """One clean tick is not enough; the end speaks of the features announced."""
    assert opened.tick() is None
    assert opened.tick() == ("drift.resolved", {"x"})
    assert opened.incidents.open is None


def test_one_clean_tick_between_drifting_ones_does_not_resolve_it(opened):
    """Two clean ticks of three are asked for, and drift that shows in two of three stays."""
    for _ in range(5):
        assert opened.tick() is None
        assert opened.tick(x=OPENING) is None
        assert opened.tick(x=OPENING) is None
    assert opened.incidents.open is not None


def test_companions_do_not_keep_it_open(opened):
    """When the last feature of the core is clean the incident is over, whoever else moves."""
    assert opened.tick(y=COMPANION) is None
    assert opened.tick(y=COMPANION) == ("drift.resolved", {"x"})


def test_a_companion_that_lasts_is_listed_without_news(opened):
    """It joins the members, and no event is sent for it."""
    assert opened.tick(x=OPENING, y=COMPANION) is None
    assert opened.tick(x=OPENING, y=COMPANION) is None
    assert set(opened.incidents.open.joined_ms) == {"x", "y"}
    assert opened.incidents.open.core == {"x"}


def test_a_feature_that_joins_lastingly_is_news(opened):
    """Told once, when it has lasted."""
    assert opened.tick(x=OPENING, y=OPENING) is None
    assert opened.tick(x=OPENING, y=OPENING) == ("drift.changed", {"x", "y"})
    assert opened.tick(x=OPENING, y=OPENING) is None


def test_a_feature_that_leaves_lastingly_is_news(opened):
    """The incident goes on with the others, and they alone are told."""
    for _ in range(2):
        opened.tick(x=OPENING, y=OPENING)
    assert opened.tick(y=OPENING) is None
    assert opened.tick(y=OPENING) == ("drift.changed", {"y"})
    assert opened.incidents.open.core == {"y"}


def test_a_worse_severity_is_news(opened):
    """And the same one again is not."""
    assert opened.tick(x=OPENING, severity="critical") == ("drift.changed", {"x"})
    assert opened.tick(x=OPENING, severity="critical") is None


def test_a_severity_that_falls_and_rises_again_is_no_news(opened):
    """At its border it would do so for days; what was told once at its worst stays told."""
    opened.tick(x=OPENING, severity="critical")
    turns = ["warning", "critical", "info", "critical"] * 3
    assert [opened.tick(x=OPENING, severity=severity) for severity in turns] == [None] * 12


def test_change_is_told_once_a_window_at_most():
    """However often the core turns over."""
    life = _Life(panes_per_window=4)
    drifting = {"x": OPENING}
    turns = [drifting | ({f"f{turn // 9}": OPENING} if turn else {}) for turn in range(60)]
    changes = [life.tick(**turn) for turn in turns]
    told = [tick for tick, change in enumerate(changes) if change]
    assert changes[told[0]][0] == "drift.opened"
    assert len(told) > 3
    assert min(later - earlier for earlier, later in pairwise(told)) >= 4


def test_nothing_is_told_of_a_tick_in_which_the_core_does_not_drift(opened):
    """It is either nearly over or too early to say: no change of severity at a clean tick."""
    assert opened.tick(severity="info") is None


def test_too_few_samples_neither_keep_nor_end_it(opened):
    """The incident waits until there is something to see."""
    assert [opened.tick(untested={"x"}) for _ in range(9)] == [None] * 9
    assert opened.incidents.open is not None
    assert opened.tick() is None
    assert opened.tick() == ("drift.resolved", {"x"})


def test_it_remembers_when_each_feature_began_to_drift(opened):
    """The start of the first window that saw it, not of the tick that was sure."""
    opened.tick(x=OPENING, y=OPENING)
    opened.tick(x=OPENING, y=OPENING)
    assert opened.incidents.open.since_ms == {"x": 0, "y": 20}


def test_a_second_incident_has_an_id_of_its_own(opened):
    """And the same ticks give the same two ids."""

    def ids():
        life, found = _Life(), []
        for levels in ({"x": OPENING}, {"x": OPENING}, {}, {}, {}, {"x": OPENING}, {"x": OPENING}):
            life.tick(**levels)
            if life.last:
                found.append((life.last.change, life.last.incident.id))
        return found

    changes, incidents = zip(*ids(), strict=True)
    assert changes == ("drift.opened", "drift.resolved", "drift.opened")
    assert incidents[0] == incidents[1] != incidents[2]
    assert ids() == ids()


def test_with_one_of_one_every_tick_decides():
    """Opens at once, resolves at once."""
    life = _Life(persist=(1, 1))
    told = [life.tick(x=OPENING), life.tick(x=OPENING), life.tick(), life.tick()]
    assert told == [("drift.opened", {"x"}), None, ("drift.resolved", {"x"}), None]
