"""The ledger balances: every event read is in exactly one other entry."""

from collections import Counter

import numpy as np

from stream.ledger import AHEAD, COUNTED, LATE, Ledger


def test_it_balances_only_when_every_event_has_a_fate():
    """All five fates count, each once."""
    ledger = Ledger(15, 1, 2, 3, 4, Counter({"no_json": 3, "no_time": 2}))
    assert ledger.balanced()
    ledger.read += 1
    assert not ledger.balanced()


def test_ledgers_add():
    """Entry by entry, reasons too."""
    total = Ledger(3, 1, 0, 0, 0, Counter({"a": 2}))
    total.add(Ledger(9, 1, 2, 3, 1, Counter({"a": 1, "b": 1})))
    assert total == Ledger(12, 2, 2, 3, 1, Counter({"a": 3, "b": 1}))
    assert total.balanced()


def test_it_comes_back_from_plain_values():
    """What is written to the log is read again."""
    ledger = Ledger(15, 1, 2, 3, 4, Counter({"z": 3, "a": 2}))
    assert list(ledger.to_dict()["rejected"]) == ["a", "z"]
    assert Ledger.from_dict(ledger.to_dict()) == ledger


def test_rows_are_told_apart_from_events():
    """An event is entered once, by the best that one of its rows met; its rows are entered each by its own fate."""
    ledger = Ledger()
    ledger.enter_read(6, 1, ["no_rows"], foreign_rows=2)
    fates = np.array([LATE, COUNTED, AHEAD, LATE, LATE, COUNTED, COUNTED, AHEAD], dtype=np.int8)
    ledger.enter_rows(np.array([4, 4, 4, 5, 5, 6, 6, 9]), fates)
    assert (ledger.counted, ledger.late, ledger.ahead, ledger.foreign) == (2, 1, 1, 1)
    assert ledger.balanced()
    assert ledger.rows() == {"counted": 3, "late": 3, "ahead": 2, "foreign": 3, "rejected": 1}
    assert Ledger.from_dict(ledger.to_dict()) == ledger


def test_rows_are_told_only_where_there_are_more_of_them_than_events():
    """One row an event: the ledger says nothing about rows."""
    ledger = Ledger()
    ledger.enter_read(3, 0, [])
    ledger.enter_rows(np.array([4, 5, 6]), np.array([COUNTED, COUNTED, LATE], dtype=np.int8))
    assert "rows" not in ledger.to_dict()
    assert ledger == Ledger(3, 2, 1)
