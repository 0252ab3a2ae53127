"""Events that are refused: told by the log, when it lasts, and with what is wrong."""

from collections import Counter

import msgspec
import pytest
from jsonschema import Draft202012Validator

from consumers.event_schema import event_schema
from stream.drift_event import Identity
from stream.ledger import Ledger
from stream.refusals import Refusals, RefusalState

IDENTITY, MINUTE_MS = Identity("prices", "print", 200), 60_000


def growth(read=100, **rejected):
    """Return a ledger of so many events, of which some were refused."""
    return Ledger(read, read - sum(rejected.values()), rejected=Counter(rejected))


def tell(refusals, ledgers, first=0, examples=None):
    """Show a ledger a minute; return minute and event of all that is said."""
    told = []
    for minute, ledger in enumerate(ledgers, first):
        refusals.take(ledger, examples or {}, minute * MINUTE_MS)
        told += [(minute, event) for event in refusals.said(IDENTITY)]
    return told


def brief(told):
    """Return when what was said."""
    return [(minute, event.reason, event.state) for minute, event in told]


def test_few_refused_events_are_not_worth_a_word():
    """Less than a tenth: the ledger has them."""
    assert tell(Refusals(), [growth(bad_json=9)] * 10) == []


def test_events_that_are_made_otherwise_are_told_with_their_reason_and_an_example():
    """Lengths that changed after events could be read; ended when they can be again."""
    bad, example = growth(wrong_length=60, bad_json=2), {"wrong_length": "events-0, offset 7: a row has 5 values"}
    told = tell(Refusals(), [growth()] * 3 + [bad] * 3 + [growth()] * 3, examples=example)
    assert brief(told) == [(4, "schema_changed", "begun"), (7, "schema_changed", "ended")]
    begun, ended = (event for _, event in told)
    assert begun.summary == (
        "62 of 100 events (62 %) are refused: 60 wrong_length (for example events-0, offset 7: a row has 5 values); "
        "2 bad_json."
    )
    assert (begun.window["n"], begun.incident, begun.severity) == (100, ended.incident, "warning")
    for event in (begun, ended):
        Draft202012Validator(event_schema()).validate(event.to_dict())


@pytest.mark.parametrize("before", [0, 3])
def test_damage_is_rejecting_whenever_it_begins(before):
    """Bytes that are no JSON say nothing of a schema."""
    told = tell(Refusals(), [growth()] * before + [growth(bad_json=100)] * 3)
    assert [event.reason for _, event in told] == ["rejecting"]


def test_what_never_was_well_has_not_changed():
    """From the first event on nothing can be read: a configuration that does not fit."""
    told = tell(Refusals(), [growth(no_features=100)] * 3)
    assert [event.reason for _, event in told] == ["rejecting"]


def test_tombstones_are_no_refused_events():
    """A compacted topic may be full of them."""
    assert tell(Refusals(), [growth(tombstone=90)] * 20) == []


def test_a_burst_is_not_told():
    """One minute of bad events; persist asks for two of three."""
    assert tell(Refusals(), [growth()] * 3 + [growth(bad_json=100)] + [growth()] * 5) == []


def test_a_stretch_waits_for_events_enough_and_for_a_minute():
    """Ten events a minute make a stretch of ten minutes; a thousand in a second are one stretch with what follows."""
    assert brief(tell(Refusals(), [growth(10, bad_json=10)] * 30)) == [(19, "rejecting", "begun")]
    quick = Refusals()
    for second in range(59):
        quick.take(growth(1_000, bad_json=1_000), {}, second * 1_000)
        assert list(quick.said(IDENTITY)) == []


def test_a_log_without_times_is_cut_by_events_alone():
    """As in tests and files: nothing waits for ever."""
    refusals, told = Refusals(), []
    for _ in range(4):
        refusals.take(growth(bad_json=50), {}, None)
        told += refusals.said(IDENTITY)
    assert [event.state for event in told] == ["begun"]


def test_a_judge_that_is_killed_says_the_same():
    """Restored from its bytes after any minute."""
    ledgers = [growth()] * 3 + [growth(wrong_shape=30)] * 4 + [growth()] * 4
    whole = tell(Refusals(), ledgers)
    assert len(whole) == 2
    for cut in range(1, len(ledgers)):
        first, second = Refusals(), Refusals()
        told = tell(first, ledgers[:cut])
        second.state = msgspec.msgpack.decode(msgspec.msgpack.encode(first.state), type=RefusalState)
        assert told + tell(second, ledgers[cut:], cut) == whole
