"""Segments: what tells events apart, in rows, in panes and by name."""

import numpy as np
import pytest

from consumers.decode.segment_names import NONE, SegmentNames
from stream.schedule import Schedule
from stream.segments import OTHER, Division, SegmentColumn
from tests.builders import layout_of, panes_of, rows_of


@pytest.mark.parametrize(
    ("value", "name"),
    [("DE", "DE"), (7, "7"), (7.0, "7"), (True, "true"), (1, "1"), (None, NONE), ([1], NONE), (float("nan"), NONE)],
)
def test_a_value_has_one_name_whatever_type_carries_it(value, name):
    """As categories have; what is no name has none, and one segment of its own."""
    names = SegmentNames()
    assert names.column([(value,), (value,)]).names == ((name,),)


def test_values_that_python_takes_for_equal_are_told_apart():
    """True == 1 in Python, and not in JSON; the look-up remembers both."""
    column = SegmentNames().column([(True,), (1,), (True,), ("1",)])
    assert [column.names[code] for code in column.codes] == [("true",), ("1",), ("true",), ("1",)]


def test_joined_batches_keep_each_rows_segment():
    """Numbers differ from batch to batch, names do not."""
    first, second = SegmentColumn.of([("a",), ("b",)]), SegmentColumn.of([("b",), ("c",), ("b",)])
    joined = SegmentColumn.join([first, second.take(np.array([1, 2]))])
    assert [joined.names[code] for code in joined.codes] == [("a",), ("b",), ("c",), ("b",)]


def test_panes_are_of_one_segment_each():
    """Every row is in the pane of its time and segment, in order of time."""
    layout, schedule = layout_of({"x": [1.0, 2.0]}), Schedule(10, 10)
    rows = rows_of(layout, [1, 2, 11, 12, 3], {"x": [1.0] * 5})
    rows = type(rows)(rows.times_ms, rows.offsets, rows.numeric, (), segments=SegmentColumn.of([(c,) for c in "abbba"]))
    panes = panes_of(layout, schedule, rows)
    assert [(pane.key, pane.counts.rows) for pane in panes] == [((("a",), 0), 2), ((("b",), 0), 1), ((("b",), 10), 2)]
    assert panes[0].offsets == {"events": {0: (0, 4)}}


def test_the_version_of_a_segment_can_be_exchanged():
    """The same country of another version; a version is not its own rival, and without versions there is none."""
    division = Division(("country", "model_version"), version_at=1)
    assert division.of_version(("DE", "2"), "1") == ("DE", "1")
    assert division.of_version(("DE", "1"), "1") is None
    assert Division(("country",)).of_version(("DE",), "1") is None
    assert division.others == (OTHER, OTHER)
