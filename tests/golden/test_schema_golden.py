"""From files to what is said of how events are made, through `driftline replay`; and real streams, where nothing is."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from baselines import save
from baselines.fitting import fit
from consumers.cli import app

START_S, PER_HOUR, HOURS = 1_767_225_600, 2_500, 12
SCHEMA_REASONS = {"schema_changed", "sampling_changed", "rejecting"}


def said(config: Path, stream: Path) -> list[dict[str, Any]]:
    """Return what a replay says of how events are made."""
    result = CliRunner().invoke(app, ["replay", "--config", str(config), str(stream)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    return [event for event in events if event.get("reason") in SCHEMA_REASONS]


def brief(events: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Return the state of each event, with its changes."""
    keys = ("change", "field", "before", "after")
    return [(one["state"], [tuple(change[key] for key in keys) for change in one["changes"]]) for one in events]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[dict[str, Any]]]:
    """Return ``run(event, **events)``: replay what ``event`` makes of two numbers, a category and the hour."""
    folder, draw = tmp_path_factory.mktemp("made"), random.Random(2)

    def row() -> tuple[float, float, str]:
        return round(draw.gauss(40, 9), 1), round(draw.gauss(7, 2), 1), draw.choice("abc")

    training = [f"{age},{rooms},{city}" for age, rooms, city in (row() for _ in range(800))]
    (folder / "train.csv").write_text("\n".join(["age,rooms,city", *training]))
    save(fit([folder / "train.csv"]), folder / "baseline.json")

    def run(event: Callable[..., Any], **events: Any) -> list[dict[str, Any]]:
        told = "\n".join(f"{key} = {json.dumps(value)}" for key, value in events.items())
        (folder / "driftline.toml").write_text(
            f'[monitor]\nname = "made"\n[schedule]\nevery = "1h"\n[events]\ntimestamp = "ts"\n{told}\n'
        )
        with (folder / "events.jsonl").open("w") as file:
            for number in range(HOURS * PER_HOUR):
                made = event(number // PER_HOUR, *row())
                made["ts"] = START_S + 3600 * number / PER_HOUR
                file.write(json.dumps(made) + "\n")
        return said(folder / "driftline.toml", folder / "events.jsonl")

    return run


def test_a_field_that_comes_and_goes_is_told_by_its_path(replayed: Callable[..., list[dict[str, Any]]]) -> None:
    """Beside the features and above them, from begun to ended."""

    def event(hour: int, age: float, rooms: float, city: str) -> dict[str, Any]:
        more = {"tier": "gold"} if 4 <= hour < 8 else {}
        return {"user": {"f": {"age": age, "rooms": rooms, "city": city, **more}, "id": 7}, "by": {"v": 1}}

    told = replayed(event, features="user.f")
    assert brief(told) == [(state, [("appeared", "user.f.tier", "", "text")]) for state in ("begun", "ended")]
    assert len({one["incident"] for one in told}) == 1


def test_tensors_whose_values_changed_their_order_are_told(replayed: Callable[..., list[dict[str, Any]]]) -> None:
    """Without names, a text comes where a number belongs, and a number where a text was."""

    def event(hour: int, age: float, rooms: float, city: str) -> dict[str, Any]:
        values = [age, rooms, city] if hour < 6 else [city, rooms, age]
        return {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "BYTES", "data": values}]}

    (told,) = replayed(event, format="open-inference", names=["age", "rooms", "city"])
    assert brief([told]) == [
        ("begun", [("retyped", "age", "number", "text"), ("retyped", "city", "category", "number")])
    ]
    assert "order" in told["summary"]
    assert told["severity"] == "critical"


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize("name", ["abrupt_insects", "bike_sharing", "nyc_weather"])
@pytest.mark.parametrize("variant", ["", "__null"])
def test_real_streams_are_made_as_they_were(
    data_dir: Path, real_monitor: Callable[..., Path], name: str, variant: str
) -> None:
    """Drift or none: their fields, and how many events come, stay what they are."""
    every = {"abrupt_insects": "200s", "bike_sharing": "1w", "nyc_weather": "1w"}[name]
    config = real_monitor(name + variant, every=every, window=every)
    assert said(config, data_dir / (name + variant) / "stream.jsonl.gz") == []
