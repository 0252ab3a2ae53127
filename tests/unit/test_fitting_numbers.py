"""One pass over a column's numbers."""

import numpy as np
import pytest

from baselines.fitting import numbers as module
from baselines.fitting.numbers import NumberSketch, Sequence, row_keys


def sketch_of(*chunks: list[float]) -> NumberSketch:
    """Return a sketch of these chunks."""
    sketch = NumberSketch()
    for chunk in chunks:
        sketch.add(np.array(chunk, dtype=np.float64))
    sketch.settle()
    return sketch


def test_few_distinct_values_are_all_counted() -> None:
    """Values with their rows, as numpy's unique gives them, over several chunks; -0.0 is 0.0."""
    distinct = sketch_of([3.0, 1.0, -0.0], [], [1.0, 0.0]).distinct
    assert distinct is not None
    assert (distinct[0].tolist(), distinct[1].tolist()) == ([0.0, 1.0, 3.0], [2, 2, 1])
    assert not np.signbit(distinct[0]).any()


def test_many_distinct_values_leave_a_sample_with_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the candidates are drawn rows, the smallest and the largest number."""
    monkeypatch.setattr(module, "MOST_DISTINCT", 50)
    monkeypatch.setattr(module, "SAMPLE_ROWS", 40)
    numbers = np.random.default_rng(1).normal(size=1000)
    sketch = sketch_of(numbers[:300].tolist(), numbers[300:].tolist())
    candidates = sketch.candidates()
    assert sketch.distinct is None
    assert 40 <= len(candidates) <= 42
    assert set(candidates) <= set(numbers)
    assert (candidates[0], candidates[-1]) == (numbers.min(), numbers.max())


def test_a_value_that_many_rows_have_is_a_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """An atom among numbers that are all different is drawn, wherever it stands."""
    monkeypatch.setattr(module, "MOST_DISTINCT", 100)
    numbers = np.random.default_rng(2).normal(size=100_000)
    numbers[-1000:] = 0.25
    sketch = sketch_of(*np.array_split(numbers, 10))
    assert 0.25 in sketch.candidates()


def test_the_sample_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows cut differently leave the same candidates and the same mean."""
    monkeypatch.setattr(module, "MOST_DISTINCT", 10)
    monkeypatch.setattr(module, "SAMPLE_ROWS", 100)
    numbers = np.random.default_rng(3).lognormal(size=2000)
    one, many = sketch_of(numbers.tolist()), sketch_of(*(part.tolist() for part in np.array_split(numbers, 17)))
    assert one.candidates().tolist() == many.candidates().tolist()
    assert one.mean == many.mean


def test_the_sample_is_uniform_over_rows() -> None:
    """Keys of consecutive rows are spread evenly: about a tenth of them lies in each tenth of the range."""
    tenths = np.bincount((row_keys(0, 100_000) // np.uint64(2**64 // 10 + 1)).astype(np.int64), minlength=10)
    assert len(tenths) == 10
    assert 9_500 < tenths.min() <= tenths.max() < 10_500
    assert row_keys(10, 5).tolist() == row_keys(0, 15)[10:].tolist()


@pytest.mark.parametrize(
    ("chunks", "runs"),
    [
        ([[1, 2, 5], [7, 8]], True),
        ([[9, 4], [3, -2]], True),
        ([[1, 2], [2, 3]], False),
        ([[1, 3, 2]], False),
        ([[1.5, 2.5, 3.5]], False),
        ([[1, 2], [1.5, 3]], False),
    ],
)
def test_a_counter_is_told_from_a_measurement(chunks: list[list[float]], runs: bool) -> None:
    """Whole numbers that only rise or only fall, across chunks, are what row numbers look like."""
    sequence = Sequence()
    for chunk in chunks:
        sequence.add(np.array(chunk, dtype=np.float64))
    assert sequence.runs is runs
