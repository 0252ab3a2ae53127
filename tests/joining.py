"""A joiner over a log in memory: two partitions of events and of labels, and what became of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from consumers.decode.event_format import EventFormat
from consumers.decode.pairs import LabelReader, PredictionReader
from consumers.facts import NOBODY, Observer
from consumers.joiner import Joiner
from consumers.lane import read_lane_note
from consumers.memory_follower import MemoryArchive, MemoryFollower
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource
from consumers.pairing import Pairer, PairTopics
from consumers.patience import Patience
from stream.join import JoinLimits
from stream.join_ledger import JoinLedger

START_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
EARLY_MS = 60_000
FORMAT = EventFormat(timestamp="ts", id="id", features="features", segments=("country",), where={"model": "m"})


def event(event_id: object, at_ms: int = 0, **fields: Any) -> bytes:
    """Return an event whose model has answered 1.5, ``at_ms`` after the start."""
    body = {"ts": START_MS + at_ms, "id": event_id, "features": {"age": 40}, "prediction": 1.5, "model": "m"}
    return json.dumps({**body, **fields}).encode()


def label(event_id: object, value: object = 2.0, **fields: Any) -> bytes:
    """Return a label record."""
    return json.dumps({"id": event_id, "label": value, **fields}).encode()


@dataclass
class JoinStage:
    """Topics, and joiners that come and go; a regression whose predictions wait for an hour.

    With ``responses``, labels are on the topic of the events: the answers to requests, as KServe's logger writes both.
    """

    most: int = 1_000
    wait_ms: int = HOUR_MS
    responses: bool = False
    log: MemoryLog = field(default_factory=lambda: MemoryLog({"events": 2, "labels": 2, "labelled": 2, "rejects": 1}))

    def joiner(
        self,
        *,
        most_events: int = 20_000,
        most_labels: int = 20_000,
        clock: Callable[[], float] = float,
        observer: Observer = NOBODY,
    ) -> Joiner:
        """Return a new member of the joiners' group; its clock stands still unless another is given."""
        labels = "events" if self.responses else "labels"
        limits, topics = JoinLimits(self.wait_ms, self.most), PairTopics("events", labels, "labelled", "rejects")
        pairer = _pairer_of_responses(limits, topics) if self.responses else _pairer(limits, topics)
        return Joiner(
            MemorySource(self.log, "events", "joiners", most_records=most_events),
            MemoryFollower(self.log, labels, most_records=most_labels),
            MemoryArchive(self.log, most_records=7),
            MemorySink(self.log),
            pairer,
            Patience(EARLY_MS, clock),
            observer,
        )

    def predict(self, event_id: object, at_ms: int, partition: int = 0, **fields: Any) -> None:
        """Let an event arrive when it happens."""
        self.log.append("events", event(event_id, at_ms, **fields), partition=partition, timestamp_ms=START_MS + at_ms)

    def label(self, event_id: object, at_ms: int, value: object = 2.0, partition: int = 0) -> None:
        """Let a label arrive."""
        self.log.append("labels", label(event_id, value), partition=partition, timestamp_ms=START_MS + at_ms)

    def log_half(self, kind: str, event_id: str, at_ms: int, body: dict[str, Any], partition: int = 0) -> None:
        """Let a request or a response arrive, as KServe's inference logger writes them."""
        time = datetime.fromtimestamp((START_MS + at_ms) / 1000, UTC).isoformat()
        attributes = {
            "specversion": "1.0", "id": event_id, "type": f"org.kubeflow.serving.inference.{kind}", "time": time,
            "source": "http://localhost:9081/", "inferenceservicename": "prices",
        }  # fmt: skip
        headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
        told = {"headers": headers, "partition": partition, "timestamp_ms": START_MS + at_ms}
        self.log.append("events", json.dumps(body).encode(), **told)

    def labelled(self) -> list[dict[str, Any]]:
        """Return the labelled events, partition by partition."""
        return [json.loads(record.value or b"") for part in (0, 1) for record in self.log.records("labelled", part)]

    def ids(self) -> list[str]:
        """Return the ids of the labelled events, sorted."""
        return sorted(found["id"] for found in self.labelled())

    def reasons(self) -> list[str]:
        """Return why records are among the rejects."""
        return [dict(record.headers)["driftline_reason"].decode() for record in self.log.records("rejects")]

    def ledger(self) -> JoinLedger:
        """Return the ledger of all lanes, as it is committed."""
        total = JoinLedger()
        for place, position in self.log.committed("joiners").items():
            if place[0] == "events":
                total.add(read_lane_note(position.note).read_ledger())
        return total


def _pairer(limits: JoinLimits, topics: PairTopics) -> Pairer:
    readers = PredictionReader(FORMAT, "prediction"), LabelReader("id", "label", EventFormat())
    return Pairer(*readers, "regression", limits, topics)


def _pairer_of_responses(limits: JoinLimits, topics: PairTopics) -> Pairer:
    told = EventFormat(timestamp="@time", id="@id", where={"@inferenceservicename": "prices"})
    readers = PredictionReader(told, None, ("age", "device")), LabelReader("@id", None, EventFormat(timestamp="@time"))
    return Pairer(*readers, "response", limits, topics)


def drain(joiner: Joiner, *, finish: bool = True) -> None:
    """Step until everything is read; join what is held back, unless told otherwise."""
    ends = joiner.end_offsets()
    joiner.step(0.0)
    while not joiner.caught_up(ends):
        joiner.step(0.0)
    if finish:
        joiner.finish()
