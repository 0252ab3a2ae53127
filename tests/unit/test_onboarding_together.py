"""Features that stand in several objects of an event: `init` proposes all of them, and says what it leaves out."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from consumers.cli import app

START_S, ROWS = 1_767_225_600, 300
Row = dict[str, Any]
Event = Callable[[int, Row], Row]


def run(*arguments: object) -> Any:
    """Run a verb in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def write_events(path: Path, event: Event) -> Path:
    """Write events, a line each."""
    random = np.random.default_rng(5)
    rows = [
        {"age": round(random.normal(40, 9), 1), "visits": int(random.poisson(4)), "os": "ab"[i % 2], "memory": i % 7}
        for i in range(ROWS)
    ]
    path.write_text("".join(json.dumps(event(i, row)) + "\n" for i, row in enumerate(rows)))
    return path


def user(row: Row) -> Row:
    """Return what is known of the user."""
    return {"age": row["age"], "visits": row["visits"]}


def device(row: Row) -> Row:
    """Return what is known of the device."""
    return {"os": row["os"], "memory": row["memory"]}


SHAPES: Mapping[str, tuple[Event, str, list[str], set[str]]] = {
    "two objects": (
        lambda i, r: {"ts": START_S + i, "id": f"e{i}", "user": user(r), "device": device(r)},
        "device",
        ["user"],
        {"age", "visits", "os", "memory"},
    ),
    "deeper, beside what is about the event": (
        lambda i, r: {
            "sentAt": START_S + i,
            "meta": {"host": "a", "pod": "b"},
            "request": {"user": user(r), "device": device(r)},
        },
        "request.device",
        ["request.user"],
        {"age", "visits", "os", "memory"},
    ),
    "the event itself and an object": (
        lambda i, r: {"ts": START_S + i, "event_id": f"e{i}", "amount": i % 90, "country": "x", "user": user(r)},
        "",
        ["user"],
        {"age", "visits", "amount", "country"},
    ),
    "an object with a feature of its own name, in an event with more of them": (
        lambda i, r: {"ts": START_S + i, "amount": i % 90, **user(r), "os": {"os": r["os"], "memory": r["memory"]}},
        "os",
        [""],
        {"age", "visits", "amount", "os", "memory"},
    ),
    "an object in the object of the features": (
        lambda i, r: {"ts": START_S + i, "load": 3, "features": {**user(r), "device": device(r)}},
        "features",
        ["features.device"],
        {"age", "visits", "os", "memory"},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_features_in_several_objects_are_all_proposed(shape: str, tmp_path: Path) -> None:
    """The written file reads the values of all of them, check has nothing to say, and every event is counted."""
    event, path, more, names = SHAPES[shape]
    sample, config = write_events(tmp_path / "s.jsonl", event), tmp_path / "driftline.toml"
    result = run("init", sample, "--out", config, "--fit")
    assert result.exit_code == 0, result.output
    found = tomllib.loads(config.read_text())["events"]
    assert {found["features"], *found.get("more_features", ())} == {path, *more}
    baseline = json.loads((tmp_path / "baseline.json").read_text())
    assert {feature["name"] for feature in baseline["features"]} == names
    checked = run("check", "--config", config, "--sample", sample)
    assert checked.exit_code == 0, checked.output
    summary = tmp_path / "summary.json"
    assert run("replay", sample, "--config", config, "--summary", summary).exit_code == 0
    assert json.loads(summary.read_text())["ledger"]["counted"] == ROWS


def test_a_baselines_features_are_looked_for_in_every_object(tmp_path: Path) -> None:
    """What has none of them is left alone, be it called features."""
    flat = write_events(tmp_path / "flat.jsonl", lambda i, r: {"ts": START_S + i, **user(r), **device(r)})
    assert run("init", flat, "--out", tmp_path / "flat.toml", "--fit").exit_code == 0
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, r: {
            "ts": START_S + i,
            "features": {"embedding": 0.1, "norm": 1},
            "user": {**user(r), "name": "x"},
            "device": device(r),
        },
    )
    out = run("init", sample, "--out", "-", "--baseline", tmp_path / "baseline.json").stdout
    found = tomllib.loads(out)["events"]
    assert {found["features"], *found["more_features"]} == {"user", "device"}


def test_an_object_with_the_same_names_is_no_further_one(tmp_path: Path) -> None:
    """Before and now: one of them is watched, the other is named as what could be meant, though it has more."""
    sample = write_events(
        tmp_path / "s.jsonl",
        lambda i, r: {
            "ts": START_S + i,
            "now": {**user(r), "clicks": i % 3},
            "before": {**user(r), "views": i % 5},
            "device": device(r),
        },
    )
    result = run("init", sample, "--out", "-")
    found = tomllib.loads(result.stdout)["events"]
    assert {found["features"], *found["more_features"]} == {"before", "device"}
    assert '# features = "now"' in result.stdout
    assert 'they could also be at "now"' in result.stderr
