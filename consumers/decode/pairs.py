"""Predictions and labels, one record at a time: what is needed to join them, in any format that events have.

A record is one prediction, or one label, with one id. It may have several rows: they share the id, and what is said of
them is a list with a value for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np

from baselines.categories import canonical
from consumers.decode.answers import answers_in, answers_of, plain_value
from consumers.decode.event_format import EventFormat, split_path
from consumers.decode.format import Wanted
from consumers.decode.formats import reader_of
from consumers.decode.gathered import RowReader
from consumers.decode.lenient import Refused
from consumers.decode.record import Record
from consumers.decode.row_values import PerRow, value_at
from consumers.decode.schemas import Registry
from consumers.decode.tables import Names, Objects, Table
from consumers.decode.timestamps import one_to_ms
from consumers.raw import RawRecord


@dataclass(frozen=True, slots=True)
class PredictionRead:
    """A prediction's event: the features of each row, and what was predicted of it (None where nothing is to be).

    ``time_ms`` is the event's time, ``told_apart`` are its segment's values by path, as far as all rows share them.
    """

    id: str
    time_ms: int
    rows: Sequence[Mapping[str, Any]]
    predictions: Sequence[object]
    told_apart: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelRead:
    """A label record; ``time_ms`` is the label's time, ``label`` one value or a list with one for each row."""

    id: str
    time_ms: int
    label: object

    def labels(self, rows: int) -> Sequence[object]:
        """Return the label of each of so many rows; raises Refused where there is another number of them."""
        return _shared_out(self.label, rows, "bad_label")


class PredictionReader:
    """Reads events of their format; ``prediction`` is the path to what the model answered, None where labels say it.

    ``features`` are those of the events' baseline. Raises NoSuchFormat.
    """

    def __init__(
        self,
        event_format: EventFormat,
        prediction: str | None,
        features: Names = (),
        registry: Registry | None = None,
    ) -> None:
        self._id = _Path(event_format.id or "id")
        self._prediction = None if prediction is None else _Path(prediction)
        self._segments = {path: split_path(path) for path in event_format.segments}
        paths = (self._id.path, prediction or "", event_format.timestamp or "", *event_format.where, *self._segments)
        self.reads_key = "@key" in paths
        self._opener = _Opener(event_format, (self._id.path, prediction or ""), features, registry)

    def read(self, raw: RawRecord, record_ms: int | None) -> PredictionRead | None:
        """Return what an event holds, None for one that belongs to others; raises Refused for what is no prediction."""
        found = self._opener.open(raw)
        if found is None:
            return None
        record, table = found
        n, time_ms = len(table), self._opener.time_ms(record, table, record_ms)
        told_apart = {path: _one_of(value_at(record, table, path, keys)) for path, keys in self._segments.items()}
        return PredictionRead(
            self._id.id_in(record, table),
            time_ms,
            _objects(table),
            [None] * n if self._prediction is None else self._predictions(record, table, n),
            {path: value for path, value in told_apart.items() if value is not _MANY},
        )

    def _predictions(self, record: Record, table: Table, n: int) -> Sequence[object]:
        assert self._prediction is not None
        value = self._prediction.value_in(record, table, "no_prediction")
        if isinstance(value, PerRow):
            return _listed(value.values)
        return _shared_out(self._opener.answers(value), n, "no_prediction")


class LabelReader:
    """Reads label records of any format: the paths to the prediction's id, to the label, and to its time.

    ``label`` None takes all values of the record's rows, but id and time; ``timestamp`` None the record's own time.
    Raises NoSuchFormat.
    """

    def __init__(
        self, id_path: str, label: str | None, event_format: EventFormat, registry: Registry | None = None
    ) -> None:
        self._id, self._label = _Path(id_path), None if label is None else _Path(label)
        also = (id_path, *filter(None, (label, event_format.timestamp)))
        self._without = frozenset(path.split(".")[0] for path in also)
        # What a model server answers is what responses hold.
        self._opener = _Opener(replace(event_format, side="response"), also, (), registry)

    def read(self, raw: RawRecord, record_ms: int | None) -> LabelRead | None:
        """Return what a record holds, None for what is nobody's label; raises Refused for what is none."""
        found = self._opener.open(raw)
        if found is None:
            return None
        record, table = found
        label_id = self._id.id_in(record, table)
        label = self._label_in(record, table)
        return LabelRead(label_id, self._opener.time_ms(record, table, record_ms), label)

    def _label_in(self, record: Record, table: Table) -> object:
        if self._label is None:
            found = answers_of(table, self._without)
            return _Rows(found) if len(found) != 1 else found[0]
        value = self._label.value_in(record, table, "no_label")
        if isinstance(value, PerRow):
            return _Rows(_listed(value.values))
        return self._opener.answers(value)


class _Rows(list[Any]):
    """Values, one for each row, which a list may or may not be."""


class _Opener:
    """Opens a record onto its one table, whatever envelopes are around it."""

    def __init__(self, event_format: EventFormat, also: Names, features: Names, registry: Registry | None) -> None:
        self._time = None if event_format.timestamp is None else _Path(event_format.timestamp)
        self._unit, self._rows = event_format.timestamp_unit, RowReader(event_format)
        also = tuple(filter(None, also))
        self._reader = reader_of(Wanted(features, event_format, registry, also), self._rows.excludes)
        # Messages within an event are answers, and read whole.
        answers = replace(event_format, names=(), side="response")
        self._whole = reader_of(Wanted((), answers, None), self._rows.excludes)

    def open(self, raw: RawRecord) -> tuple[Record, Table] | None:
        """Return a record and its rows; None where there are none of ours. Raises Refused, for several events, too."""
        record = Record.of(raw)
        table = self._reader.row(record)
        if table is None:
            found = self._reader.read(record)
            if len(found) > 1:
                raise Refused("many_events", f"there are {len(found)} events in the record: only one can be joined")
            if not found:
                return None
            record, table = found[0]
        if not len(table):
            raise Refused("no_rows", "the event has no rows")
        ours = self._rows.ours(record, table)
        return None if ours is None else (record, ours)

    def time_ms(self, record: Record, table: Table, record_ms: int | None) -> int:
        """Return the time of the first row, or the record's own."""
        if self._time is None:
            if record_ms is None or record_ms < 0:
                raise Refused("no_timestamp", "the record has no timestamp")
            return record_ms
        value = self._time.value_in(record, table, "no_timestamp")
        if isinstance(value, PerRow):
            value = value.values[0]
        try:
            return one_to_ms(
                np.datetime_as_string(value, "ms") if isinstance(value, np.datetime64) else value, self._unit
            )
        except ValueError as error:
            raise Refused("bad_timestamp", str(error)) from None

    def answers(self, value: object) -> object:
        """Return the rows of a message of a model server, or the value as it is."""
        found = answers_in(value, self._whole)
        return plain_value(value) if found is None else _Rows(found)


class _Path:
    def __init__(self, path: str) -> None:
        self.path, self._keys = path, split_path(path)

    def value_in(self, record: Record, table: Table, reason: str) -> Any:
        value = value_at(record, table, self.path, self._keys)
        if value is None:
            raise Refused(reason, f"there is no value at {self.path!r}")
        return value

    def id_in(self, record: Record, table: Table) -> str:
        """Return the id as text: 7 and "7" name the same prediction."""
        value = _one_of(self.value_in(record, table, "no_id"))
        if value is _MANY:
            raise Refused("many_events", f"the rows have several ids at {self.path!r}: only one can be joined")
        if isinstance(value, UUID):
            return str(value)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            raise Refused("bad_id", f"the value at {self.path!r} is neither text nor a number")
        return canonical(value)


_MANY = object()


def _one_of(value: Any) -> Any:
    """Return the one value that all rows have; ``_MANY`` where they have several."""
    if not isinstance(value, PerRow):
        return value
    values = _listed(value.values)
    return values[0] if all(one == values[0] for one in values) else _MANY


def _objects(table: Table) -> Sequence[Mapping[str, Any]]:
    if isinstance(table, Objects):
        return table.objects
    names = table.names
    return [dict(zip(names, row, strict=True)) for row in table.rows(names)]


def _listed(values: Any) -> _Rows:
    return _Rows(map(plain_value, values.tolist() if isinstance(values, np.ndarray) else values))


def _shared_out(value: object, rows: int, reason: str) -> Sequence[object]:
    """Return a value for each row: a list of as many has one for each; of one row, any other value is its own."""
    if isinstance(value, list) and len(value) == rows:
        return value
    if rows == 1 and not isinstance(value, _Rows):
        return [value]
    told = f"a list of {len(value)}" if isinstance(value, list) else "one value"
    raise Refused(reason, f"the event has {rows} rows, and there is {told} for them")
