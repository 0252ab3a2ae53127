"""Tables are replayed by their columns: what comes out is what the same rows give as events in JSON."""

import datetime as dt
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import baselines
from baselines import Baseline
from consumers.notebook import ReplayResult, replay

N = 1_200
START_S = 1_767_225_600
NAN, INFINITY = float("nan"), float("inf")
# The package has a function of the same name.
ways = sys.modules["consumers.notebook.replay"]


def table(rng: np.random.Generator, shift: float = 0.0) -> dict[str, Any]:
    """Return columns in which every kind of value stands somewhere."""
    age: list[Any] = (rng.normal(size=N) + shift * (np.arange(N) > N / 2)).tolist()
    age[5:9] = [None, NAN, INFINITY, -INFINITY]
    device: list[Any] = rng.choice(["phone", "desk"], N).tolist()
    device[3:6] = [None, "new", "größe"]
    return {
        "ts": pa.array(np.arange(N) * 30 + START_S, pa.timestamp("s")),
        "age": age,
        "visits": rng.integers(0, 3, N).tolist(),
        "device": pa.array(device).dictionary_encode(),
        "level": rng.integers(0, 3, N).astype(np.float32),
        "returning": rng.random(N) < 0.5,
        "country": rng.choice(["DE", "FR"], N).tolist(),
        "late field": [None] * (N // 2) + [1.5] * (N // 2),
    }


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    data = {name: column for name, column in table(np.random.default_rng(1)).items() if name != "late field"}
    return baselines.fit(pa.table(data), time="ts", drop=["country"], categorical=["level"], numeric=["visits"])


def both_ways(monkeypatch: pytest.MonkeyPatch, *given: Any, **options: Any) -> tuple[ReplayResult, ReplayResult]:
    """Return what comes of the columns, and what of rows that are written as events."""
    by_columns = replay(*given, **options)
    monkeypatch.setattr(ways, "column_batches", lambda *_: None)
    return by_columns, replay(*given, **options)


def assert_equal(found: ReplayResult, wanted: ReplayResult) -> None:
    assert [event.to_dict() for event in found.events] == [event.to_dict() for event in wanted.events]
    assert repr(found.findings.to_dict()) == repr(wanted.findings.to_dict())
    assert found.windows.to_dict() == wanted.windows.to_dict()
    assert found.summary == wanted.summary


CONFIGS: list[dict[str, Any]] = [
    {},
    {"events": {"where": {"country": "DE"}}},
    {"events": {"where": {"returning": True, "no such": 1}}},
    {"events": {"segment": ["country", "returning", "no such"]}},
    {"events": {"where": {"a.b": 1}}},
    {"decision": {"schema_changes": False}},
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_columns_give_what_events_give(config: Any, baseline: Baseline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events with their ids, findings, windows and the ledger, with segments and foreign rows, and what schemas do."""
    data = pa.table(table(np.random.default_rng(2), shift=1.5))
    found, wanted = both_ways(monkeypatch, data, baseline, time="ts", every="1h", config=config)
    assert_equal(found, wanted)


def test_the_comparison_is_of_something(baseline: Baseline) -> None:
    """The table drifts."""
    assert replay(pa.table(table(np.random.default_rng(2), shift=1.5)), baseline, time="ts", every="1h").drifted


def test_looks_at_rows_are_looks_at_events(baseline: Baseline, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows are looked at, and the same fields found in them."""
    monkeypatch.setattr(ways, "_result", lambda work, batches, findings: [one.decoded.rows.looks for one in batches])
    for looks in both_ways(monkeypatch, pa.table(table(np.random.default_rng(2))), baseline, time="ts"):
        (found,) = looks
        assert len(found.rows) > 3
        fields = [{field for fields in shape for field in fields} for shape in found.shapes]
        assert all({("device", "text"), ("returning", "boolean"), ("ts", "number")} <= some for some in fields)
        late = [("late field", "number") in some for some in fields]
        assert late == [row >= N // 2 for row in found.rows.tolist()]


TIMES: dict[str, Callable[[], Any]] = {
    "days": lambda: [dt.date(2026, 1, 1 + n // 100) for n in range(N)],
    "moments that are not all there": lambda: pa.array(
        [None if n % 7 == 0 else dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=n) for n in range(N)]
    ),
    "texts": lambda: ["no time" if n % 7 == 0 else f"2026-01-01T{n // 100:02}:{n % 60:02}:00Z" for n in range(N)],
    "seconds": lambda: [None if n % 9 == 0 else START_S + n * 30.5 for n in range(N)],
    "nanoseconds": lambda: [(START_S + n * 30) * 10**9 for n in range(N)],
    "truth values": lambda: [True] * N,
}


@pytest.mark.parametrize("times", TIMES)
def test_times_are_what_they_are_in_events(times: str, baseline: Baseline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing and bad ones are refused row by row, whatever they are held in."""
    data = pa.table({**table(np.random.default_rng(3)), "ts": TIMES[times]()})
    found, wanted = both_ways(monkeypatch, data, baseline, time="ts", every="1h")
    assert_equal(found, wanted)


DAYS = [dt.date(2026, 1, 1)] * N


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *(("age", values) for values in ([Decimal(1)] * N, [[1]] * N, [{"a": 1}] * N, [b"1"] * N, DAYS)),
        ("device", DAYS),
        ("country", DAYS),
    ],
)
def test_what_json_has_no_word_for_is_written_out(
    name: str, values: Any, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decimals, lists, bytes and days among the features or the segments: what they are is decided in one place."""
    data = pa.table({**table(np.random.default_rng(4)), name: values})
    config = {"events": {"segment": ["country"]}}
    found, wanted = both_ways(monkeypatch, data, baseline, time="ts", every="1h", config=config)
    assert_equal(found, wanted)
