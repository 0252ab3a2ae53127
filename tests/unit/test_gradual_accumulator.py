"""Gathering evidence of slow changes over panes: when it grows, what it says, when it is over."""

import math

import msgspec
import numpy as np
import pytest

from stream.gradual import Accumulator, Ongoing
from stream.gradual.evidence import Evidence
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import layout_of, panes_of, rows_of

LEVEL = 1e-4
ROWS = 100


@pytest.fixture(scope="module")
def layout():
    rng = np.random.default_rng(1)
    return layout_of(
        {"x": rng.normal(size=10_000), "c": rng.choice(["a", "b", "c"], 10_000, p=[0.2, 0.3, 0.5]).tolist()}
    )


def _counts(layout, rng, shift=0.0, share=0.2, rows=ROWS):
    c = rng.choice(["a", "b", "c"], rows, p=[share, (1 - share) * 0.375, (1 - share) * 0.625])
    columns = {"x": rng.normal(shift, 1.0, rows), "c": c.tolist()}
    (pane,) = panes_of(layout, Schedule(60_000, 60_000), rows_of(layout, np.zeros(rows, dtype=np.int64), columns))
    return pane.counts


def _run(accumulator, layout, rng, panes, first=0, **change):
    """Feed panes numbered from ``first``, a minute each; return what was said at the last, by feature."""
    for place in range(first, first + panes):
        counts = _counts(layout, rng, **change)
        accumulator.add(place * 60_000, layout.runs.count(counts.cells))
    return _said(accumulator.measured(Sample.of_counts(layout, counts)))


def _said(measured):
    return {
        name: (float(measured.statistic[i]), float(measured.effect[i]), measured.p_value(i)[0], measured.trend(i))
        for i, name in enumerate(measured.features)
    }


def test_a_shift_that_no_window_shows_is_found_and_dated(layout):
    """By 0.45 standard deviations in windows of 100 rows: begun within two panes of the truth."""
    rng, accumulator = np.random.default_rng(2), Accumulator(layout, Policy(), LEVEL)
    assert _run(accumulator, layout, rng, 30)["x"][2] == 1.0
    wealth, effect, p, trend = _run(accumulator, layout, rng, 60, first=30, shift=-0.45)["x"]
    assert (trend.direction, trend.category) == ("down", None)
    assert 28 * 60_000 <= trend.since_ms <= 32 * 60_000
    assert effect == pytest.approx(0.125, abs=0.02)
    assert 2 * p < LEVEL
    assert p == math.exp(-wealth)


def test_a_category_that_grows_is_named(layout):
    """From 20 to 30 % at the cost of all others: the bet on it leads."""
    rng, accumulator = np.random.default_rng(3), Accumulator(layout, Policy(), LEVEL)
    _, effect, p, trend = _run(accumulator, layout, rng, 100, share=0.3)["c"]
    assert (trend.direction, trend.since_ms) == ("more", 0)
    assert trend.category == "a"
    assert effect == pytest.approx(0.1, abs=0.02)
    assert 2 * p < LEVEL


def test_changes_within_the_allowance_never_gather(layout):
    """Shifted by 0.2 of the 0.25 that are allowed, for 400 panes: no more than what chance brings."""
    rng, accumulator = np.random.default_rng(4), Accumulator(layout, Policy(), LEVEL)
    assert max(_run(accumulator, layout, rng, 40, first=40 * i, shift=0.2)["x"][0] for i in range(10)) < 3.0


def test_the_end_of_a_change_is_seen_in_the_first_clean_window(layout):
    """Wealth is still there, but the effect is back below its floor; 25 panes later nothing is left."""
    rng, accumulator = np.random.default_rng(5), Accumulator(layout, Policy(), LEVEL)
    _run(accumulator, layout, rng, 30, shift=3.0)
    counts = _counts(layout, rng, rows=1000)
    measured = accumulator.measured(Sample.of_counts(layout, counts))
    assert measured.statistic[0] > math.log(2 / LEVEL)
    assert measured.effect[0] < measured.floor(0, Policy())
    wealth, _, p, _ = _run(accumulator, layout, rng, 25, first=30)["x"]
    assert (wealth, p) == (0.0, 1.0)


def test_a_window_with_few_values_says_nothing_of_them(layout):
    """Of the missing rows alone, where there are enough rows; of nothing, where there are not."""
    accumulator = Accumulator(layout, Policy(min_samples=100), LEVEL)
    columns = {"x": np.where(np.arange(150) < 60, 4.0, np.nan), "c": ["a"] * 150}
    (pane,) = panes_of(layout, Schedule(60_000, 60_000), rows_of(layout, np.zeros(150, dtype=np.int64), columns))
    for place in range(5):
        accumulator.add(place, layout.runs.count(pane.counts.cells))
    said = _said(accumulator.measured(Sample.of_counts(layout, pane.counts)))
    assert said["x"][3].direction == "missing more"
    assert said["c"][3].category == "a"
    few = Sample.of_counts(layout, _counts(layout, np.random.default_rng(1), rows=99))
    assert accumulator.measured(few).features == ()
    assert accumulator.measured(few).family == 2


def test_what_is_remembered_goes_on_bit_by_bit(layout):
    """Written and read back after every pane, the same is said to the last digit."""
    rng, once = np.random.default_rng(6), Accumulator(layout, Policy(), LEVEL)
    again = Accumulator(layout, Policy(), LEVEL)
    for place in range(25):
        counts = _counts(layout, rng, shift=0.02 * place)
        reborn = Accumulator(layout, Policy(), LEVEL)
        reborn.resume(msgspec.msgpack.decode(msgspec.msgpack.encode(again.ongoing()), type=Ongoing))
        again = reborn
        for accumulator in (once, again):
            accumulator.add(place * 60_000, layout.runs.count(counts.cells))
        sample = Sample.of_counts(layout, counts)
        assert _said(once.measured(sample)) == _said(again.measured(sample))
    assert once.ongoing().bets


def test_other_floors_begin_anew(layout):
    """What was bet on another allowance is no evidence; a budget changed is no reason to forget."""
    accumulator = Accumulator(layout, Policy(), LEVEL)
    _run(accumulator, layout, np.random.default_rng(7), 5, shift=1.0)
    known = accumulator.ongoing()
    for policy, kept in [
        (Policy(thresholds={**Policy().thresholds, "mean": 0.3}), False),
        (Policy(feature_thresholds={"x": {"std": 0.3}}), False),
        (Policy(feature_thresholds={"x": {"ks": 0.3}}, min_samples=7), True),
    ]:
        other = Accumulator(layout, policy, LEVEL / 10)
        other.resume(known)
        assert bool(other.ongoing().bets) == kept


def test_evidence_is_the_recursion_of_cusum(layout):
    """M = max(1, M) * gain, capped; what is lost begins anew with the next pane."""
    accumulator = Accumulator(layout, Policy(), LEVEL)
    table, bins = accumulator._table, accumulator._bins
    rng, evidence = np.random.default_rng(8), Evidence.none(len(table.score))
    cap = np.full(len(table.score), 5.0)
    wealth, since = np.zeros(len(cap)), np.zeros(len(cap), dtype=np.int64)
    for place in range(40):
        cells = _counts(layout, rng, shift=0.5 if 10 <= place < 25 else 0.0).cells
        counts = bins.count(layout.runs.count(cells))
        since = np.where(wealth == 0.0, place, since)
        wealth = np.clip(wealth + table.gains.toarray() @ counts, 0.0, 5.0)
        evidence.add(table, place, counts, cap)
        assert evidence.log_wealth == pytest.approx(wealth)
        held = wealth > 0.0
        assert (evidence.since_ms[held] == since[held]).all()
        assert not evidence.n[~held].any()
        if place == 24:
            assert evidence.log_wealth.max() == 5.0
            leading = int(np.argmax(evidence.n * held * (evidence.since_ms >= 9)))
            assert evidence.n[leading] == ROWS * (25 - since[leading])
