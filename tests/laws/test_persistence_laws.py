"""Laws of persistence, against a search through all choices of ticks."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream.persistence import AGREEING, CLEAN, COMPANION, NOVEL, OPENING, Vote, Votes

LEVELS = st.lists(st.sampled_from([CLEAN, AGREEING, COMPANION, OPENING, NOVEL]), min_size=1, max_size=16)
TRACE = -1
SAYINGS = st.lists(st.sampled_from([CLEAN, TRACE, AGREEING, OPENING, NOVEL]), min_size=1, max_size=16)
PERSIST = st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda pair: (pair[0], sum(pair)))


def _cast(levels, persist, panes):
    votes = Votes(*persist, panes)
    for tick, level in enumerate(levels, 1):
        carried = "x" in votes.novel(ticks_ahead=1)
        traces = {"x": 1.0} if level == TRACE and not carried else {}
        said = AGREEING if level == TRACE else level
        votes.add(Vote(tick - panes, tick, {"x": said} if said and not traces else {}, traces=traces))
    return votes


def _agree(levels, persist, panes, says):
    """Tell whether any choice of ticks within reach agrees on windows that do not overlap."""
    needed, of = persist
    reach = (of - 1) * panes + 1
    ticks = [tick for tick, level in enumerate(levels) if says(level) and tick >= len(levels) - reach]
    return any(
        all(later - earlier >= panes for earlier, later in pairwise(chosen)) for chosen in combinations(ticks, needed)
    )


@given(LEVELS, PERSIST, st.integers(1, 4))
def test_drift_lasts_exactly_when_enough_disjoint_windows_agree(levels, persist, panes):
    """Whichever ticks they are."""
    votes = _cast(levels, persist, panes)
    for least in (AGREEING, COMPANION, OPENING):
        assert votes.lasting("x", least) == _agree(levels, persist, panes, lambda level, least=least: level >= least)
    assert votes.gone("x", since_ms=-100) == _agree(levels, persist, panes, lambda level: level == CLEAN)
    reach = (persist[1] - 1) * panes + 1
    proved = {OPENING, NOVEL} & {*levels[-reach:]}
    assert votes.proven("x") == (votes.lasting("x", AGREEING) and bool(proved))


@given(SAYINGS, PERSIST, st.integers(1, 4))
def test_a_trace_agrees_exactly_where_something_new_was_proved_in_reach(sayings, persist, panes):
    """Of the tick that shows it, before or after; elsewhere it is as if it were not there."""
    before = (persist[1] - 1) * panes
    new = [tick for tick, said in enumerate(sayings) if said == NOVEL]
    plain = [
        (AGREEING if any(abs(tick - other) <= before for other in new) else CLEAN) if said == TRACE else said
        for tick, said in enumerate(sayings)
    ]
    with_traces, without = (_cast(levels, persist, panes) for levels in (sayings, plain))
    assert with_traces.proven("x") == without.proven("x")
    assert [vote.level("x") for vote in with_traces.recent] == [vote.level("x") for vote in without.recent]


@given(LEVELS, PERSIST, st.integers(1, 4))
def test_drift_that_fits_into_one_pane_never_lasts(levels, persist, panes):
    """Where two ticks must agree, one pane's burst, in every window that holds it, is not enough."""
    burst = [CLEAN] * len(levels) + [OPENING] * panes
    if persist[0] > 1:
        assert not _cast(burst, persist, panes).proven("x")


@given(LEVELS, PERSIST, st.integers(1, 4), st.integers(0, 16))
def test_what_is_gone_was_clean_after_it_joined(levels, persist, panes, since):
    """Ticks up to the one at which it joined do not count."""
    later = [OPENING] * min(since, len(levels)) + levels[since:]
    assert _cast(levels, persist, panes).gone("x", since) == _agree(later, persist, panes, lambda level: level == CLEAN)


@given(LEVELS, PERSIST, st.integers(1, 4))
def test_memory_is_bounded(levels, persist, panes):
    """However long the stream."""
    assert len(_cast(levels * 20, persist, panes).recent) <= (persist[1] - 1) * panes + 1
