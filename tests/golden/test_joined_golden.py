"""Model servers' traffic, as they write it, and what its two halves, or events and their labels, become together."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from consumers.decode import EventDecoder
from consumers.decode.event_format import EventFormat
from consumers.joiner import Joiner
from consumers.kafka_joins import new_pairer
from consumers.lane import read_lane_note
from consumers.memory_follower import MemoryArchive, MemoryFollower
from consumers.memory_log import MemoryLog
from consumers.memory_source import MemorySink, MemorySource, raw_batch
from consumers.patience import Patience
from consumers.settings import Settings, load_settings
from tests.builders import layout_of
from tests.joining import drain

FILES = sorted((Path(__file__).parent / "joined").glob("*.json"))
START_MS = 1_700_000_000_000


def value_of(record: dict[str, Any]) -> bytes:
    """Return the bytes of a record."""
    if "hex" in record:
        return bytes.fromhex(record["hex"])
    value = (record["text"] if "text" in record else json.dumps(record["json"])).encode()
    return gzip.compress(value) if record.get("packed") == "gzip" else value


def log_of(records: list[dict[str, Any]]) -> MemoryLog:
    """Return a log with the records, a second apart."""
    log = MemoryLog({"events": 1, "outputs": 1, "m.labelled": 1, "m.rejects": 1})
    for number, record in enumerate(records):
        headers = [(name, text.encode()) for name, text in record.get("headers", {}).items()]
        key = record["key"].encode() if "key" in record else None
        at_ms = START_MS + 1000 * number
        log.append(record["topic"], value_of(record), key=key, headers=headers, timestamp_ms=at_ms)
    return log


def joined(told: dict[str, Any], folder: Path) -> tuple[MemoryLog, Settings]:
    """Join the records of a file; return the log."""
    config, topics = folder / "driftline.toml", '[topics]\nevents = "events"'
    config.write_text('[monitor]\nname = "m"\n' + "\n".join(told["config"]).replace("[topics]", topics))
    settings, log = load_settings(config, {}), log_of(told["records"])
    labels = settings.labels
    assert labels is not None
    pairer = new_pairer(settings, labels, 1, tuple(told["features"]))
    follower = MemoryFollower(log, settings.topics.labels, most_records=2)
    source = MemorySource(log, "events", "joiners", most_records=3)
    drain(Joiner(source, follower, MemoryArchive(log), MemorySink(log), pairer, Patience(60_000)))
    return log, settings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pairs_are_as_their_file_says(path: Path, tmp_path: Path) -> None:
    """Each labelled event has what stands in the file, and every record is in the entry of the ledger that it names."""
    told = json.loads(path.read_text())
    log, settings = joined(told, tmp_path)
    found = [json.loads(record.value or b"") for record in log.records("m.labelled")]
    assert [{key: event.get(key) for key in wanted} for event, wanted in zip(found, told["labelled"], strict=True)] == (
        told["labelled"]
    )
    ledger = read_lane_note(log.committed("joiners")["events", 0].note).read_ledger().to_dict()
    assert {side: ledger[side] for side in told["ledger"]} == told["ledger"]
    assert {topic for topic, _ in log.committed("joiners")} == {"events", settings.topics.labels}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_pairs_are_rows_of_the_second_monitor(path: Path, tmp_path: Path) -> None:
    """Its decoder reads every row of every labelled event, whatever its inputs came in."""
    told = json.loads(path.read_text())
    log, _ = joined(told, tmp_path)
    baseline = layout_of({"age": [1.0, 2.0], "device": ["mobile", "desktop"]}).baseline
    decoder = EventDecoder(baseline, EventFormat("label_ts", "ms", "features", format="json"))
    decoded = decoder.decode(raw_batch(("m.labelled", 0), 0, log.records("m.labelled")))
    rows = [row for event in told["labelled"] for row in _rows(event["features"])]
    assert (decoded.rejected, decoded.rows.numeric[0].values.tolist()) == ((), [row["age"] for row in rows])


def _rows(features: Any) -> list[dict[str, Any]]:
    return features if isinstance(features, list) else [features]
