"""Every kind of event, good and bad, as data: what becomes of it."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from baselines.baseline import NUMERIC_SPECIALS, Baseline, CategoricalReference, NumericReference
from consumers.decode import EventDecoder, EventFormat
from consumers.raw import Decoded, RawBatch
from stream.rows import MISSING, NOT_A_NUMBER, WRONG_TYPE, CategoricalColumn, NumericColumn

FOLDER = Path(__file__).parent / "decode"
FILES = sorted(FOLDER.glob("*.json"))
PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress}
STATES = {MISSING: "missing", NOT_A_NUMBER: "nan", WRONG_TYPE: "wrong_type"}


def number(name: str) -> NumericReference:
    return NumericReference(name, np.array([1.0, 50.0]), np.array([0, 1, 0, 1, 0, 0, 0, 0, 0, 0]), 2, 1, 1, 50, {})


def category(name: str, *categories: str, boolean: bool = False) -> CategoricalReference:
    return CategoricalReference(name, categories, np.ones(len(categories) + 3, np.int64), 0, boolean=boolean)


BASELINE = Baseline(
    2,
    (
        number("age"),
        category("device", "3", "desktop", "mobile"),
        number("1st price"),
        category("returning", "false", "true", boolean=True),
    ),
    "golden",
)


def scenarios(path: Path) -> tuple[EventFormat, list[dict[str, Any]]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    told = document["format"]
    return EventFormat(**told | {"names": tuple(told.get("names", ()))}), document["scenarios"]


def event_bytes(scenario: dict[str, Any]) -> bytes | None:
    """Return the bytes that a scenario writes as text, as hex or as JSON, compressed or cut off as it says."""
    if "json" in scenario:
        value = json.dumps(scenario["json"]).encode()
    elif "event_hex" in scenario:
        value = bytes.fromhex(scenario["event_hex"])
    elif scenario["event"] is None:
        return None
    else:
        value = scenario["event"].encode()
    packed = PACKERS[scenario["packed"]](value) if "packed" in scenario else value
    return packed[: len(packed) - scenario.get("cut_bytes", 0)]


def batch_of(cases: list[dict[str, Any]], first_offset: int) -> RawBatch:
    headers = [[(name, text.encode()) for name, text in case.get("headers", {}).items()] for case in cases]
    offsets = range(first_offset, first_offset + len(cases))
    return RawBatch("events", 0, offsets, [event_bytes(case) for case in cases], headers=headers)


def numeric_cell(column: NumericColumn, row: int) -> float | str:
    value = float(column.values[row])
    state = int(column.states[row]) if column.states is not None else MISSING if np.isnan(value) else 0
    if state:
        return STATES[state]
    return value if np.isfinite(value) else NUMERIC_SPECIALS[3 if value > 0 else 2]


def categorical_cell(reference: CategoricalReference, column: CategoricalColumn, row: int) -> str:
    names = (*reference.categories, f"unseen: {column.unseen.get(row)}", "missing", "wrong_type")
    return names[column.codes[row]]


def outcomes(decoded: Decoded) -> dict[int, dict[str, Any]]:
    """Return by offset what became of each record that is not foreign."""
    found: dict[int, dict[str, Any]] = {r.offset: {"fate": r.reason} for r in decoded.rejected}
    rows = decoded.rows
    for row, offset in enumerate(rows.offsets.tolist()):
        numbers = {f.name: numeric_cell(c, row) for f, c in zip(BASELINE.numeric, rows.numeric, strict=True)}
        texts = {
            f.name: categorical_cell(f, c, row) for f, c in zip(BASELINE.categorical, rows.categorical, strict=True)
        }
        event = found.setdefault(offset, {"fate": "counted", "time_ms": int(rows.times_ms[row]), "rows": []})
        event["rows"].append(numbers | texts)
        event["cells"] = event["rows"][0]
    return found


def assert_as_written(found: dict[str, Any], scenario: dict[str, Any]) -> None:
    expected = {key: scenario[key] for key in ("fate", "time_ms", "cells", "rows") if key in scenario}
    assert {key: found.get(key) for key in expected} == expected, scenario["name"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_scenario_ends_as_its_file_says(path: Path) -> None:
    """Each event alone in its batch meets exactly the fate, the time and the cells that stand beside it."""
    event_format, cases = scenarios(path)
    decoder = EventDecoder(BASELINE, event_format)
    for scenario in cases:
        decoded = decoder.decode(batch_of([scenario], 7))
        assert len(set(decoded.rows.offsets.tolist())) + len(decoded.rejected) + decoded.foreign == 1
        assert_as_written(outcomes(decoded).get(7, {"fate": "foreign"}), scenario)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_bad_neighbours_change_nothing(path: Path) -> None:
    """All events of a file in one batch, twice over, meet the fates they meet alone, in offset order."""
    event_format, cases = scenarios(path)
    cases = cases * 2
    batch = batch_of(cases, 100)
    decoded = EventDecoder(BASELINE, event_format).decode(batch)
    found = outcomes(decoded)
    for offset, scenario in enumerate(cases, start=100):
        assert_as_written(found.get(offset, {"fate": "foreign"}), scenario)
    assert decoded.rows.offsets.tolist() == sorted(decoded.rows.offsets.tolist())
    assert [r.offset for r in decoded.rejected] == sorted(r.offset for r in decoded.rejected)
    assert all(r.value == batch.values[r.offset - 100] and r.detail for r in decoded.rejected)


def test_every_reason_has_a_scenario() -> None:
    """The scenarios cover every reason for which an event is refused, so that the page about them is complete."""
    fates = {scenario["fate"] for path in FILES for scenario in scenarios(path)[1]}
    reasons = {
        "tombstone", "empty", "not_utf8", "bad_json", "not_an_object", "no_features", "no_timestamp", "bad_timestamp",
        "no_rows", "wrong_length", "wrong_shape", "wrong_format", "unknown_names", "bad_compression", "no_data",
        "bad_cloudevent", "nested_too_deeply", "bad_arrow", "bad_avro", "bad_change", "bad_frame", "no_registry",
        "bad_protobuf",
    }  # fmt: skip
    assert fates == reasons | {"counted", "foreign"}
