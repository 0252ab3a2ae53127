"""Predictions and labels, one record at a time: what is needed to join them, read along the configured paths."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from baselines.categories import canonical
from consumers.decode.event_format import EventFormat, TimestampUnit, split_path
from consumers.decode.lenient import Refused, follow, parse_object, same
from consumers.decode.timestamps import one_to_ms


@dataclass(frozen=True, slots=True)
class PredictionRead:
    """A prediction's event; ``time_ms`` is the event's time, ``told_apart`` the values of its segment by path."""

    id: str
    time_ms: int
    features: Mapping[str, Any]
    prediction: object
    told_apart: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelRead:
    """A label record; ``time_ms`` is the label's time."""

    id: str
    time_ms: int
    label: object


class PredictionReader:
    """Reads events along the paths of their format; ``prediction`` is the path to what the model answered."""

    def __init__(self, event_format: EventFormat, prediction: str) -> None:
        self._format = event_format
        self._id = _Path(event_format.id or "id")
        self._features = tuple(map(split_path, event_format.feature_paths))
        self._prediction = _Path(prediction)
        self._segments = {path: split_path(path) for path in event_format.segments}
        self._where = tuple((split_path(path), value) for path, value in event_format.where.items())

    def read(self, value: bytes | None, record_ms: int | None) -> PredictionRead | None:
        """Return what an event holds, None for one that belongs to others; raises Refused for what is no prediction."""
        event = _parse(value)
        if not all(same(follow(event, path), required) for path, required in self._where):
            return None
        found = [features for path in self._features if isinstance(features := follow(event, path), dict)]
        if not found:
            raise Refused("no_features", f"there is no object at {self._format.features!r}")
        # Of a name that stands in several objects, the first one's value counts.
        features = found[0] if len(found) == 1 else {**ChainMap(*found)}
        return PredictionRead(
            self._id.id_in(event),
            _time_ms(event, self._format.timestamp, self._format.timestamp_unit, record_ms),
            features,
            self._prediction.value_in(event, "no_prediction"),
            {path: follow(event, keys) for path, keys in self._segments.items()},
        )


class LabelReader:
    """Reads label records: the paths to the prediction's id, to the label, and to its time (None: the record's own)."""

    def __init__(self, id_path: str, label: str, timestamp: str | None, timestamp_unit: TimestampUnit) -> None:
        self._id, self._label = _Path(id_path), _Path(label)
        self._timestamp, self._unit = timestamp, timestamp_unit

    def read(self, value: bytes | None, record_ms: int | None) -> LabelRead:
        """Return what a record holds; raises Refused for what is no label."""
        record = _parse(value)
        label_id = self._id.id_in(record)
        label = self._label.value_in(record, "no_label")
        return LabelRead(label_id, _time_ms(record, self._timestamp, self._unit, record_ms), label)


@dataclass(frozen=True, slots=True)
class _Path:
    path: str

    def value_in(self, record: Mapping[str, Any], reason: str) -> Any:
        value = follow(record, split_path(self.path))
        if value is None:
            raise Refused(reason, f"there is no value at {self.path!r}")
        return value

    def id_in(self, record: Mapping[str, Any]) -> str:
        """Return the id as text: 7 and "7" name the same prediction."""
        value = self.value_in(record, "no_id")
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            raise Refused("bad_id", f"the value at {self.path!r} is neither text nor a number")
        return canonical(value)


def _parse(value: bytes | None) -> dict[str, Any]:
    """Parse quickly what is as it should be, and everything else as the inputs' decoder does."""
    try:
        parsed = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return parse_object(value)
    return parsed if isinstance(parsed, dict) else parse_object(value)


def _time_ms(record: Mapping[str, Any], path: str | None, unit: TimestampUnit, record_ms: int | None) -> int:
    if path is None:
        if record_ms is None or record_ms < 0:
            raise Refused("no_timestamp", "the record has no timestamp")
        return record_ms
    value = follow(record, split_path(path))
    if value is None:
        raise Refused("no_timestamp", f"there is no value at {path!r}")
    try:
        return one_to_ms(value, unit)
    except ValueError as error:
        raise Refused("bad_timestamp", str(error)) from None
