"""Laws of formats: one meaning in all of them, one fate for any bytes, and nothing that stops the consumer."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baselines import Layout
from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import Decoded, RawBatch
from stream.counts import Counts
from stream.ledger import Ledger
from stream.schedule import Schedule
from stream.tally import Guards, Tallier
from tests.encoders import ENCODERS, NUMBERS, SETTINGS, TEXTS, WITH_AVRO_NAMES, Encoded, MockedRegistry, Row, avro_name

T_MS = 1_700_000_000_000
# Of each format; `make mutate` asks for more.
MUTATIONS = int(os.environ.get("DRIFTLINE_MUTATIONS", "12"))

numbers = st.integers(-1000, 1000).map(lambda n: n / 8)
texts = st.sampled_from(["a", "b", "new", "größe", "1", "NaN", ""])
INSERTED = [b"null", b"[]", b"{}", b"-1", b'"', b"9" * 30]


def rows_of(*, nulls: bool) -> Any:
    """Return rows, some of whose values are missing if the format has a word for that."""
    none = st.none() if nulls else st.nothing()
    return st.fixed_dictionaries({**dict.fromkeys(NUMBERS, none | numbers), **dict.fromkeys(TEXTS, none | texts)})


@cache
def baseline(*, avro: bool) -> Baseline:
    values = np.array([-10.0, 0.0, 10.0])
    counts = np.array([0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    named = avro_name if avro else str
    numeric = [NumericReference(named(name), values, counts, 0, 1, -10, 10, {}) for name in NUMBERS]
    categorical = [CategoricalReference(named(name), ("1", "a", "b"), np.ones(6, np.int64), 0) for name in TEXTS]
    return Baseline(3, (*numeric, *categorical), "law")


@cache
def decoder(name: str) -> EventDecoder:
    told: Any = SETTINGS.get(name, {})
    return EventDecoder(baseline(avro=name in WITH_AVRO_NAMES), EventFormat(**told), MockedRegistry())


def batch_of(records: Sequence[Encoded]) -> RawBatch:
    values, headers = [value for value, _ in records], [told for _, told in records]
    return RawBatch("t", 0, range(len(records)), values, [T_MS] * len(records), headers=headers)


def pane_of(decoded: Decoded, of: Baseline) -> Counts:
    """Count what was decoded in one pane."""
    layout = Layout(of)
    tallier, ledger = Tallier(layout, Schedule(60_000, 60_000), Guards(10**15, 10**15)), Ledger()
    rows, _ = tallier.sift(decoded.rows, None, ledger)
    panes = list(tallier.panes(("t", 0), rows))
    return panes[0].counts if panes else Counts.zero(layout)


def expected(rows: Sequence[Row]) -> Counts:
    """Count rows as plain events do that are read by themselves."""
    records = ENCODERS["object"][0](rows)
    return pane_of(decoder("object").decode(batch_of(records)), baseline(avro=False))


@pytest.mark.parametrize("name", ENCODERS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_same_rows_give_the_same_pane_in_every_format(name: str, data: Any) -> None:
    """Cells, moments and names of what training never saw: nothing tells which encoder wrote the rows."""
    encode, has_nulls = ENCODERS[name]
    rows = data.draw(st.lists(rows_of(nulls=has_nulls), min_size=1, max_size=70))
    decoded = decoder(name).decode(batch_of(encode(rows)))
    assert (decoded.rejected, decoded.foreign, len(decoded.rows)) == ((), 0, len(rows))
    found, wanted = pane_of(decoded, baseline(avro=name in WITH_AVRO_NAMES)), expected(rows)
    np.testing.assert_array_equal(found.cells, wanted.cells)
    np.testing.assert_array_equal(found.moments, wanted.moments)
    assert (found.rows, found.names) == (wanted.rows, wanted.names)


EXAMPLE: list[Row] = [{"x": 1.5, "y z": -2.0, "c": "a"}, {"x": 0.25, "y z": 7.0, "c": "new"}]


@st.composite
def mutated(draw: Any, value: bytes) -> bytes:
    """Cut, overwrite, double or take away some of the bytes."""
    broken = bytearray(value)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(broken) - 1)))
        kind = draw(st.sampled_from(["cut", "write", "insert", "delete", "double"]))
        if kind == "cut":
            del broken[at:]
        elif kind == "write" and broken:
            broken[at] = draw(st.integers(0, 255))
        elif kind == "insert":
            broken[at:at] = draw(
                st.binary(max_size=5) | st.sampled_from([b"null", b"[]", b"{}", b"-1", b'"', b"9" * 30])
            )
        elif kind == "delete":
            del broken[at : at + draw(st.integers(1, 8))]
        else:
            broken += broken[at:]
    return bytes(broken)


@pytest.mark.parametrize("name", ENCODERS)
@settings(max_examples=MUTATIONS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_records_meet_one_fate_and_leave_their_neighbours_alone(name: str, data: Any) -> None:
    """No exception, and no hang (each test has a time limit); the ledger adds up; the records beside count as ever."""
    records = ENCODERS[name][0](EXAMPLE)
    value, headers = records[0]
    broken = (data.draw(mutated(value)), headers)
    decoded = decoder(name).decode(batch_of([broken, *records]))
    good = np.count_nonzero(decoded.rows.offsets > 0)
    ledger = Ledger()
    ledger.enter_read(1 + len(records), decoded.foreign, [reject.reason for reject in decoded.rejected])
    Tallier(Layout(baseline(avro=False)), Schedule(60_000, 60_000), Guards(0, 0)).sift(decoded.rows, None, ledger)
    assert (good, ledger.balanced()) == (len(EXAMPLE), True)
