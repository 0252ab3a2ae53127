"""Rank scores: bins of about equal shares, levels that grow with the rank."""

import numpy as np
import pytest
from scipy import stats

from baselines.cells import count_cells
from baselines.scores import CENTRE, HIGHEST_LEVEL, MOST_BINS, ScoreTable, largest_bin, rank_scores


def scores_of(column):
    """Return the values, the cells and the rank scores of a column."""
    values = np.unique(column)
    cells = count_cells(values, np.asarray(column, dtype=float))
    return values, cells, rank_scores("x", values, cells)


def test_bins_hold_about_equal_shares_and_levels_are_mean_normal_scores():
    """With distinct values every bin holds a twelfth, and its level the mean of the normal scores of its ranks."""
    column = np.random.default_rng(1).lognormal(size=12_000)
    values, cells, scores = scores_of(column)
    assert np.bincount(np.searchsorted(scores.edges, column)).tolist() == [1_000] * MOST_BINS
    normal = stats.norm.ppf((np.arange(12_000) + 0.5) / 12_000).reshape(MOST_BINS, -1).mean(axis=1)
    assert scores.levels.tolist() == (np.rint(8 * normal) + CENTRE).tolist()
    assert largest_bin(scores, values, cells) == pytest.approx(1 / MOST_BINS)


def test_a_value_of_many_rows_is_a_bin_by_itself():
    """Zero-inflated data: the zeros are one bin, what is below and above them is told from them."""
    column = np.concatenate([np.zeros(600), -np.arange(1.0, 201.0), np.arange(1.0, 201.0)])
    values, cells, scores = scores_of(column)
    below, zero, above = ScoreTable((scores,)).levels(np.array([[-1.0, 0.0, 1.0]]))[0]
    assert below < zero == CENTRE < above
    assert largest_bin(scores, values, cells) == pytest.approx(0.6, abs=0.01)


def test_few_values_are_a_bin_each():
    """Yes and no are two levels, on either side of the middle; a constant has one, and no edge."""
    assert ScoreTable((scores_of([0.0, 1.0] * 50)[2],)).levels(np.array([[0.0, 1.0]])).tolist() == [[10.0, 22.0]]
    values, cells, constant = scores_of([7.0] * 9)
    assert (len(constant.edges), constant.levels.tolist(), largest_bin(constant, values, cells)) == (0, [CENTRE], 1.0)


def test_cells_have_the_level_of_the_numbers_in_them():
    """Numbers at, between and beyond the kept values are scored as the cells that they are counted in."""
    values, _, scores = scores_of(np.random.default_rng(2).integers(0, 60, 1_000).astype(float))
    numbers = np.concatenate([[values[0] - 1], values, values + 0.5])
    counted = np.array([np.flatnonzero(count_cells(values, number[None]))[0] for number in numbers])
    assert scores.of_cells(values)[counted].tolist() == ScoreTable((scores,)).levels(numbers[None])[0].tolist()


def test_what_is_no_number_has_a_level_nevertheless():
    """NaN is in the lowest bin and infinities at the ends: whoever counts them leaves them out."""
    scores = scores_of(np.arange(100.0))[2]
    levels = ScoreTable((scores,)).levels(np.array([[np.nan, -np.inf, np.inf]]))[0]
    assert levels.tolist() == [scores.levels[0], scores.levels[0], scores.levels[-1]]
    assert 0 <= scores.levels[0] < scores.levels[-1] <= HIGHEST_LEVEL
