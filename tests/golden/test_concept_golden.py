"""Bike sharing with labels: a model of 2011 meets 2012, in which the same hour has more riders."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from consumers.cli import app
from stream.labelled import labelled_features

NUMBERS = ("temp", "atemp", "hum", "windspeed")
CODES = {"season": 5, "mnth": 13, "holiday": 2, "weekday": 7, "weathersit": 5}
FOLDS = 8
HOUR_MS, WEEK_MS = 3_600_000, 604_800_000
START_MS = 1_325_376_000_000
Row = dict[str, Any]
Replay = Callable[[Iterable[Row], list[float]], list[dict[str, Any]]]


def inputs(row: Row) -> Row:
    """Return what is known before the hour is over: not who rode."""
    numbers = {name: float(row[name]) for name in NUMBERS}
    return numbers | {name: str(row[name]) for name in (*CODES, "hr", "workingday")}


def design(rows: list[Row]) -> NDArray[np.float64]:
    """Return the columns of a linear model: weather, and one per code and per hour of working and free days."""
    blocks = [np.array([[float(row[name]) for name in NUMBERS] for row in rows])]
    blocks += [np.eye(size)[[int(row[name]) for row in rows]] for name, size in CODES.items()]
    blocks.append(np.eye(48)[[int(row["hr"]) + 24 * int(row["workingday"]) for row in rows]])
    return np.hstack(blocks)


def riders(rows: list[Row]) -> NDArray[np.float64]:
    """Return the labels."""
    return np.array([float(row["cnt"]) for row in rows])


def predict(train: list[Row], test: list[Row]) -> list[float]:
    """Fit ridge regression to the square roots of the riders, and return the riders it expects of the others."""
    columns = design(train)
    weights = np.linalg.solve(columns.T @ columns + np.eye(columns.shape[1]), columns.T @ np.sqrt(riders(train)))
    return (np.maximum(design(test) @ weights, 0.0) ** 2).round(3).tolist()


@pytest.fixture(scope="module")
def year(data_dir: Path) -> list[Row]:
    """Return the hours of 2011."""
    with gzip.open(data_dir / "bike_sharing" / "reference.csv.gz", "rt") as file:
        names = next(file).strip().split(",")
        return [dict(zip(names, line.strip().split(","), strict=True)) for line in file]


@pytest.fixture(scope="module")
def held_out(year: list[Row]) -> list[float]:
    """Return predictions of all hours of 2011, each by a model that was fitted to the other folds."""
    predictions = np.zeros(len(year))
    for fold in range(FOLDS):
        others = [row for place, row in enumerate(year) if place % FOLDS != fold]
        predictions[fold::FOLDS] = predict(others, year[fold::FOLDS])
    return predictions.tolist()


@pytest.fixture(scope="module")
def replay(year: list[Row], held_out: list[float], tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Return what replays labelled hours, a week at a time, against the baseline of 2011's own errors."""
    folder = tmp_path_factory.mktemp("bikes")
    lines = [
        json.dumps({"features": inputs(row), "prediction": prediction, "label": float(row["cnt"])})
        for row, prediction in zip(year, held_out, strict=True)
    ]
    (folder / "held_out.jsonl").write_text("\n".join(lines) + "\n")
    invoke("fit", folder / "held_out.jsonl", "--labelled", "--task", "regression", "--features", "features",
           "--out", folder / "baseline.json")  # fmt: skip
    (folder / "driftline.toml").write_text(
        '[monitor]\nname = "bikes.performance"\nbaseline = "baseline.json"\n[schedule]\nevery = "1w"\n'
        '[events]\ntimestamp = "ts"\nfeatures = "features"\n'
    )

    def run(rows: Iterable[Row], predictions: list[float]) -> list[dict[str, Any]]:
        events = [
            {"ts": row["ts"], "features": labelled_features("regression", inputs(row), prediction, float(row["cnt"]))}
            for row, prediction in zip(rows, predictions, strict=True)
        ]
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        told = invoke("replay", "--config", folder / "driftline.toml", folder / "events.jsonl")
        return [json.loads(line) for line in told.splitlines()]

    return run


def invoke(*arguments: object) -> str:
    """Run driftline; return its standard output."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def drawn(year: list[Row], held_out: list[float], allowed: Callable[[Row], bool]) -> tuple[list[Row], list[float]]:
    """Return 12 weeks of hours drawn from those of 2011 that are allowed, with their predictions and new times."""
    places = [place for place, row in enumerate(year) if allowed(row)]
    chosen = np.random.default_rng(3).choice(places, 12 * 168).tolist()
    rows = [year[place] | {"ts": START_MS + HOUR_MS * hour} for hour, place in enumerate(chosen)]
    return rows, [held_out[place] for place in chosen]


def test_the_growth_of_2012_is_a_changed_relation(replay: Replay, year: list[Row], data_dir: Path) -> None:
    """The weather is that of any year; among alike hours there are more riders than there were: found, and named."""
    with gzip.open(data_dir / "bike_sharing" / "stream.jsonl.gz", "rt") as file:
        stream = [json.loads(line) for line in file]
    rows = [event["features"] | {"ts": event["ts"]} for event in stream]
    events = replay(rows, predict(year, rows))
    opened = next(event for event in events if event["concept"]["relation"])
    assert opened["type"] in ("drift.opened", "drift.changed")
    assert opened["window"]["end"] < "2012-05"
    assert "targets lie above what training had for such inputs" in opened["concept"]["sentence"]
    spring = [event for event in events if "2012-04" < event["window"]["end"] < "2012-11" and event["features"]]
    assert all(event["concept"]["relation"] for event in spring)


def test_other_hours_of_the_same_year_are_moved_inputs(replay: Replay, year: list[Row], held_out: list[float]) -> None:
    """Rush hours alone: larger errors, more riders, and nothing but the mix has changed."""
    events = replay(*drawn(year, held_out, lambda row: row["hr"] in ("7", "8", "9", "16", "17", "18", "19")))
    assert events[0]["concept"]["inputs"]
    assert events[0]["concept"]["target"]
    assert not any(event["concept"]["relation"] for event in events)
    assert "driftline.loss" in {feature["name"] for event in events for feature in event["features"]}


def test_the_same_hours_say_nothing(replay: Replay, year: list[Row], held_out: list[float]) -> None:
    """Drawn from all of 2011: as the baseline has it."""
    assert replay(*drawn(year, held_out, lambda row: True)) == []
