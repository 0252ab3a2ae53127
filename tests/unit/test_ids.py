"""Ids: the same for the same, different for the different, and fixed for all time."""

import itertools

from stream.drift_event import Identity
from stream.ids import digest


def test_the_digest_is_fixed():
    """Ids that were published stay what they were: this one was computed once and written down."""
    assert digest("event", "prices", "60000") == "204ac70f64b0b516b5b3798eda258d4d"


def test_where_a_part_ends_matters():
    """No two lists of parts share an id, empty parts and joined ones included."""
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("", "abc"), ("abc", ""), (), ("",), ("", "")]
    assert len({digest(*one) for one in parts}) == len(parts)


def test_monitors_segments_and_baselines_do_not_share_ids():
    """However the names are cut: an equals sign belongs to the key or to the value."""
    identities = [
        Identity(monitor, fingerprint, 1, segment)
        for monitor, fingerprint, segment in itertools.product(
            ("a", "b"), ("f", "g"), ({}, {"k": "v=w"}, {"k=v": "w"}, {"k": "v"}, {"k": "v", "w": ""})
        )
    ]
    assert len({digest(*one.parts()) for one in identities}) == len(identities)


def test_the_order_of_a_segments_keys_does_not_matter():
    """It is a set of pairs."""
    assert Identity("m", "f", 1, {"a": "1", "b": "2"}).parts() == Identity("m", "f", 1, {"b": "2", "a": "1"}).parts()
