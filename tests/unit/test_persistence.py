"""Persistence: enough ticks must agree, on stretches of traffic that do not overlap."""

import pytest

from stream.persistence import AGREEING, CLEAN, COMPANION, NOVEL, OPENING, Carried, Vote, Votes

TRACE = "trace"


def _votes(levels, needed=2, of=3, panes_per_window=1, untested=()):
    """Return votes on feature x at consecutive ticks of length 10, a level each."""
    votes = Votes(needed, of, panes_per_window)
    for tick, level in enumerate(levels):
        end_ms = 10 * (tick + 1)
        missing = frozenset({"x"}) if tick in untested else frozenset()
        traces = {"x": 1.0} if level == TRACE else {}
        levels = {"x": level} if level and not traces else {}
        votes.add(Vote(end_ms - 10 * panes_per_window, end_ms, levels, missing, {}, traces))
    return votes


def test_one_tick_is_not_enough_where_two_are_asked_for():
    """The second one is."""
    assert not _votes([OPENING]).lasting("x", OPENING)
    assert _votes([OPENING, OPENING]).lasting("x", OPENING)


def test_two_of_three_need_not_be_neighbours():
    """But within the last three."""
    assert _votes([OPENING, CLEAN, OPENING]).lasting("x", OPENING)
    assert not _votes([OPENING, CLEAN, CLEAN, OPENING]).lasting("x", OPENING)


def test_one_of_one_asks_for_this_tick_alone():
    """The textbook recipe: no memory."""
    assert _votes([CLEAN, OPENING], 1, 1).lasting("x", OPENING)
    assert not _votes([OPENING, CLEAN], 1, 1).lasting("x", OPENING)


def test_overlapping_windows_are_one_stretch_of_traffic():
    """With windows of two panes, neighbours share a pane: only every second tick is another witness."""
    assert not _votes([OPENING, OPENING], panes_per_window=2).lasting("x", OPENING)
    assert _votes([OPENING, OPENING, OPENING], panes_per_window=2).lasting("x", OPENING)
    assert _votes([OPENING, CLEAN, OPENING], panes_per_window=2).lasting("x", OPENING)


def test_three_disjoint_windows_of_three_panes_take_seven_ticks():
    """The first, the fourth and the seventh; six are not enough."""
    assert not _votes([OPENING] * 6, 3, 3, 3).lasting("x", OPENING)
    assert _votes([OPENING] * 7, 3, 3, 3).lasting("x", OPENING)


def test_a_companions_level_does_not_count_as_opening():
    """But an opening one counts as a companion's."""
    assert not _votes([COMPANION, COMPANION]).lasting("x", OPENING)
    assert _votes([COMPANION, OPENING]).lasting("x", COMPANION)


def test_one_proof_and_agreement_are_enough():
    """In any order, within reach; agreement without a proof is not."""
    assert _votes([OPENING, AGREEING]).proven("x")
    assert _votes([AGREEING, CLEAN, OPENING]).proven("x")
    assert not _votes([COMPANION, COMPANION, COMPANION]).proven("x")
    assert not _votes([CLEAN, CLEAN, OPENING]).proven("x")
    assert not _votes([OPENING, AGREEING, CLEAN, AGREEING]).proven("x")


def test_the_proof_of_overlapping_windows_is_any_of_them():
    """Two windows of two panes that do not overlap agree, and one between them proves."""
    assert _votes([AGREEING, OPENING, AGREEING], panes_per_window=2).proven("x")
    assert not _votes([OPENING, OPENING], panes_per_window=2).proven("x")


def test_a_spent_proof_is_no_more_than_agreement():
    """That of the newest tick is kept, and so is what is said of other features."""
    votes = _votes([OPENING, COMPANION, OPENING])
    votes.spend("x")
    assert [vote.level("x") for vote in votes.recent] == [AGREEING, COMPANION, OPENING]
    votes.spend("y")
    assert [vote.level("y") for vote in votes.recent] == [CLEAN] * 3


def test_a_trace_of_what_training_never_had_agrees_with_what_proves_it():
    """And with no other proof: there it is nothing."""
    assert _votes([TRACE, CLEAN, NOVEL]).proven("x")
    assert not _votes([TRACE, OPENING]).proven("x")
    assert not _votes([TRACE, CLEAN, CLEAN, NOVEL]).proven("x")
    assert _votes([TRACE, NOVEL]).began_ms("x") == 0
    assert _votes([TRACE, OPENING]).began_ms("x") == 10
    assert not _votes([TRACE, TRACE, TRACE]).proven("x")


def test_what_is_new_stays_known_for_as_long_as_persistence_looks_back():
    """One of three: that of the oldest vote is forgotten with the next tick."""
    votes = _votes([NOVEL, CLEAN, OPENING])
    assert (votes.novel(), votes.novel(ticks_ahead=1)) == ({"x"}, frozenset())
    assert _votes([CLEAN, NOVEL]).novel(ticks_ahead=1) == {"x"}
    assert _votes([NOVEL], 1, 1).novel(ticks_ahead=1) == frozenset()


def test_a_spent_proof_of_something_new_hears_no_more_traces():
    """It has carried its incident."""
    votes = _votes([TRACE, NOVEL, CLEAN])
    votes.spend("x")
    assert [vote.level("x") for vote in votes.recent] == [AGREEING, AGREEING, CLEAN]
    assert votes.novel() == frozenset()


@pytest.mark.parametrize(("part", "opens"), [(1.0, False), (0.5, True), (0.51, False)])
def test_features_that_are_proved_together_share_what_a_trace_may_be(part, opens):
    """Of many, one shows a trace by chance: of two, each may have half of the p-value of one."""
    votes = Votes(2, 3, 1)
    votes.add(Vote(0, 10, {}, traces={"x": part}))
    votes.add(Vote(10, 20, {"x": NOVEL, "y": NOVEL}))
    assert votes.proven("x") == opens
    assert Carried(votes.novel()).allows("y") == 0.5


def test_gone_is_clean_for_as_long_as_drift_must_show():
    """One clean tick does not end it."""
    assert not _votes([OPENING, OPENING, CLEAN]).gone("x", since_ms=20)
    assert _votes([OPENING, OPENING, CLEAN, CLEAN]).gone("x", since_ms=20)
    assert _votes([OPENING, CLEAN, OPENING, CLEAN]).gone("x", since_ms=10)


def test_only_ticks_after_it_joined_can_say_that_it_is_gone():
    """Clean ticks before the drift are no witnesses of its end."""
    assert not _votes([CLEAN, CLEAN, OPENING], of=5).gone("x", since_ms=30)
    assert not _votes([CLEAN, OPENING, CLEAN], of=5).gone("x", since_ms=20)


def test_too_few_samples_are_neither_drift_nor_its_end():
    """A tick that could not test the feature is no witness of anything."""
    votes = _votes([OPENING, CLEAN, CLEAN], untested={1, 2})
    assert not votes.gone("x", since_ms=10)
    assert not votes.lasting("x", OPENING)
    assert votes.recent[-1].level("x") is None
    assert votes.recent[-1].level("y") == CLEAN


def test_a_level_stands_even_where_values_were_too_few():
    """Rows without any value can drift by being missing."""
    assert Vote(0, 10, {"x": OPENING}, frozenset({"x"})).level("x") == OPENING


def test_drift_began_where_its_first_window_did():
    """The earliest of the remembered windows that saw it; without one, the newest window."""
    assert _votes([CLEAN, COMPANION, OPENING]).began_ms("x") == 10
    assert _votes([CLEAN, OPENING], panes_per_window=3).began_ms("x") == -10
    assert _votes([CLEAN, CLEAN]).began_ms("x") == 10


def test_no_more_ticks_are_remembered_than_are_looked_at():
    """Two of three on windows of four panes look back over nine ticks."""
    assert len(_votes([OPENING] * 50, panes_per_window=4).recent) == 9
    assert len(_votes([OPENING] * 50).recent) == 3
