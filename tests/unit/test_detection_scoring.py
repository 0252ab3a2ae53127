"""The detection benchmark's own arithmetic: power, delay, false alarms and attribution of known verdicts."""

import math

import numpy as np
import pytest

from benchmarks.detectors import above, constant
from benchmarks.scenarios import CHANGES, END, WINDOWS, Stream, simulated
from benchmarks.scoring import GRACE, Verdict, scored
from benchmarks.scoring_table import Line, leads


@pytest.fixture(scope="module")
def stream() -> Stream:
    """Return a stream whose windows 8 to 15 have one changed feature."""
    return simulated("stuck", 0, 1)


def test_always_has_all_power_and_all_false_alarms_and_never_has_none(stream: Stream) -> None:
    """The lines that do not look show what a column is worth: power 1 at once and 1,000 false, or 0 of both."""
    always, never = (scored([(stream, constant(stream, says))]) for says in (True, False))
    assert (always.power("stuck"), always.delay("stuck"), always.false_share) == (1.0, 1.0, 1.0)
    assert (always.precision, always.recall) == (1 / 8, 1.0)
    assert (never.power("stuck"), never.false_share) == (0.0, 0.0)
    assert math.isnan(never.delay("stuck"))


def test_alarms_count_by_where_they_fall(stream: Stream) -> None:
    """Two windows into the change is a delay of 3; alarms soon after its end count as nothing, later ones as false."""
    scores = np.zeros((WINDOWS, 8))
    place = list(stream.reference).index("counts")
    scores[[10, END + GRACE - 1, END + GRACE], place] = 2.0
    score = scored([(stream, above(scores, 1.0))])
    assert (score.power("stuck"), score.delay("stuck")) == (1.0, 3.0)
    assert (score.false, score.quiet) == (1, WINDOWS - (END - 8) - GRACE)
    assert (score.precision, score.recall) == (1.0, 1.0)


def test_each_scenario_changes_what_it_says_and_nothing_before() -> None:
    """The rows before the first changed window are those of ordinary traffic, of every feature and scenario."""
    for scenario, (_, intervals) in CHANGES.items():
        one = simulated(scenario, 0, 1)
        first = intervals[0][0] * one.window
        for name in one.changed - {"few", "many"}:
            known, before = one.reference[name], one.stream[name][:first]
            assert abs(np.mean(before) - np.mean(known)) < 0.2 * np.std(known)
        assert one.changed


def test_a_peer_ahead_in_a_column_is_named(stream: Stream) -> None:
    """Whoever catches more at equal false alarms is listed, with both figures."""
    blind = Verdict(np.zeros(WINDOWS, dtype=bool), np.zeros((WINDOWS, 8), dtype=bool))
    ours, peer = (scored([(stream, verdict)]) for verdict in (blind, constant(stream, True)))
    lines = [Line("driftline", "", True, ours, 1), Line("peer", "", True, peer, 1)]
    assert "stuck: peer catches 100%, driftline 0%" in leads(lines, ("stuck",))
    assert "No peer" in leads([lines[0]], ("stuck",))
