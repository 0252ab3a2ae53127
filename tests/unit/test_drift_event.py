"""The drift event as it leaves: plain values, ids that can be counted on, times that people read."""

from stream.drift_event import DriftEvent, Identity, event_id, health_event, iso, offsets_to_dict
from stream.drift_event import TestedWindow as Window

IDENTITY = Identity("prices", "f", 100, {"country": "DE"})
WINDOW = Window(0, 60_000, 42, 0.5)


def _health(state="begun", began_ms=60_000):
    return health_event(IDENTITY, WINDOW, "insufficient", state, "Few.", began_ms)


def test_a_window_says_its_times_twice():
    """For people and for programs."""
    assert WINDOW.to_dict() == {
        "start": "1970-01-01T00:00:00Z",
        "end": "1970-01-01T00:01:00Z",
        "start_ms": 0,
        "end_ms": 60_000,
        "n": 42,
        "coverage": 0.5,
    }


def test_reason_and_state_are_for_health_alone():
    """Other events lack the keys."""
    event = DriftEvent("i", "n", "drift.opened", "m", {}, "info", "s", WINDOW.to_dict(), {})
    assert {"reason", "state"} & event.to_dict().keys() == set()
    health = _health().to_dict()
    assert (health["reason"], health["state"], health["segment"]) == ("insufficient", "begun", {"country": "DE"})
    assert (health["schema_version"], health["features"]) == (1, [])


def test_begin_and_end_share_an_incident_and_not_an_id():
    """Another stretch of the same trouble is another incident."""
    begun, ended, other = _health(), _health("ended"), _health(began_ms=120_000)
    assert begun.incident == ended.incident != other.incident
    assert len({begun.id, ended.id, other.id}) == 3
    assert _health() == begun


def test_an_id_depends_on_incident_kind_and_time():
    """All three of them."""
    ids = {event_id("a", "k", 1), event_id("b", "k", 1), event_id("a", "l", 1), event_id("a", "k", 2)}
    assert len(ids) == 4


def test_offsets_are_plain_and_in_order():
    """Partitions by number, not by text, under their topic."""
    ranges = {"b": {10: (1, 2), 2: (3, 4)}, "a": {0: (5, 5)}}
    told = offsets_to_dict(ranges)
    assert told == {"a": {"0": [5, 5]}, "b": {"2": [3, 4], "10": [1, 2]}}
    assert [*told, *told["b"]] == ["a", "b", "2", "10"]


def test_times_are_utc_with_milliseconds_only_where_there_are_some():
    """Before 1970 too."""
    assert iso(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    assert iso(-1) == "1969-12-31T23:59:59.999Z"
    assert iso(253_402_300_799_000) == "9999-12-31T23:59:59Z"
