"""Rows become what panes grew: late ones and those ahead are told apart, and none is lost."""

from dataclasses import replace

import numpy as np
import pytest

from stream.ledger import Ledger
from stream.schedule import Schedule
from stream.tally import PANES_PER_RUN, Guards, Tallier
from tests.builders import layout_of, rows_of


@pytest.fixture(scope="module")
def layout():
    return layout_of({"x": [1.0, 2.0], "c": ["a", "b"]})


def _rows(layout, times_ms, **more):
    return rows_of(layout, times_ms, {"x": [1.0] * len(times_ms), "c": ["a"] * len(times_ms)}, **more)


def _tallier(layout, lateness_ms=100, ahead_ms=1000):
    return Tallier(layout, Schedule(1000, 1000), Guards(lateness_ms, ahead_ms))


def test_an_event_may_be_as_late_as_lateness_and_no_later(layout):
    """Against the largest event time shown before it, not the last one."""
    ledger = Ledger()
    rows, newest_ms = _tallier(layout).sift(_rows(layout, [5000, 4900, 4899, 4950, 5001, 4900]), None, ledger)
    assert rows.times_ms.tolist() == [5000, 4900, 4950, 5001]
    assert rows.offsets.tolist() == [0, 1, 3, 4]
    assert (ledger.counted, ledger.late, newest_ms) == (4, 2, 5001)


def test_the_partitions_past_counts(layout):
    """What an earlier batch reached makes this one late."""
    ledger = Ledger()
    rows, newest_ms = _tallier(layout).sift(_rows(layout, [100, 6000]), 9000, ledger)
    assert (len(rows), ledger.late, newest_ms) == (0, 2, 9000)


def test_an_event_ahead_of_its_record_is_set_apart_and_moves_nothing(layout):
    """One bad clock makes nothing else late; as far ahead as allowed is still counted."""
    ledger = Ledger()
    rows = _rows(layout, [5000, 10**12, 5001, 6005], record_times_ms=[5000, 5001, 5002, 5005])
    kept, newest_ms = _tallier(layout).sift(rows, None, ledger)
    assert kept.times_ms.tolist() == [5000, 5001, 6005]
    assert (ledger.ahead, ledger.counted, newest_ms) == (1, 3, 6005)


def test_without_record_times_nothing_is_ahead(layout):
    """A file has no clock to compare with."""
    ledger = Ledger()
    kept, _ = _tallier(layout).sift(_rows(layout, [0, 10**12]), None, ledger)
    assert (len(kept), ledger.ahead) == (2, 0)


def test_a_batch_of_nothing_leaves_the_partition_where_it_was(layout):
    """Empty, or all of it ahead: the largest event time stays, even None."""
    ledger, ahead = Ledger(), _rows(layout, [10**12], record_times_ms=[0])
    for rows in (_rows(layout, []), ahead):
        for before in (None, 7):
            kept, newest_ms = _tallier(layout).sift(rows, before, ledger)
            assert (len(kept), newest_ms) == (0, before)


def test_a_record_without_a_timestamp_is_nothing_to_be_ahead_of(layout):
    """Kafka writes -1 for none."""
    rows = _rows(layout, [5000, 6000])
    ledger = Ledger()
    kept, _ = _tallier(layout).sift(replace(rows, record_times_ms=np.array([-1, -1])), None, ledger)
    assert (len(kept), ledger.ahead) == (2, 0)


def test_growth_comes_pane_by_pane_with_its_offsets(layout):
    """In time order; each with the offsets and the first event time that went into it."""
    rows = _rows(layout, [2500, 1200, 1100, 2100], first_offset=40)
    panes = list(_tallier(layout, lateness_ms=5000).panes(("events", 2), rows))
    assert [pane.start_ms for pane in panes] == [1000, 2000]
    assert [pane.counts.rows for pane in panes] == [2, 2]
    assert [pane.offsets for pane in panes] == [{"events": {2: (41, 42)}}, {"events": {2: (40, 43)}}]
    assert [pane.first_ms for pane in panes] == [1100, 2100]


def test_a_batch_over_many_panes_comes_in_runs(layout):
    """No run begins more than PANES_PER_RUN panes, and the runs are the batch in its order."""
    times = np.arange(0, 100_000, 500)
    runs = list(_tallier(layout).runs(_rows(layout, times)))
    assert np.concatenate([run.times_ms for run in runs]).tolist() == times.tolist()
    assert len(runs) == -(-100 // PANES_PER_RUN)
    assert {len(np.unique(run.times_ms // 1000)) for run in runs} == {PANES_PER_RUN, 100 % PANES_PER_RUN}


def test_few_panes_are_one_run(layout):
    """Even none."""
    tallier = _tallier(layout)
    assert [len(run) for run in tallier.runs(_rows(layout, [1, 2, 3]))] == [3]
    assert [len(run) for run in tallier.runs(_rows(layout, []))] == [0]


def test_rows_of_one_event_are_late_or_ahead_by_their_own_times(layout):
    """The event counts once, as long as one of its rows does; ten rows of it are ten rows."""
    ledger = Ledger()
    rows = _rows(layout, [5000, 4000, 10**12, 4000, 4001, 5001], record_times_ms=[5000] * 6)
    rows = replace(rows, offsets=np.array([7, 7, 7, 8, 8, 9]))
    kept, newest_ms = _tallier(layout).sift(rows, None, ledger)
    assert kept.offsets.tolist() == [7, 9]
    assert (ledger.counted, ledger.late, ledger.ahead, newest_ms) == (2, 1, 0, 5001)
    assert ledger.rows() == {"counted": 2, "late": 3, "ahead": 1, "foreign": 0, "rejected": 0}
