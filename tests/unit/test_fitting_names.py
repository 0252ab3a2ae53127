"""One pass over a column's names."""

import pytest

from baselines.fitting import names as module
from baselines.fitting.names import NameSketch, name_hash


def fill(sketch: NameSketch, chunk_size: int = 500) -> None:
    """Add 20,000 rows: one name in a tenth of them, 6,000 twice, 6,000 once."""
    rows = ["often"] * 2000
    rows += [f"twice-{i}" for i in range(6000) for _ in range(2)]
    rows += [f"once-{i}" for i in range(6000)]
    rows.sort(key=lambda name: name_hash(name + name))
    for start in range(0, len(rows), chunk_size):
        chunk: dict[str, int] = {}
        for name in rows[start : start + chunk_size]:
            chunk[name] = chunk.get(name, 0) + 1
        sketch.add(chunk)


def test_few_names_are_counted_exactly() -> None:
    """Up to the limit the sketch is an ordinary table."""
    sketch = NameSketch()
    sketch.add({"a": 2, "b": 1})
    sketch.add({"a": 1, "c": 1})
    assert (dict(sketch.counts), sketch.complete, sketch.rows) == ({"a": 3, "b": 1, "c": 1}, True, 5)
    assert (sketch.singletons, sketch.all_different) == (2, False)


def test_many_names_leave_the_frequent_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit memory stays bounded and a name with more than its share of rows is still there."""
    monkeypatch.setattr(module, "MOST_NAMES", 1000)
    sketch = NameSketch()
    fill(sketch)
    assert not sketch.complete
    assert len(sketch.counts) <= 1000
    assert "often" in sketch.counts
    assert sketch.rows == 20_000


def test_many_names_leave_an_estimate_of_the_single_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample of names tells how many occur once, and that some occur twice."""
    monkeypatch.setattr(module, "MOST_NAMES", 1000)
    monkeypatch.setattr(module, "SAMPLED_NAMES", 1000)
    sketch = NameSketch()
    fill(sketch)
    assert sketch.singletons == pytest.approx(6000, rel=0.1)
    assert not sketch.all_different


def test_the_sample_is_that_of_the_smallest_hashes_with_all_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The estimate is the one that a look at all names would give, so no sampled name lost a row on the way."""
    monkeypatch.setattr(module, "MOST_NAMES", 1000)
    monkeypatch.setattr(module, "SAMPLED_NAMES", 300)
    sketch = NameSketch()
    fill(sketch, 100)
    everything = ["often"] + [f"{kind}-{i}" for kind in ("twice", "once") for i in range(6000)]
    smallest = sorted(everything, key=name_hash)[:300]
    once = sum(name.startswith("once") for name in smallest[:-1])
    assert sketch.singletons == round(once / (name_hash(smallest[-1]) / 2**64))


def test_the_estimate_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which names are sampled is decided by the names."""
    monkeypatch.setattr(module, "MOST_NAMES", 1000)
    monkeypatch.setattr(module, "SAMPLED_NAMES", 300)
    one, other = NameSketch(), NameSketch()
    fill(one, 500)
    fill(other, 777)
    assert one.singletons == other.singletons


@pytest.mark.parametrize("most", [100, 100_000])
def test_names_that_never_repeat_are_recognised(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """All different, whether counted or sampled."""
    monkeypatch.setattr(module, "MOST_NAMES", most)
    sketch = NameSketch()
    for start in range(0, 5000, 50):
        sketch.add({f"id-{i}": 1 for i in range(start, start + 50)})
    assert sketch.all_different
