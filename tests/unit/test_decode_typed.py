"""The quick reader takes what it should take: were it too strict, decoding would only be slow."""

import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest

from baselines.baseline import Baseline, CategoricalReference, NumericReference
from consumers.decode.event_format import EventFormat
from consumers.decode.typed import typed_reader


def category(name: str, *categories: str, boolean: bool = False) -> CategoricalReference:
    return CategoricalReference(name, categories, np.ones(len(categories) + 3, np.int64), 0, boolean=boolean)


NUMBER = NumericReference("n o", np.array([1.0]), np.array([0, 1, 0, 0, 0, 0, 0, 0]), 1, 0, 1, 1, {})
BASELINE = Baseline(1, (category("c", "a"), category("b", "false", "true", boolean=True), NUMBER), "typed")
FORMAT = EventFormat("m.ts", features="f", where={"m.model": "us"})


def event(**features: Any) -> bytes:
    return json.dumps({"m": {"ts": 1, "model": "us", "x": []}, "f": features, "more": {}}).encode()


@pytest.mark.parametrize(
    "features",
    [
        {},
        {"n o": 1.5, "c": "a", "b": True},
        {"n o": 1, "c": 1, "b": 0},
        {"n o": None, "c": None, "b": None},
        {"n o": 1, "c": 0.5, "b": "TRUE", "unknown": ["x"]},
    ],
)
def test_ordinary_events_are_read_quickly(features: dict[str, Any]) -> None:
    """Numbers, texts, booleans where they belong, nulls, absent and unknown features need no patience."""
    reader = typed_reader(BASELINE, FORMAT)
    assert reader is not None
    assert reader.time is not None
    assert reader.where is not None
    found = reader.decode(event(**features))
    wanted = (features.get("n o", math.nan), features.get("c"), features.get("b"))
    assert msgspec.structs.astuple(reader.features(found)) == pytest.approx(wanted, nan_ok=True)
    assert (reader.time(found), reader.where(found) == reader.required) == (1, True)


@pytest.mark.parametrize("features", [{"n o": "1"}, {"n o": True}, {"c": True}, {"c": []}, {"b": {}}])
def test_odd_values_are_left_to_patience(features: dict[str, Any]) -> None:
    """What needs a special cell is refused, never converted."""
    reader = typed_reader(BASELINE, FORMAT)
    assert reader is not None
    with pytest.raises(msgspec.ValidationError):
        reader.decode(event(**features))


@pytest.mark.parametrize("timestamp", ["f.c", "f", "m.model", "m.model.x"])
def test_two_uses_of_one_field_have_no_struct(timestamp: str) -> None:
    """A field that is read as two things, or as a value and an object, is left to the patient reader."""
    assert typed_reader(BASELINE, EventFormat(timestamp, features="f", where={"m.model": "us"})) is None
