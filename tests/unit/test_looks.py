"""Looks at a sample of the events: which are chosen, and counts that add whatever the order."""

import numpy as np

from stream.looks import EVENTS_PER_LOOK, MOST_FIELDS, LookColumn, Looks, chosen


def _column(*shapes):
    return LookColumn(np.arange(len(shapes)), tuple((shape,) for shape in shapes))


def test_one_event_in_so_many_is_chosen_whatever_stride_offsets_have():
    """Markers of transactions take offsets: a producer that leaves only odd ones, or every 192nd, is seen as well."""
    for stride in (1, 2, 3, 192):
        share = chosen(np.arange(1, 1_280_000 * stride, stride)[:1_280_000]).mean()
        assert abs(share * EVENTS_PER_LOOK - 1) < 0.05


def test_fields_are_counted_by_kind():
    """Each field with how many events had it with which kind of value."""
    looks = Looks.of(_column((("a", "number"), ("b", "text")), (("a", "text"),)))
    assert looks == Looks(2, {"a": {"number": 1, "text": 1}, "b": {"text": 1}})
    assert (looks.share("a"), looks.share("b"), looks.share("c")) == (1.0, 0.5, 0.0)


def test_names_are_bounded_and_the_counts_of_kept_ones_exact():
    """Of events whose keys are identifiers, the same names are kept however the events are put together."""
    shapes = [((f"key {i % 1000}", "text"), ("id", "text")) for i in range(2_000)]
    whole, parts = Looks.of(_column(*shapes)), Looks()
    for start in range(0, 2_000, 77):
        parts.add(Looks.of(_column(*shapes[start : start + 77])))
    assert parts == whole
    assert len(whole.fields) == MOST_FIELDS
    assert whole.is_full
    assert {sum(kinds.values()) for name, kinds in whole.fields.items() if name != "id"} == {2}


def test_rows_that_are_left_out_take_their_looks_with_them():
    """Selected and reordered rows keep their own looks; joined batches, those of both."""
    column = LookColumn(np.array([1, 3]), ("one", "three"))
    taken = column.take(np.array([3, 2, 1]))
    assert (taken.rows.tolist(), taken.shapes) == ([0, 2], ("three", "one"))
    assert column.take(np.array([0, 2])) is None
    joined = LookColumn.join([column, None, column], [4, 5, 4])
    assert joined.rows.tolist() == [1, 3, 10, 12]
    assert LookColumn.join([None], [3]) is None
