"""The JSON decoder's own promises, beside the fate of single events."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import Decoded, RawBatch


def number(name: str) -> NumericReference:
    return NumericReference(name, np.array([1.0]), np.array([0, 1, 0, 0, 0, 0, 0, 0]), 1, 0, 1, 1, {})


def category(name: str, *categories: str) -> CategoricalReference:
    return CategoricalReference(name, categories, np.ones(len(categories) + 3, np.int64), 0)


def baseline(*features: NumericReference | CategoricalReference) -> Baseline:
    return Baseline(1, features, "unit")


SMALL = baseline(category("kind", "a", "b"), number("size"))
FORMAT = EventFormat(timestamp="ts", features="f")


def decode(events: Sequence[Any], event_format: EventFormat = FORMAT, of: Baseline = SMALL, **batch: Any) -> Decoded:
    values = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    return EventDecoder(of, event_format).decode(RawBatch("t", 0, range(len(values)), values, **batch))


def event(i: int) -> dict[str, Any]:
    return {"ts": 1000 + i, "f": {"size": float(i), "kind": "ab"[i % 2]}}


def test_columns_follow_the_baseline_over_many_pieces() -> None:
    """Thousands of events keep their order and their values, with odd and refused ones strewn among them."""
    events: list[Any] = [event(i) for i in range(2000)]
    events[300] = b"{"
    events[700]["f"]["size"] = "odd"
    events[1500]["f"]["kind"] = "new"
    events[1900]["ts"] = "never"
    decoded = decode(events)
    kept = [i for i in range(2000) if i not in (300, 1900)]
    assert decoded.rows.offsets.tolist() == kept
    assert decoded.rows.times_ms.tolist() == [(1000 + i) * 1000 for i in kept]
    size, kind = decoded.rows.numeric[0], decoded.rows.categorical[0]
    np.testing.assert_array_equal(size.values, [np.nan if i == 700 else i for i in kept])
    assert np.flatnonzero(size.states).tolist() == [kept.index(700)]
    assert kind.codes.tolist() == [2 if i == 1500 else i % 2 for i in kept]
    assert kind.unseen == {kept.index(1500): "new"}
    assert [(r.offset, r.reason) for r in decoded.rejected] == [(300, "bad_json"), (1900, "bad_timestamp")]


def test_an_empty_batch_has_empty_columns() -> None:
    """No records are no rows, with a column of length 0 per feature."""
    decoded = decode([])
    assert (len(decoded.rows), decoded.rejected, decoded.foreign) == (0, (), 0)
    assert [len(column.values) for column in decoded.rows.numeric] == [0]


def test_without_a_path_the_records_own_time_counts() -> None:
    """Event times are the records' timestamps; a record without one (-1 in Kafka) is refused."""
    times = [5, -1, 253_402_300_800_000, 7]
    decoded = decode([{"f": {}}, {"f": {}}, {"f": {}}, b"x"], EventFormat(features="f"), timestamps_ms=times)
    assert decoded.rows.times_ms.tolist() == decoded.rows.record_times_ms.tolist() == [5]
    assert [r.reason for r in decoded.rejected] == ["no_timestamp", "no_timestamp", "bad_json"]
    assert [r.reason for r in decode([{"f": {}}], EventFormat(features="f")).rejected] == ["no_timestamp"]


def test_the_records_time_stays_beside_the_events() -> None:
    """With a path, the records' timestamps are kept row by row, so that a broken clock can be told."""
    decoded = decode([event(0), b"x", event(2)], timestamps_ms=[5, 6, 7])
    assert decoded.rows.record_times_ms.tolist() == [5, 7]
    assert decode([event(0)]).rows.record_times_ms is None


@pytest.mark.parametrize(
    "name", ["user age", "1st", "", "class", "a.b", "größe", "__init__", 'quo"te', "back\\slash", "f0"]
)
@pytest.mark.parametrize("features", ["", "f", "deep.down"])
def test_any_key_can_name_a_feature(name: str, features: str) -> None:
    """Names need not be Python's: spaces, digits, dots, keywords, quotes and nothing at all are keys as they stand."""
    body: dict[str, Any] = {name: 7}
    for key in reversed(features.split(".") if features else []):
        body = {key: body}
    decoded = decode([{"ts": 1, **body}], EventFormat("ts", features=features), baseline(number(name)))
    assert decoded.rows.numeric[0].values.tolist() == [7]


def test_one_field_may_have_two_uses() -> None:
    """A feature can be the timestamp too, or what the events are chosen by."""
    of = baseline(number("ts"), category("kind", "a", "b"))
    both = EventFormat("ts", features="", where={"kind": "a"})
    decoded = decode([{"ts": 1000, "kind": "a"}, {"ts": 2000, "kind": "b"}], both, of)
    assert (decoded.rows.times_ms.tolist(), decoded.foreign) == ([1_000_000], 1)
    assert decoded.rows.numeric[0].values.tolist() == [1000]


@pytest.mark.parametrize(
    ("required", "ours", "others"),
    [(True, [True], [1, "true", False, None]), (1, [1, 1.0], [True, "1", 2, None]), ("1", ["1"], [1, True, None, []])],
)
def test_where_compares_as_json_does(required: Any, ours: list[Any], others: list[Any]) -> None:
    """True, 1 and "1" are three values; 1 and 1.0 are one."""
    event_format = EventFormat("ts", features="f", where={"tag": required})
    assert len(decode([event(0) | {"tag": tag} for tag in ours], event_format).rows) == len(ours)
    assert decode([event(0) | {"tag": tag} for tag in others], event_format).foreign == len(others)


def test_a_baseline_without_numbers_or_without_categories_decodes() -> None:
    """Either kind of feature may be absent from the baseline."""
    assert decode([event(0)], of=baseline(number("size"))).rows.categorical == ()
    assert decode([event(0)], of=baseline(category("kind", "a"))).rows.numeric == ()


@pytest.mark.parametrize(
    ("value", "fate"),
    [
        (b'{"ts": 1, "f": {}, "z": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "bad_json"),
        (b'{"ts": 1, "f": ' + b'{"a":' * 100_000, "bad_json"),
        (b'{"ts": 1, "f": {"size": ' + b"9" * 10_000 + b"}}", "counted"),
        (b'{"ts": 1, "f": {"kind": ' + b"9" * 10_000 + b"}}", "counted"),
        (b'{"ts": ' + b"9" * 10_000 + b', "f": {}}', "bad_timestamp"),
        (b'{"ts": 1, "f": {"kind": "' + b"x" * 10_000_000 + b'"}}', "counted"),
        (b"\x00" * 1000, "bad_json"),
        (b"\xff\xfe{\x00}\x00", "not_utf8"),
    ],
    ids=["deep", "deep and cut off", "long number", "long category", "long time", "10 MB", "zeros", "utf-16"],
)
def test_hostile_bytes_meet_a_fate(value: bytes, fate: str) -> None:
    """Nothing that a producer can send raises an exception, and the next event is not touched."""
    decoded = decode([value, event(1)])
    assert [r.reason for r in decoded.rejected] == ([] if fate == "counted" else [fate])
    assert decoded.rows.offsets.tolist()[-1] == 1
    assert all(len(r.detail) < 200 for r in decoded.rejected)


def test_a_limit_on_digits_is_not_needed() -> None:
    """Integers stay within Python's own guard against quadratic conversion, which is left as it is."""
    limit = sys.get_int_max_str_digits()
    decoded = decode([b'{"ts": 1, "f": {"size": -' + b"9" * (limit + 1) + b"}}"])
    assert decoded.rows.numeric[0].values.tolist() == [-np.inf]
    assert sys.get_int_max_str_digits() == limit


def test_both_readers_tell_segments_apart_alike() -> None:
    """A value may be anything, a feature, too; what the quick reader refuses the patient one reads in the same way."""
    told_apart = EventFormat(timestamp="ts", features="f", segments=("country", "f.kind"))
    values = ["DE", 7, 7.5, True, None, "DE"]
    events = [{**event(i), "country": value} for i, value in enumerate(values)]
    del events[4]["country"]
    # A number that is text is refused by the quick reader, and so is a NaN.
    odd = [{**one, "f": {**one["f"], "size": "odd"}} for one in events]
    names = [("DE", "a"), ("7", "b"), ("7.5", "a"), ("true", "b"), ("(none)", "a"), ("DE", "b")]
    for batch in (events, odd, [*events, *odd]):
        column = decode(batch, told_apart).rows.segments
        assert column is not None
        assert [column.names[code] for code in column.codes] == names * (len(batch) // len(names))


def test_events_that_have_no_time_leave_no_segment_behind() -> None:
    """Segments stay beside their rows."""
    told_apart = EventFormat(timestamp="ts", features="f", segments=("country",))
    events = [{**event(i), "country": f"c{i}", **({"ts": "never"} if i == 1 else {})} for i in range(4)]
    rows = decode(events, told_apart).rows
    assert rows.segments is not None
    assert [rows.segments.names[code] for code in rows.segments.codes] == [("c0",), ("c2",), ("c3",)]


@pytest.mark.parametrize("key", ["dataframe_split", "request", "payload", "data", "instances", "values", "specversion"])
@pytest.mark.parametrize("depth", [50, 400, 900])
def test_nothing_that_formats_look_for_can_be_nested_until_it_breaks(key: str, depth: int) -> None:
    """Objects within objects under a key that means something end in a reason, whatever their depth."""
    extra = {"op": "c", "type": "t", "schema": {}} if key in ("payload", "specversion") else {}
    more = json.dumps(extra)[1:-1]
    value = (f'{{"{key}": ' * depth + "1" + (f", {more}}}" if more else "}") * depth).encode()
    decoded = decode([value, event(1)], EventFormat("ts", features=""), timestamps_ms=[1, 1])
    assert decoded.rows.offsets.tolist()[-1:] in ([1], [])
    assert len(decoded.rejected) + decoded.foreign + len(decoded.rows) == 2
