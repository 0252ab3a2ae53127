"""Laws of fitting: every row counted once, whatever the values, the chunks and the format."""

import itertools
import math
import statistics
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines import Baseline, dumps, loads
from baselines.baseline import NumericReference, Reference
from baselines.cells import count_cells
from baselines.fingerprint import fingerprint
from baselines.fitting.cells import TextCells, ValueCells
from baselines.fitting.columns import Fitted, LeftOut, Look
from baselines.fitting.reduce import QUANTILES, quantiles, thin
from baselines.fitting.sums import ExactSum

EDGES = [0.0, -0.0, 5e-324, -5e-324, 1.0, 1e308, -1e308, 1e-308, 0.1]
NUMBERS = st.one_of(
    st.sampled_from(EDGES), st.floats(allow_nan=False, allow_infinity=False), st.integers(-5, 5).map(float)
)
SAMPLE = st.lists(NUMBERS, min_size=1, max_size=80)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=3)
VALUES = st.one_of(
    NUMBERS, st.none(), st.booleans(), TEXTS, st.just([]), st.sampled_from([math.nan, math.inf, 10**400])
)
CSV_TEXTS = st.one_of(
    NUMBERS.map(repr), TEXTS, st.sampled_from(["", "NA", "nan", "inf", "true", "False", "2026-01-31"])
)


def look(chunks: Sequence[Sequence[Any]], csv: bool) -> Reference | None:
    """Fit one column in these chunks; None when it is left out."""
    column: Any = Look("c", keep=10, numeric=False)
    rows = sum(map(len, chunks))
    while not isinstance(column, Fitted | LeftOut):
        for chunk in chunks:
            column.add(TextCells(list(chunk)) if csv else ValueCells([value for value in chunk if value is not None]))
        column = column.finish(rows)
    return column.reference if isinstance(column, Fitted) else None


def cut(values: Sequence[Any], places: list[int]) -> list[Sequence[Any]]:
    """Cut at these places."""
    ends = sorted({min(place, len(values)) for place in places} | {0, len(values)})
    return [values[start:end] for start, end in itertools.pairwise(ends)] or [values]


@pytest.mark.parametrize("csv", [True, False])
@given(data=st.data())
def test_every_row_is_in_exactly_one_cell(csv: bool, data: st.DataObject) -> None:
    """Whatever the values are, a fitted column's counts add up to the rows."""
    values = data.draw(st.lists(CSV_TEXTS if csv else VALUES, min_size=1, max_size=60))
    reference = look([values], csv)
    if reference is not None:
        assert reference.counts.sum() == len(values)
        assert reference.counts.min() >= 0


@pytest.mark.parametrize("csv", [True, False])
@given(data=st.data(), places=st.lists(st.integers(0, 60), max_size=5))
def test_chunks_change_nothing(csv: bool, data: st.DataObject, places: list[int]) -> None:
    """The same rows cut anywhere give the same reference, to the last bit."""
    values = data.draw(st.lists(CSV_TEXTS if csv else VALUES, min_size=1, max_size=60))
    whole, parts = look([values], csv), look(cut(values, places), csv)
    if whole is None or parts is None:
        assert whole is parts
    else:
        assert fingerprint(1, [whole]) == fingerprint(1, [parts])


@pytest.mark.parametrize("csv", [True, False])
@given(data=st.data())
def test_every_fitted_reference_survives_its_file(csv: bool, data: st.DataObject) -> None:
    """What is fitted can be written, and is read as it was, and thereby passes every check of reading."""
    values = data.draw(st.lists(CSV_TEXTS if csv else VALUES, min_size=1, max_size=60))
    reference = look([values], csv)
    if reference is not None:
        baseline = Baseline(len(values), (reference,), fingerprint(len(values), [reference]))
        assert dumps(loads(dumps(baseline), "x")) == dumps(baseline)


@given(SAMPLE)
def test_moments_are_those_of_the_rows(numbers: list[float]) -> None:
    """The mean is correctly rounded; the standard deviation is the statistics module's."""
    reference = look([numbers], csv=False)
    assert isinstance(reference, NumericReference)
    assert reference.mean == float(sum(map(Fraction, numbers)) / len(numbers))
    if len(numbers) > 1 and max(map(abs, numbers)) < 1e150:
        assert reference.std == pytest.approx(statistics.stdev(numbers), rel=1e-9, abs=1e-320)


@given(SAMPLE, st.integers(2, 20))
def test_thinning_keeps_ends_counts_and_the_bound(numbers: list[float], keep: int) -> None:
    """Merged cells are a recount; the outer cells are empty; no open cell has more than 1/keep of the rows."""
    values = np.unique(np.array(numbers) + 0.0)
    kept, cells = thin(values, count_cells(values, np.array(numbers)), keep)
    assert cells.tolist() == count_cells(kept, np.array(numbers)).tolist()
    assert (kept[0], kept[-1], cells[0], cells[-1]) == (values[0], values[-1], 0, 0)
    assert cells[0::2].max() * keep <= len(numbers)


@given(SAMPLE)
def test_quantiles_rise_and_stay_inside(numbers: list[float]) -> None:
    """From the smallest to the largest number, in the order of their probabilities, up to a rounding error."""
    values = np.unique(np.array(numbers) + 0.0)
    found = list(quantiles(values, count_cells(values, np.array(numbers))).values())
    room = 1e-12 * max(map(abs, numbers))
    assert len(found) == len(QUANTILES)
    assert all(low <= high + room for low, high in itertools.pairwise(found))
    assert min(numbers) - room <= found[0] <= found[-1] <= max(numbers) + room


@settings(max_examples=50)
@given(SAMPLE, st.randoms())
def test_exact_sums_forget_order(numbers: list[float], random: Any) -> None:
    """Any order of rows gives the same sum, which is the sum of the fractions."""
    shuffled = list(numbers)
    random.shuffle(shuffled)
    total = ExactSum()
    for number in shuffled:
        total.add(np.array([number]))
    assert total.value == sum(map(Fraction, numbers))
