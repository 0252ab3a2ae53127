"""Laws of slow changes: bets are fair whatever the distribution; evidence does not depend on how panes were counted."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.gradual import Accumulator
from stream.gradual.bets import BASELINE_RISK, Table, allowance
from stream.gradual.bins import Bins
from stream.gradual.scores import scores
from stream.policy import Policy
from stream.sample import Sample
from stream.schedule import Schedule
from tests.builders import layout_of, panes_of, rows_of

NUMBERS = st.lists(st.sampled_from([0.0, 0.0, 1.0, 2.5, 7.0, float("nan")]), min_size=40, max_size=200)
QUICK = settings(max_examples=60, deadline=None)


def _table(column, design_effect):
    layout = layout_of({"x": column})
    bins = Bins.of(layout)
    return Table.of(scores(layout, Policy(), bins), len(bins.starts), np.array([design_effect]))


def _within(score, direction, allowed, weights):
    """Return a distribution over the score's bins whose mean score goes as far as is allowed, and no further."""
    shares = np.asarray(weights) / sum(weights)
    values = direction * score.values
    mean, least = float(np.dot(shares, values)), int(np.argmin(values))
    if mean > allowed:
        # Mix with the bin that moves least until the mean is what is allowed.
        rest = (allowed - values[least]) / (mean - values[least])
        shares = rest * shares
        shares[least] += 1.0 - rest
    assert float(np.dot(shares, values)) <= allowed + 1e-12
    return shares


@given(NUMBERS, st.sampled_from([1.0, 1.0, 2.5]), st.data())
@QUICK
def test_no_distribution_within_the_allowance_makes_a_bet_favourable(column, design_effect, data):
    """The expected gain of one row is at most 1, for each bet and any shares of its bins that the allowance covers."""
    table = _table(column, design_effect)
    risk = BASELINE_RISK / (2 * len(table.scores))
    gains = table.gains.toarray()
    for bet, (at, direction) in enumerate(zip(table.score.tolist(), table.direction.tolist(), strict=True)):
        score = table.scores[at]
        weights = data.draw(st.lists(st.integers(1, 50), min_size=len(score.bins), max_size=len(score.bins)))
        shares = _within(score, direction, allowance(score, direction, risk, design_effect), weights)
        assert float(np.dot(shares, np.exp(gains[bet, score.bins]))) <= 1.0 + 1e-12


@pytest.mark.parametrize("design_effect", [1.0, 3.0])
def test_the_expected_gain_of_a_pane_is_at_most_one_by_enumeration(design_effect):
    """All panes of three rows that the training distribution itself can give, each with its probability."""
    table = _table([0.0] * 300 + [1.0] * 100 + [5.0] * 50 + [float("nan")] * 20, design_effect)
    for bet, at in enumerate(table.score.tolist()):
        score, gains = table.scores[at], table.gains[[bet], :].toarray()[0]
        shares = score.counts / score.n
        held = np.flatnonzero(shares).tolist()
        panes = itertools.product(held, repeat=3)
        expected = sum(
            np.prod(shares[list(pane)]) * np.exp(sum(gains[score.bins[place]] for place in pane)) for pane in panes
        )
        assert 0.0 < expected <= 1.0


@given(st.integers(0, 10_000), st.lists(st.integers(0, 60), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_how_batches_fall_changes_no_digit(seed, cuts):
    """Panes counted whole, or in any parts that were added up: the same is said, to the last bit."""
    rng = np.random.default_rng(seed)
    layout = layout_of({"x": rng.normal(size=400), "c": rng.choice(["a", "b"], 400).tolist()})
    whole, parts = (Accumulator(layout, Policy(min_samples=10), 1e-3) for _ in range(2))
    for start_ms in range(0, 6 * 60_000, 60_000):
        columns = {"x": rng.normal(2.0, 1.0, 60), "c": ["a"] * 60}
        rows = rows_of(layout, np.full(60, start_ms), columns)
        (pane,) = panes_of(layout, Schedule(60_000, 60_000), rows)
        whole.add(start_ms, layout.runs.count(pane.counts.cells))
        total = np.zeros(layout.size, dtype=np.int64)
        for low, high in itertools.pairwise(sorted({0, 60, *cuts})):
            part = {name: column[low:high] for name, column in columns.items()}
            (some,) = panes_of(layout, Schedule(60_000, 60_000), rows_of(layout, np.full(high - low, start_ms), part))
            total += some.counts.cells
        parts.add(start_ms, layout.runs.count(total))
    assert whole.ongoing() == parts.ongoing()
    assert whole.ongoing().bets
    sample = Sample.of_counts(layout, pane.counts)
    assert whole.measured(sample).statistic.tolist() == parts.measured(sample).statistic.tolist()
