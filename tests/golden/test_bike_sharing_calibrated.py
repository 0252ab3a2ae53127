"""Bike sharing with a calibrated baseline: the weeks of 2011 have taught how far a season goes."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from baselines import load
from consumers.cli import app

SEASONAL = frozenset({"temp", "atemp", "hum", "season", "mnth"})
DECEMBER_31_23H_MS = 1_325_372_400_000


@pytest.fixture(scope="module")
def baseline(data_dir: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the baseline of 2011, fitted by the week."""
    folder = tmp_path_factory.mktemp("bikes")
    script = runpy.run_path(str(repository / "examples" / "bike_sharing_time.py"))
    script["main"](data_dir / "bike_sharing" / "reference.csv.gz", folder / "timed.csv")
    kinds = json.loads((data_dir / "bike_sharing" / "truth.json").read_text())["kinds"]
    categorical = ",".join(name for name, kind in kinds.items() if kind == "categorical")
    invoke("fit", folder / "timed.csv", "--time", "ts", "--every", "1w", "--categorical", categorical,
           "--out", folder / "baseline.json")  # fmt: skip
    return folder / "baseline.json"


@pytest.fixture(scope="module")
def replay(baseline: Path, data_dir: Path) -> Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Return what replays 2012 by the week: drift events and summary."""

    def run(*earlier: Path, **decision: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        config, summary = baseline.with_name("driftline.toml"), baseline.with_name("summary.json")
        config.write_text(
            '[monitor]\nname = "bikes"\nbaseline = "baseline.json"\n[schedule]\nevery = "1w"\n'
            '[events]\ntimestamp = "ts"\nid = "id"\nfeatures = "features"\n[decision]\n'
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in decision.items())
        )
        stream = data_dir / "bike_sharing" / "stream.jsonl.gz"
        told = invoke("replay", "--config", config, *earlier, stream, "--summary", summary)
        events = [json.loads(line) for line in told.splitlines()]
        # The events of 2012 have a field that the rows of 2011 lack: a change, and none of what the model reads.
        drift = [event for event in events if event["type"] != "monitor.health"]
        return drift, json.loads(summary.read_text())

    return run


def invoke(*arguments: object) -> str:
    """Run a verb and return its standard output."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def year_before(baseline: Path, data_dir: Path, repository: Path) -> Path:
    """Return the rows of 2011 as events."""
    script = runpy.run_path(str(repository / "examples" / "bike_sharing_time.py"))
    script["main"](data_dir / "bike_sharing" / "reference.csv.gz", baseline.with_name("2011.jsonl"))
    return baseline.with_name("2011.jsonl")


def test_the_times_of_2011_are_found_again(baseline: Path) -> None:
    """The first row is the first hour of the year, the last row its last; 52 whole weeks, two days are left over."""
    rows = baseline.with_name("timed.csv").read_text().splitlines()
    assert len(rows) == 8_646
    assert rows[1].endswith(",1293840000000")
    assert rows[-1].endswith(f",{DECEMBER_31_23H_MS}")
    calibration = load(baseline).calibration
    assert calibration is not None
    assert (calibration.windows, calibration.comparators) == (52, ("baseline", "previous", "last_week"))


def test_seasons_are_known_and_hours_are_even(baseline: Path) -> None:
    """The week's months are never those of the year; its hours always are."""
    calibration = load(baseline).calibration
    assert calibration is not None
    sizes = (168, 8_645)
    assert calibration.design_effect("baseline", "mnth", "chi2", sizes) > 500.0
    assert calibration.design_effect("baseline", "temp", "ks", sizes) > 50.0
    assert calibration.design_effect("baseline", "hr", "chi2", sizes) == 1.0
    assert calibration.design_effect("baseline", "weekday", "chi2", sizes) == 1.0


def test_the_season_of_2012_opens_nothing_and_its_growth_does(
    replay: Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]],
) -> None:
    """One incident, from spring on: more riders in an hour than any hour of 2011 had, which no season explains."""
    events, summary = replay()
    assert summary["budget"] == "calibrated"
    assert [event["type"] for event in events if event["type"] == "drift.opened"] == ["drift.opened"]
    drifting = {feature["name"] for event in events for feature in event["features"]}
    assert {"cnt", "registered"} <= drifting
    assert not drifting & SEASONAL


def test_no_week_of_two_years_is_unlike_a_week_shortly_before(
    replay: Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]], year_before: Path
) -> None:
    """Spring, storms and holidays are within what weeks of the training data do by themselves."""
    events, summary = replay(year_before, comparators=["last_week"])
    assert events == []
    assert summary["windows"]["tested"] == 102
    assert summary["budget"] == "calibrated"


def test_against_the_year_before_growth_remains(
    replay: Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]], year_before: Path
) -> None:
    """The same season has the same weather, as far as weather goes; how many people ride is what drifts."""
    events, summary = replay(year_before, comparators=["last_year"])
    assert summary["budget"] == "calibrated, last_year as last_week"
    lives = [(event["type"], event["window"]["start"]) for event in events if event["type"] != "drift.changed"]
    assert [change for change, _ in lives] == ["drift.opened", "drift.resolved"] * (len(lives) // 2)
    assert {start[:7] for change, start in lives if change == "drift.opened"} <= {"2012-01", "2012-09", "2012-10"}
    core = [{feature["name"] for feature in event["features"]} for event in events]
    assert all(names <= {"cnt", "registered"} for names in core)
    assert {feature["comparator"] for event in events for feature in event["features"]} == {"last_year"}
    assert events[0]["window"]["end"] < "2012-03-01"


def test_every_alarm_of_all_comparators_together_is_growth_or_a_holiday(
    replay: Callable[..., tuple[list[dict[str, Any]], dict[str, Any]]], year_before: Path
) -> None:
    """Over both years, as the page on real streams lists them."""
    events, _ = replay(year_before, comparators=["baseline", "last_week", "last_year"])
    drifting = {feature["name"] for event in events for feature in event["features"]}
    assert drifting == {"cnt", "registered", "casual", "holiday"}
