"""The ledger balances: every event read is in exactly one other entry."""

from collections import Counter

from stream.ledger import Ledger


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
