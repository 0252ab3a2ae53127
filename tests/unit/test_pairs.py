"""Counters of pairs: recounted row by row, and the correlations read from them held against scipy."""

import numpy as np
import pytest
from scipy import stats

from baselines.cells import count_cells
from baselines.pairs import PairSums, count_pairs, pair_size
from baselines.scores import ScoreTable, rank_scores


def table_of(columns):
    """Return the score table of training columns, which may hold NaN."""
    scores = []
    for number, column in enumerate(columns):
        known = column[np.isfinite(column)]
        values = np.unique(known)
        scores.append(rank_scores(str(number), values, count_cells(values, known)))
    return ScoreTable(tuple(scores))


def sums_of(table, columns):
    """Return the sums that a window of these columns gives."""
    counters = count_pairs(table, columns, [not np.isfinite(column).all() for column in columns])
    levels = table.levels(np.stack(columns)).astype(int)
    usable = np.isfinite(np.stack(columns))
    totals = [[mask.sum(), one[mask].sum(), (one[mask] ** 2).sum()] for one, mask in zip(levels, usable, strict=True)]
    return PairSums(np.array(totals), counters), levels, usable


@pytest.fixture
def columns():
    """Return four columns of 5,000 rows, three of them with gaps of their own, one with an infinity."""
    rng = np.random.default_rng(3)
    x, y, z, u = rng.normal(size=(4, 5_000))
    y, z = x + y, np.round(z - x)
    y[rng.random(5_000) < 0.1], z[rng.random(5_000) < 0.3], u[17] = np.nan, np.nan, np.inf
    return [x, y, z, u]


def test_correlations_are_those_of_scipy_over_the_rows_that_both_have(columns):
    """Pairwise complete: each pair over its own rows, whatever else is missing in them."""
    sums, levels, usable = sums_of(table_of(columns), columns)
    for i in range(4):
        for j in set(range(4)) - {i}:
            both = usable[i] & usable[j]
            expected = stats.pearsonr(levels[i, both], levels[j, both]).statistic
            assert sums.n[i, j] == both.sum()
            assert sums.correlation[i, j] == pytest.approx(expected, rel=0, abs=1e-12)


def test_correlations_are_nearly_those_of_spearman():
    """A dozen bins lose little: without bins and by plain ranks the correlation is about the same."""
    x, noise = np.random.default_rng(4).normal(size=(2, 20_000))
    y = np.exp(x + 0.5 * noise)
    sums, _, _ = sums_of(table_of([x, y]), [x, y])
    assert sums.correlation[0, 1] == pytest.approx(stats.spearmanr(x, y).statistic, abs=0.02)


def test_a_feature_that_does_not_vary_has_no_correlation():
    """Nothing is divided by zero: such a pair is NaN, and the others stand."""
    x, y = np.random.default_rng(5).normal(size=(2, 300))
    table = table_of([x, y, x])
    sums, _, _ = sums_of(table, [x, np.full(300, 2.0), x])
    assert np.isnan(sums.correlation[:, 1]).all()
    assert sums.correlation[0, 2] == pytest.approx(1.0)


def test_full_columns_cost_no_counters_of_gaps(columns):
    """Where nothing is missing only the products are other than zero."""
    full = [np.nan_to_num(column, posinf=0.0) for column in columns]
    counters = sums_of(table_of(full), full)[0].counters
    assert len(counters) == pair_size(4) == 6 + 3 * 16
    assert counters[:6].all()
    assert not counters[6:].any()


def test_fewer_than_two_features_make_no_pair():
    """There is nothing to count."""
    assert (pair_size(0), pair_size(1), pair_size(2)) == (0, 0, 13)
