"""``driftline fit --time``, and what ``describe``, ``replay`` and ``status`` say of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from baselines import load
from consumers.assembly import assemble
from consumers.cli import app
from consumers.cli.status_text import status_text
from consumers.settings import load_settings

HOURS = 60


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return training data of sixty hours: one feature moves from hour to hour, one does not."""
    rng = np.random.default_rng(6)
    path = tmp_path_factory.mktemp("training") / "train.csv"
    lines = ["ts,steady,moving"]
    for hour in range(HOURS):
        mean = rng.normal()
        for minute in range(120):
            steady, moving = rng.normal(), rng.normal() + mean
            lines.append(f"{1_699_999_200 + hour * 3600 + minute * 30},{steady:.2f},{moving:.2f}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def fitted(training: Path) -> Path:
    """Return a calibrated baseline."""
    out = training.with_name("baseline.json")
    done = run("fit", training, "--time", "ts", "--every", "1h", "--out", out)
    assert done.exit_code == 0
    return out


def run(*arguments: object):  # type: ignore[no-untyped-def]
    """Run a verb; errors come as they are."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_time_is_no_feature_and_the_rest_is_calibrated(fitted: Path) -> None:
    """Two features, each with what its hours show; the fingerprint is that of a fit without times."""
    baseline = load(fitted)
    assert [feature.name for feature in baseline.features] == ["steady", "moving"]
    assert baseline.calibration is not None
    effects = {
        name: baseline.calibration.design_effect("baseline", name, "mean", (120, 7200)) for name in ("steady", "moving")
    }
    assert effects["steady"] < 1.6
    assert effects["moving"] > 30.0


def test_times_do_not_change_the_fingerprint(training: Path, fitted: Path, tmp_path: Path) -> None:
    """What was counted is the same: counts on one baseline may be added to those on the other."""
    run("fit", training, "--drop", "ts", "--out", tmp_path / "plain.json")
    assert load(tmp_path / "plain.json").fingerprint == load(fitted).fingerprint


def test_fit_says_what_was_learned_or_that_nothing_was(training: Path, tmp_path: Path) -> None:
    """On standard error: the windows and what moves most, or that the budget is unverified."""
    done = run("fit", training, "--time", "ts", "--every", "1h", "--out", tmp_path / "b.json")
    assert "calibrated on 60 windows of 1h from 2023-11-14T22:00:00Z" in done.stderr
    assert "moving most: moving (" in done.stderr
    assert done.stdout == ""
    plain = run("fit", training, "--out", tmp_path / "b.json")
    assert "budget: unverified" in plain.stderr


def test_fit_invents_nothing_from_too_short_a_time(training: Path, tmp_path: Path) -> None:
    """A baseline without calibration, and why."""
    done = run("fit", training, "--time", "ts", "--every", "1d", "--out", tmp_path / "b.json")
    assert done.exit_code == 0
    assert "--every 1d: too short to learn from" in done.stderr
    assert "budget: unverified" in done.stderr
    assert load(tmp_path / "b.json").calibration is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--time", "ts"], "--time: needs --every, too"),
        (["--every", "1h"], "--every: needs --time, too"),
        (["--time", "tz", "--every", "1h"], "--time: no column 'tz' in the training data"),
        (["--time", "ts", "--every", "1x"], "--every 1x: must be a whole number and a unit"),
        (["--time", "ts", "--every", "1h", "--timezone", "Mars"], "--timezone Mars: is no time zone known here"),
        (["--time", "ts", "--every", "1h", "--drop", "ts"], "--time ts: is named in numeric, categorical or drop"),
        (["--time", "steady", "--every", "1h"], "column 'steady'"),
    ],
)
def test_options_that_do_not_fit_are_named(training: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    """One message, with what to write instead, before or after reading."""
    with pytest.raises(Exception, match=said):
        run("fit", training, *arguments, "--out", tmp_path / "b.json")
    assert not (tmp_path / "b.json").exists()


def test_describe_shows_what_was_learned(fitted: Path) -> None:
    """As a table, and as JSON."""
    shown = run("describe", fitted).stdout
    assert "design effect, floor" in shown
    assert "learned from 60 windows of 1h" in shown
    told = json.loads(run("describe", fitted, "--json").stdout)["calibration"]
    assert told["every_ms"] == 3_600_000
    assert set(told["movements"]["baseline"]["moving"]["ks"]) == {"windows", "freedom", "excess", "rows", "floor"}


@pytest.mark.parametrize(
    ("schedule", "budget"),
    [
        ('every = "1h"', "calibrated"),
        ('every = "1h"\nwindow = "3h"', "calibrated for windows of 1h"),
        ('every = "30m"', "unverified"),
    ],
)
def test_replay_says_whether_the_budget_stands_on_what_was_learned(
    fitted: Path, tmp_path: Path, schedule: str, budget: str
) -> None:
    """In the summary, and on standard error where something can be done about it."""
    config = tmp_path / "driftline.toml"
    config.write_text(
        f'[monitor]\nname = "m"\nbaseline = "{fitted}"\n[schedule]\n{schedule}\n[events]\ntimestamp = "ts"\n'
    )
    (tmp_path / "events.jsonl").write_text("")
    done = run("replay", "--config", config, tmp_path / "events.jsonl", "--summary", tmp_path / "summary.json")
    assert json.loads((tmp_path / "summary.json").read_text())["budget"] == budget
    assert ("budget: unverified" in done.stderr) == (budget == "unverified")
    assembly = assemble(load_settings(config, {}))
    assert (assembly.layout.baseline.calibration is None) == (budget == "unverified")


def test_findings_carry_the_design_effect(fitted: Path, tmp_path: Path) -> None:
    """What moves by itself has one above 1, and is no drift where it moves as it did in training."""
    config = tmp_path / "driftline.toml"
    config.write_text(
        f'[monitor]\nname = "m"\nbaseline = "{fitted}"\n[schedule]\nevery = "1h"\n'
        '[events]\ntimestamp = "ts"\nfeatures = ""\n'
    )
    rng = np.random.default_rng(1)
    rows = [
        {"ts": 1_700_006_400 + second, "steady": rng.normal(), "moving": rng.normal() + 1.5}
        for second in range(0, 7_300, 10)
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("replay", "--config", config, tmp_path / "events.jsonl", "--findings", tmp_path / "findings.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "findings.jsonl").read_text().splitlines()]
    ks = {line["feature"]: line for line in lines if line["check"] == "ks"}
    assert ks["moving"]["p_value"] < 1e-20
    assert ks["moving"]["design_effect"] > 30.0
    assert not ks["moving"]["drift"]
    assert ks["steady"]["design_effect"] < 1.6


def test_status_says_what_stands_behind_the_budget() -> None:
    """A line of its own; a status of an earlier release has none."""
    from rich.console import Console

    status = {
        "monitor": "m", "segment": {}, "baseline": "sha256:0", "status": "tested", "since": None, "severity": None,
        "window": {"start": "a", "end": "b", "n": 5}, "incident": None, "drifting": [], "features": [],
        "features_watched": 2, "watermark": None, "watermark_behind_s": None, "min_samples": 100,
        "ledger": {"read": 0, "counted": 0, "late": 0, "ahead": 0, "foreign": 0, "rejected": {}},
    }  # fmt: skip
    for known, expected in ({"budget": "calibrated"}, True), ({}, False):
        console = Console(width=100, record=True, file=None, quiet=False)
        told = {"monitor": "m", "monitors": [status | known], "groups": [], "healthy": True, "problems": []}
        with console.capture() as shown:
            console.print(status_text(told))
        assert ("budget     calibrated" in shown.get()) == expected
