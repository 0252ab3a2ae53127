"""Two columns that lose each other, each as healthy as ever: only the check correlation speaks in a replay."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy import stats
from typer.testing import CliRunner

from consumers.cli import app
from consumers.event_schema import event_schema

START_MS, MINUTE_MS = 1_700_000_040_000, 60_000
ROWS_A_MINUTE, MINUTES, BROKEN = 400, 16, range(6, 11)
CONFIG = """
[monitor]
name = "loans"
baseline = "baseline.json"
[schedule]
every = "1m"
[events]
timestamp = "ts"
features = "features"
"""


def people(rng: np.random.Generator, rows: int) -> list[dict[str, Any]]:
    """Return rows in which income follows age, spending follows income, and height nothing."""
    age = rng.normal(40, 10, rows).round(1)
    income = np.exp(0.03 * age + rng.normal(0, 0.2, rows)).round(3)
    spending = (income * rng.uniform(0.5, 0.9, rows)).round(3)
    height = rng.normal(170, 9, rows).round()
    columns = {"age": age, "income": income, "spending": spending, "height": height}
    return [dict(zip(columns, row, strict=True)) for row in np.stack(list(columns.values()), axis=1).tolist()]


def events(rng: np.random.Generator) -> list[str]:
    """Return a stream; in the broken minutes each event has the age of another one of the same minute."""
    lines = []
    for minute in range(MINUTES):
        rows = people(rng, ROWS_A_MINUTE)
        if minute in BROKEN:
            ages = rng.permutation([row["age"] for row in rows]).tolist()
            rows = [{**row, "age": age} for row, age in zip(rows, ages, strict=True)]
        for number, row in enumerate(rows):
            ts = START_MS + minute * MINUTE_MS + number * MINUTE_MS // ROWS_A_MINUTE
            lines.append(json.dumps({"ts": ts, "features": row}))
    return lines


def run(*arguments: str) -> str:
    """Run the command line; return what it wrote to stdout."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the monitor, its baseline and its stream."""
    place, rng = tmp_path_factory.mktemp("loans"), np.random.default_rng(31)
    with (place / "train.csv").open("w") as file:
        rows = people(rng, 5_000)
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    (place / "driftline.toml").write_text(CONFIG)
    (place / "stream.jsonl").write_text("\n".join(events(rng)))
    run("fit", str(place / "train.csv"), "--out", str(place / "baseline.json"))
    return place


@pytest.fixture(scope="module")
def told(folder: Path) -> list[dict[str, Any]]:
    """Return the drift events of a replay."""
    out = run("replay", "--config", str(folder / "driftline.toml"), str(folder / "stream.jsonl"))
    return [json.loads(line) for line in out.splitlines()]


def test_a_column_swapped_between_rows_is_told_and_only_by_its_correlation(told: list[dict[str, Any]]) -> None:
    """One incident, of age alone, from the minute in which it began; it ends when the rows are whole again."""
    opened, resolved = told
    assert (opened["type"], resolved["type"]) == ("drift.opened", "drift.resolved")
    (feature,) = opened["features"]
    assert (feature["name"], feature["since_ms"]) == ("age", START_MS + 6 * MINUTE_MS)
    drifting = [check for check in feature["checks"] if check["drift"]]
    assert [check["check"] for check in drifting] == ["correlation"]
    assert drifting[0]["partner"] == "income"
    assert opened["summary"].startswith("age and income no longer move together: rank correlation 0.8")
    assert opened["severity"] in ("warning", "critical")
    assert opened["window"]["end_ms"] <= START_MS + 8 * MINUTE_MS
    assert resolved["window"]["end_ms"] <= START_MS + 14 * MINUTE_MS


def test_its_events_validate(told: list[dict[str, Any]]) -> None:
    """The partner and the two correlations are in the schema, and belong to this check alone."""
    validator = Draft202012Validator(event_schema())
    for event in told:
        validator.validate(event)
    check = next(check for check in told[0]["features"][0]["checks"] if check["check"] == "correlation")
    del check["partner"]
    assert not validator.is_valid(told[0])


def test_without_pairs_nobody_sees_it(folder: Path, tmp_path: Path) -> None:
    """A baseline that was fitted without pairs has no such check, and the stream looks healthy."""
    run("fit", str(folder / "train.csv"), "--out", str(tmp_path / "baseline.json"), "--pairs", "0")
    (tmp_path / "driftline.toml").write_text(CONFIG)
    assert run("replay", "--config", str(tmp_path / "driftline.toml"), str(folder / "stream.jsonl")) == ""


def test_findings_of_a_real_set_are_those_of_scipy(
    data_dir: Path, real_monitor: Callable[..., Path], tmp_path: Path
) -> None:
    """Each correlation, before and after, is Pearson's of the baseline's levels over the raw rows."""
    config, data = real_monitor("bike_sharing__null"), data_dir / "bike_sharing__null"
    findings = tmp_path / "findings.jsonl"
    begun = gzip.decompress((data / "stream.jsonl.gz").read_bytes()).splitlines()[:2_000]
    (tmp_path / "stream.jsonl").write_bytes(b"\n".join(begun))
    run("replay", "--config", str(config), str(tmp_path / "stream.jsonl"), "--findings", str(findings))
    scores = json.loads(config.with_name("baseline.json").read_text())["dependence"]["features"]
    known = {one["feature"]: one for one in scores}
    training = list(csv.DictReader(io.StringIO(gzip.decompress((data / "reference.csv.gz").read_bytes()).decode())))
    stream = [json.loads(line) for line in begun]
    lines = [line for line in map(json.loads, findings.read_text().splitlines()) if line["check"] == "correlation"]
    assert len(lines) > 50
    for line in lines[::5]:
        start, end = line["window_start_ms"], line["window_end_ms"]
        window = [event["features"] for event in stream if start <= event["ts"] < end]
        for rows, told_r in ((training, line["correlation_reference"]), (window, line["correlation"])):
            levels = [
                [known[name]["levels"][int(np.searchsorted(known[name]["edges"], float(row[name])))] for row in rows]
                for name in (line["feature"], line["partner"])
            ]
            assert told_r == pytest.approx(stats.pearsonr(*levels).statistic, rel=0, abs=1e-9)
        assert line["statistic"] == pytest.approx(line["correlation"] - line["correlation_reference"])
        assert not line["drift"]
