"""Predictions and labels of one lane, joined: records in, labelled events and dead letters out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import msgspec

from consumers.counter import reject_record
from consumers.decode.lenient import Refused
from consumers.decode.pairs import LabelRead, LabelReader, PredictionRead, PredictionReader
from consumers.labelled_event import labelled_event
from consumers.lane import HeldLabel, Lane
from consumers.raw import RawBatch, RawRecord, Rejected
from consumers.sink import Outgoing
from consumers.undecodable import read_alone
from stream import labelled
from stream.answered import RESPONSE, Response, answered_features
from stream.join import JoinLimits, JoinWindow, Prediction
from stream.join_ledger import JoinLedger
from stream.labelled import Task, labelled_features

# Everything else that is wrong with an event is wrong for the counter, too, which writes its dead letter.
_OURS = {"no_id", "bad_id", "no_prediction", "many_events"}


@dataclass(frozen=True, slots=True)
class PairTopics:
    """The topics that are joined, and where to."""

    events: str
    labels: str
    labelled: str
    rejects: str


@dataclass(slots=True)
class Joined:
    """What one step adds: records to write, and what the ledgers of all lanes grew."""

    records: list[Outgoing] = field(default_factory=list)
    growth: JoinLedger = field(default_factory=JoinLedger)


class LabelledSource(msgspec.Struct, frozen=True):
    """Where a labelled event's prediction stands; how a window that is read back knows what is labelled."""

    partition: int
    offset: int
    topic_id: str = ""


class _Written(msgspec.Struct):
    source: LabelledSource


class Pairer:
    """Knows how records are read and what is made of a pair; holds nothing of them."""

    def __init__(
        self,
        predictions: PredictionReader,
        labels: LabelReader,
        task: Task | Response,
        limits: JoinLimits,
        topics: PairTopics,
        classes: Sequence[str] | None = None,
    ) -> None:
        self._predictions = predictions
        self._labels = labels
        self._task = task
        self._limits = limits
        self._classes = classes
        self.topics = topics

    def new_window(self) -> JoinWindow:
        """Return a window that holds nothing."""
        return JoinWindow(self._limits)

    def remember(self, lane: Lane, batch: RawBatch) -> None:
        """Put predictions into the window that were in it before."""
        for _, _, read in self._read(lane, batch):
            if isinstance(read, Prediction):
                lane.window.add(read)

    def take(self, lane: Lane, batch: RawBatch, joined: Joined) -> None:
        """Put new predictions into the window."""
        growth = joined.growth
        for offset, value, read in self._read(lane, batch):
            growth.predictions += 1
            if read is None:
                growth.foreign += 1
            elif isinstance(read, Refused):
                growth.rejected[read.reason] += 1
                if read.reason in _OURS:
                    joined.records.append(self._reject(self.topics.events, batch.partition, offset, read, value))
            elif lane.window.add(read):
                growth.waiting += 1
            else:
                # Read before, and labelled: somebody moved the group's offset back.
                growth.labelled += 1

    def join(self, lane: Lane, partition: int, labels: Iterable[HeldLabel], topic_id: str, joined: Joined) -> None:
        """Join labels with the predictions in the window; one that fits none of them is an entry in the ledger."""
        for held in labels:
            record = self._pair(lane, partition, held, topic_id, joined.growth)
            if isinstance(record, Refused):
                joined.growth.labels += 1
                joined.growth.labels_rejected[record.reason] += 1
                record = self._reject(self.topics.labels, partition, held.offset, record, held.raw.value)
            if record is not None:
                joined.records.append(record)

    def _pair(
        self, lane: Lane, partition: int, held: HeldLabel, topic_id: str, growth: JoinLedger
    ) -> Outgoing | Refused | None:
        record_ms = held.record_ms if held.record_ms >= 0 else None
        try:
            label = read_alone(self._labels.read, held.raw, record_ms)
        except Refused as refused:
            return refused
        if label is None:
            growth.labels += 1
            growth.labels_foreign += 1
            return None
        fate, prediction = lane.window.meet(label.id, held.record_ms)
        if prediction is None:
            growth.note_label(fate)
            return None
        read = self._predictions.read(_record(prediction.body), prediction.time_ms)
        assert read is not None
        try:
            rows = self._rows(read, label)
        except Refused as refused:
            return refused
        growth.note_label(fate)
        growth.delays.note(label.time_ms - read.time_ms)
        lane.window.settle(prediction)
        source = {"partition": partition, "offset": prediction.offset, "topic_id": topic_id}
        value = labelled_event(read, label, rows, source)
        return Outgoing(self.topics.labelled, label.id.encode(errors="replace"), value, partition=partition)

    def _rows(self, read: PredictionRead, label: LabelRead) -> list[dict[str, Any]]:
        """Return each row's labelled features; raises Refused: the prediction waits on for a label that fits."""
        labels = label.labels(len(read.rows))
        return [self._features(*row) for row in zip(read.rows, read.predictions, labels, strict=True)]

    def _features(self, inputs: Mapping[str, Any], prediction: object, label: object) -> dict[str, Any]:
        try:
            if self._task == RESPONSE:
                features = answered_features(inputs, label, self._classes)
            else:
                features = labelled_features(self._task, inputs, prediction, label, self._classes)
        except RecursionError:
            raise Refused("bad_prediction", "nested too deeply") from None
        if isinstance(features, labelled.Refused):
            raise Refused(features.reason, features.detail)
        return features

    def _read(self, lane: Lane, batch: RawBatch) -> Iterator[tuple[int, bytes | None, Prediction | Refused | None]]:
        """Yield what each record is, with its offset and its bytes: a prediction, no event, or somebody else's."""
        times = batch.timestamps_ms or repeat(-1)
        for offset, raw, record_ms in zip(batch.offsets, batch.records(), times, strict=False):
            # A record without a time is as old as the newest before it.
            time_ms = record_ms if record_ms >= 0 else lane.window.reached_ms
            try:
                read = read_alone(self._predictions.read, raw, record_ms if record_ms >= 0 else None)
            except Refused as refused:
                yield offset, raw.value, refused
                continue
            yield offset, raw.value, None if read is None else Prediction(offset, time_ms, read.id, self._kept(raw))

    def _kept(self, raw: RawRecord) -> object:
        """Return what is remembered of a record: its bytes alone, where nothing around them is read."""
        return raw if raw.headers or self._predictions.reads_key else raw.value or b""

    def _reject(self, topic: str, partition: int, offset: int, refused: Refused, value: bytes | None) -> Outgoing:
        rejected = Rejected(offset, refused.reason, str(refused), value)
        return reject_record(self.topics.rejects, (topic, partition), rejected)


def labelled_offsets(batch: RawBatch, partition: int, topic_id: str) -> Iterator[int]:
    """Yield the offsets of the predictions that the labelled events of a batch are of."""
    for value in batch.values:
        try:
            source = msgspec.json.decode(value or b"", type=_Written).source
        except msgspec.DecodeError:
            # Not written by a joiner.
            continue
        if (source.partition, source.topic_id) == (partition, topic_id):
            yield source.offset


def _record(body: Any) -> RawRecord:
    """Return a record that was remembered."""
    return body if isinstance(body, RawRecord) else RawRecord(body)
