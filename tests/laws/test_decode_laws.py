"""Laws of decoding: two readers, one meaning; batches that change nothing; a fate for any bytes."""

import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import Decoded, RawBatch
from stream.rows import Rows


def number(name: str) -> NumericReference:
    return NumericReference(name, np.array([1.0]), np.array([0, 1, 0, 0, 0, 0, 0, 0]), 1, 0, 1, 1, {})


def category(name: str, *categories: str, boolean: bool = False) -> CategoricalReference:
    return CategoricalReference(name, categories, np.ones(len(categories) + 3, np.int64), 0, boolean=boolean)


BASELINE = Baseline(
    1,
    (
        number("x"),
        category("c", "", "0", "1", "a", "true"),
        number("y z"),
        category("b", "false", "true", boolean=True),
    ),
    "law",
)
FORMAT = EventFormat(timestamp="t", features="f", where={"w": "us"})

numbers = st.integers() | st.integers(2**53 - 3, 2**53 + 3) | st.floats() | st.integers(10**300, 10**310)
scalars = st.none() | st.booleans() | st.text() | st.sampled_from(["a", "TRUE", "1", "1.0"]) | numbers
anything = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(), scalars, max_size=2)
times = st.integers(10**9, 10**19) | st.floats(0, 1e13) | st.datetimes().map(str) | anything
features = st.fixed_dictionaries(
    {}, optional={"x": numbers, "c": scalars, "y z": anything, "b": anything, "other": anything}
)
events = st.fixed_dictionaries(
    {"t": times, "f": features | anything}, optional={"w": st.just("us") | anything}
) | st.fixed_dictionaries({"t": st.integers(10**9, 10**10), "f": features, "w": st.just("us")})
texts = st.tuples(events | anything, st.booleans()).map(lambda e: json.dumps(e[0], ensure_ascii=e[1]))
payloads = st.none() | st.binary(max_size=40) | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


def decode(values: list[bytes | None], *, patient_only: bool = False) -> Decoded:
    decoder = EventDecoder(BASELINE, FORMAT)
    if patient_only:
        decoder.quick = None
    return decoder.decode(RawBatch("t", 0, range(len(values)), values))


def as_plain(rows: Rows) -> list[Any]:
    """Return everything that counting sees, in a form that compares; NaN by its state."""
    plain: list[Any] = [rows.times_ms.tolist(), rows.offsets.tolist()]
    for column in rows.numeric:
        states = np.where(np.isnan(column.values), 1, 0) if column.states is None else column.states
        plain += [np.nan_to_num(column.values, nan=0.5).tolist(), states.tolist()]
    for texts_column in rows.categorical:
        plain += [texts_column.codes.tolist(), dict(texts_column.unseen)]
    return plain


@given(st.lists(events.map(lambda e: json.dumps(e).encode()), max_size=8))
def test_both_readers_mean_the_same(values: list[bytes | None]) -> None:
    """Any JSON that both the typed and the patient reader accept gives equal rows, rejections and foreign counts."""
    quick, patient = decode(values), decode(values, patient_only=True)
    assert as_plain(quick.rows) == as_plain(patient.rows)
    assert (quick.rejected, quick.foreign) == (patient.rejected, patient.foreign)


@given(st.lists(payloads, max_size=12), st.integers(0, 12))
def test_batches_change_nothing(values: list[bytes | None], cut: int) -> None:
    """Decoding two halves gives what decoding the whole gives, whatever bytes stand on either side."""
    whole, first, second = decode(values), decode(values[:cut]), decode(values[cut:])
    assert len(whole.rows) == len(first.rows) + len(second.rows)
    assert whole.foreign == first.foreign + second.foreign
    assert [(r.reason, r.value) for r in whole.rejected] == [
        (r.reason, r.value) for r in first.rejected + second.rejected
    ]
    index = np.arange(len(first.rows))
    assert as_plain(whole.rows.take(index)) == as_plain(first.rows)


@given(st.lists(payloads, max_size=12))
def test_every_record_has_exactly_one_fate(values: list[bytes | None]) -> None:
    """Records with rows, rejected and foreign ones add up to what came in, and no offset is in two of them."""
    decoded = decode(values)
    offsets = sorted(set(decoded.rows.offsets.tolist())) + [r.offset for r in decoded.rejected]
    assert len(offsets) + decoded.foreign == len(values)
    assert len(set(offsets)) == len(offsets)
    assert decoded.rows.offsets.tolist() == sorted(decoded.rows.offsets.tolist())
    assert all(0 <= time <= 253_402_300_799_999 for time in decoded.rows.times_ms.tolist())
    for column in decoded.rows.categorical:
        assert all(name.encode() is not None for name in column.unseen.values())
