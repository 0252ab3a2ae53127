"""Faults of a pipeline, from lines of a file to the sentence in the drift event."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from baselines import save
from baselines.fitting import fit
from consumers.assembly import assemble
from consumers.cli import app
from consumers.event_schema import event_schema
from consumers.replay import Replay
from consumers.settings import load_settings
from consumers.streams import stream_batches
from stream.counts import Counts
from stream.patterns import recognise
from stream.sample import Sample
from tests.builders import layout_of, rows_of

START_MS = 1_700_000_040_000  # a whole minute
CONFIG = """
[monitor]
name = "trips"
[schedule]
every = "1m"
[events]
timestamp = "ts"
features = "features"
"""
# Whose values arrive as f1, f2, ... f49 in the middle of abrupt_insects.
_ARRIVING = (
    "f10 f12 f5 f4 f9 f8 f7 f34 f13 f33 f44 f3 f15 f20 f18 f23 f40 f1 f24 f39 f32 f26 f2 f21 f6 f35 f47 "
    "f43 f38 f45 f30 f17 f37 f11 f19 f22 f48 f41 f16 f14 f46 f25 f42 f29 f31 f36 f28 f49 f27 "
)
SOURCES = {f"f{place}": source for place, source in enumerate(_ARRIVING.split(), 1)}
Values = dict[str, Any]
Fault = Callable[[np.random.Generator, Values], Values]


def _trip(rng: np.random.Generator) -> Values:
    return {
        "trip_minutes": float(rng.lognormal(2.5, 0.5)),
        "celsius": float(rng.normal(15, 8)),
        "pressure": float(rng.normal(1013, 10)),
        "age": int(rng.integers(18, 90)),
        "fare": float(rng.lognormal(3.2, 0.6)),
        "tip": float(rng.gamma(2, 2)) if rng.random() > 0.1 else None,
        "device": str(rng.choice(["mobile", "desktop", "tablet"], p=[0.6, 0.3, 0.1])),
        "steady": float(rng.normal(0, 1)),
    }


# The fault, and what the summary or the feature's pattern must say; each is a stream of its own.
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "seconds": (
        lambda _, v: {"trip_minutes": v["trip_minutes"] * 60},
        "trip_minutes",
        "trip_minutes looks about 60 times as large (seconds instead of minutes, or minutes instead of hours?)",
    ),
    "fahrenheit": (
        lambda _, v: {"celsius": v["celsius"] * 1.8 + 32},
        "celsius",
        "celsius looks like Fahrenheit instead of Celsius",
    ),
    "stuck": (lambda _, __: {"celsius": 21.5}, "celsius", "celsius is stuck at 21.5: all of its values"),
    "clipped": (lambda _, v: {"pressure": min(v["pressure"], 1018.0)}, "pressure", "pressure is cut off above 1018: "),
    "swapped": (lambda _, v: {"age": v["fare"], "fare": v["age"]}, "age", "age and fare look swapped"),
    "gone": (lambda _, __: {"fare": None}, "fare", "fare went missing entirely"),
    "burst": (
        lambda rng, v: {"fare": None if rng.random() < 0.5 else v["fare"]},
        "fare",
        "fare is missing in 5",
    ),
    "text": (lambda _, v: {"fare": f"{v['fare']} EUR"}, "fare", "fare is of the wrong type (text where numbers were)"),
    "filled": (
        lambda _, v: {"tip": -999 if v["tip"] is None else v["tip"]},
        "tip",
        "tip is -999 instead of missing in ",
    ),
    "renamed": (
        lambda _, v: {"device": v["device"].title()},
        "device",
        "device spells its categories differently: 'mobile' is now 'Mobile', 'desktop' is now 'Desktop', ",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a baseline and a configuration."""
    folder, rng = tmp_path_factory.mktemp("faults"), np.random.default_rng(8)
    training = folder / "training.jsonl"
    training.write_text("\n".join(json.dumps(_trip(rng)) for _ in range(3000)))
    save(fit([training]), folder / "baseline.json")
    (folder / "driftline.toml").write_text(CONFIG)
    return folder


def _lines(fault: Fault) -> Iterator[str]:
    """Six minutes at 300 events a minute; from the third minute on every event has the fault."""
    rng = np.random.default_rng(9)
    for number in range(6 * 300):
        values = _trip(rng)
        if number >= 2 * 300:
            values |= fault(rng, values)
        yield json.dumps({"ts": START_MS + number * 200, "features": values})


def _opened(folder: Path, name: str) -> dict[str, Any]:
    stream = folder / f"{name}.jsonl"
    stream.write_text("\n".join(_lines(FAULTS[name][0])))
    replay = Replay(assemble(load_settings(folder / "driftline.toml", {})))
    events = [event.to_dict() for tick in replay.run(stream_batches([stream])) for event in tick.events]
    assert events[0]["type"] == "drift.opened"
    return events[0]


@pytest.mark.parametrize("name", FAULTS)
def test_the_summary_names_the_fault(folder: Path, name: str) -> None:
    """In the first event of the incident, which also fits the schema; the feature without a fault is not in it."""
    _, feature, words = FAULTS[name]
    opened = _opened(folder, name)
    Draft202012Validator(event_schema()).validate(json.loads(json.dumps(opened)))
    told = {one["name"]: one.get("pattern", {}).get("sentence", "") for one in opened["features"]}
    assert told[feature].startswith(words)
    assert words.split(" ")[0] in opened["summary"]
    assert "steady" not in told
    assert ", since 2023-11-14 22:1" in opened["summary"]


def test_columns_permuted_by_construction_are_told_as_such(real_monitor: Callable[..., Path], data_dir: Path) -> None:
    """The set whose columns were permuted at event 888: the opened event says so, and accuses no column that stayed.

    Of 49 columns most look alike at 200 rows a window: few sources are named, and of those named no more than one in
    ten is wrong. Truth is a one-to-one matching of the whole permuted stretch with what came before.
    """
    config = real_monitor("abrupt_insects")
    stream = data_dir / "abrupt_insects" / "stream.jsonl.gz"
    written = CliRunner().invoke(app, ["replay", "--config", str(config), str(stream)], catch_exceptions=False)
    events = [json.loads(line) for line in written.stdout.splitlines()]
    told = {f["name"]: f["pattern"] for f in events[0]["features"] if f.get("pattern", {}).get("kind") == "permuted"}
    assert len(told) >= 20
    assert not {"f4", "f7"} & told.keys()
    named = [
        (feature["name"], feature["pattern"]["column"])
        for event in events
        for feature in event["features"]
        if "column" in feature.get("pattern", {})
    ]
    wrong = [pair for pair in named if SOURCES[pair[0]] != pair[1]]
    assert len(named) >= 20
    assert len(wrong) <= len(named) / 10


def _rain(path: Path) -> dict[int, list[float]]:
    """Return the hourly rain at three airports by day (UTC), of a stream of events."""
    days: dict[int, list[float]] = {}
    with gzip.open(path, "rt") as lines:
        for event in map(json.loads, lines):
            days.setdefault(event["ts"] // 86_400_000, []).append(event["features"]["precip"])
    return days


def test_a_dry_day_is_not_stuck_whatever_day_came_before(data_dir: Path) -> None:
    """Against the day before, and the same day of the last week, over ten months: dry, and no gauge is broken.

    A gauge that says half an inch in every hour is.
    """
    with gzip.open(data_dir / "nyc_weather" / "reference.csv.gz", "rt") as rows:
        layout = layout_of({"precip": [float(row["precip"]) for row in csv.DictReader(rows)]})

    def counted(values: list[float]) -> Sample:
        return Sample.of_counts(layout, Counts.of(layout, rows_of(layout, range(len(values)), {"precip": values})))

    days = _rain(data_dir / "nyc_weather" / "stream.jsonl.gz")
    samples = {day: counted(rain) for day, rain in days.items()}
    pairs = [(day - back, day) for day in days for back in (1, 7) if day - back in days]
    wet_then_dry = [(one, day) for one, day in pairs if not any(days[day]) and sum(map(bool, days[one])) > 36]
    assert len(wet_then_dry) >= 5
    told = [recognise({"precip": samples[one]}, samples[day], {}).get("precip") for one, day in pairs]
    assert not {pattern.kind for pattern in told if pattern} & {"stuck", "default_fill"}
    broken = recognise({"precip": samples[pairs[0][0]]}, counted([0.5] * 72), {})["precip"]
    assert (broken.kind, broken.facts["value"]) == ("stuck", 0.5)
