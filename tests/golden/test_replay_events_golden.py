"""From training rows and a file of events to drift events, all the way and without a broker."""

import json
from collections import Counter

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from baselines import save
from baselines.fitting import fit
from consumers.assembly import assemble
from consumers.event_schema import event_schema
from consumers.replay import Replay
from consumers.settings import load_settings
from consumers.streams import stream_batches

MINUTE_MS = 60_000
START_MS = 1_700_000_040_000  # a whole minute
CONFIG = """
[monitor]
name = "prices"
baseline = "baseline.json"
[schedule]
every = "1m"
window = "2m"
lateness = "5s"
[events]
timestamp = "ts"
features = "features"
[decision]
false_alarms = "1 per 1h"
"""


def _features(rng, *, shifted):
    return {
        "age": int(rng.normal(50 if shifted else 35, 8)),
        "device": str(rng.choice(["mobile", "desktop", "watch"] if shifted else ["mobile", "desktop"])),
        "income": None if shifted and rng.random() < 0.3 else round(float(rng.lognormal(3, 1)), 2),
    }


def _events(rng):
    """Twenty minutes, the sixth to the twelfth shifted, some events late, some lines no events."""
    for second in range(0, 20 * 60, 1):
        shifted = 6 <= second // 60 < 12
        for _ in range(3):
            ts = START_MS + second * 1000 - int(rng.integers(0, 4_000)) * (second > 30)
            yield json.dumps({"ts": ts, "features": _features(rng, shifted=shifted)})
        if second % 100 == 99:
            yield json.dumps({"ts": START_MS + second * 1000 - 60_000, "features": {}})
            yield "not an event"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """Return the ticks of a replay and its summary."""
    folder, rng = tmp_path_factory.mktemp("replay"), np.random.default_rng(5)
    training = folder / "training.jsonl"
    training.write_text("\n".join(json.dumps(_features(rng, shifted=False)) for _ in range(2000)))
    save(fit([training]), folder / "baseline.json")
    (folder / "driftline.toml").write_text(CONFIG)
    stream = folder / "events.jsonl"
    stream.write_text("\n".join(_events(rng)))
    replay = Replay(assemble(load_settings(folder / "driftline.toml", {})))
    return list(replay.run(stream_batches([stream]))), replay.summary()


def test_the_incident_is_told_from_its_beginning_to_its_end(replayed):
    """Opened, resolved, and nothing else but changes in between; all three features are in it."""
    ticks, summary = replayed
    events = [event for tick in ticks for event in tick.events]
    assert (events[0].type, events[-1].type) == ("drift.opened", "drift.resolved")
    assert {event.type for event in events[1:-1]} <= {"drift.changed"}
    assert len({event.incident for event in events}) == 1
    assert {feature["name"] for event in events for feature in event.features} == {"age", "device", "income"}
    assert events[0].features[0]["since_ms"] >= START_MS + 4 * MINUTE_MS
    assert summary["events"] == Counter(event.type for event in events)


def test_every_event_validates_as_it_is_written(replayed):
    """Against the schema that ships, after a round through JSON."""
    validator = Draft202012Validator(event_schema())
    for tick in replayed[0]:
        for event in tick.events:
            validator.validate(json.loads(json.dumps(event.to_dict())))


def test_every_line_has_a_fate(replayed):
    """Counted, late or rejected; the ledger adds up."""
    ledger = replayed[1]["ledger"]
    assert (ledger["read"], ledger["late"]) == (3600 + 24, 12)
    assert sum(ledger["rejected"].values()) == 12
    assert ledger["counted"] == 3600


def test_windows_are_tested_or_named(replayed):
    """Those at the ends of the stream are incomplete, with their reasons."""
    ticks, summary = replayed
    assert summary["windows"]["tested"] == sum(tick.status == "tested" for tick in ticks)
    assert len(summary["incomplete_windows"]) >= 2
    assert all(window["reason"] for window in summary["incomplete_windows"])
