"""fit --labelled on the command line: where predictions and labels are, and what is said when they are not there."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from baselines import BaselineError, load
from consumers.cli import app
from tests.labelled_rows import draw, labelled, write

CSV = "x,score,y\n" + "".join(f"{i % 50},{(i % 10) / 10},{i % 3 == 0:d}\n" for i in range(600))


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a training file in a directory of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.csv"
    path.write_text(CSV)
    return path


def fit(*arguments: str) -> Result:
    """Run fit."""
    return CliRunner().invoke(app, ["fit", *arguments, "--out", "baseline.json"])


def error_of(*arguments: str) -> str:
    """Run fit, which must end with an error for people; return its message."""
    result = fit(*arguments)
    assert isinstance(result.exception, BaselineError), result.output
    return str(result.exception)


PROBABILITY = ("--labelled", "--task", "probability", "--prediction", "score", "--label", "y")


def test_csv_columns_become_labelled_features(train: Path) -> None:
    """Prediction and label are no features any more; what is computed from them is."""
    result = fit("train.csv", *PROBABILITY)
    assert result.exit_code == 0, result.output
    baseline = load(Path("baseline.json"))
    names = [feature.name for feature in baseline.features]
    assert names == ["x", "driftline.target", "driftline.prediction", "driftline.loss", "driftline.brier"]
    assert baseline.relation is not None
    assert "strata of alike inputs, by driftline.target" in result.stderr


def test_describe_shows_the_strata(train: Path) -> None:
    """The worst first, with rows and share; as numbers with --json."""
    assert fit("train.csv", *PROBABILITY).exit_code == 0
    told = CliRunner().invoke(app, ["describe", "baseline.json"]).stdout
    assert "strata of alike inputs, by driftline.target; rows, error:" in told
    relation = json.loads(CliRunner().invoke(app, ["describe", "baseline.json", "--json"]).stdout)["relation"]
    shares = [one["share"] for one in relation["strata"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(one["n"] for one in relation["strata"]) == 600


def test_strata_of_residuals_say_where_these_lie(train: Path) -> None:
    """Of a number, how often it was wrong says nothing: how far, does."""
    train.write_text(
        "x,score,y\n" + "".join(f"{i % 50},{i % 10},{i % 10 + (i % 7) * (1 + i % 50 // 25)}\n" for i in range(600))
    )
    result = fit("train.csv", "--labelled", "--task", "regression", "--prediction", "score", "--label", "y")
    assert "by driftline.residual; rows, where 80 % of residuals lie:" in result.stderr
    relation = json.loads(CliRunner().invoke(app, ["describe", "baseline.json", "--json"]).stdout)["relation"]
    assert all(one["low"] < one["high"] for one in relation["strata"])


def test_json_lines_have_predictions_and_labels_beside_the_features(train: Path) -> None:
    """As requests are logged: features in an object of their own, the rest around it, a path where it is deeper."""
    rows = labelled(*draw(np.random.default_rng(1), 500), "classification")
    write(Path("train.jsonl"), rows)
    deeper = [json.loads(line) for line in Path("train.jsonl").read_text().splitlines()]
    deeper = [
        {"features": one["features"], "answer": {"p": one["prediction"]}, "label": one["label"]} for one in deeper
    ]
    Path("deeper.jsonl").write_text("".join(json.dumps(one) + "\n" for one in deeper))
    options = ("--labelled", "--task", "classification", "--features", "features")
    assert fit("train.jsonl", *options).exit_code == 0
    plain = load(Path("baseline.json"))
    assert fit("deeper.jsonl", *options, "--prediction", "answer.p").exit_code == 0
    assert load(Path("baseline.json")).fingerprint == plain.fingerprint


def test_windows_of_labelled_rows_calibrate_the_relation(train: Path) -> None:
    """With times, how much the error moves between windows of the held-out rows themselves is learned, too."""
    rows = "x,score,y,ts\n" + "".join(
        f"{line},{1_700_000_000 + 60 * i}\n" for i, line in enumerate(CSV.splitlines()[1:])
    )
    train.write_text(rows)
    result = fit("train.csv", *PROBABILITY, "--time", "ts", "--every", "30m", "--min-samples", "10")
    assert result.exit_code == 0, result.output
    calibration = load(Path("baseline.json")).calibration
    assert calibration is not None
    assert calibration.movement("baseline", "driftline.loss", "relation") is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--task", "regression"), "--task: needs --labelled"),
        (("--labelled",), "--task : must be one of classification, probability, regression"),
        (("--labelled", "--task", "probability", "--prediction", "y", "--label", "y"), "--label y: is the column"),
        (("--labelled", "--task", "probability", "--label", "y"), "no column 'prediction'; there are x, score, y"),
        (("--labelled", "--task", "regression", "--classes", "a,b"), "--classes: only with --task classification"),
        (("--labelled", "--task", "probability", "--prediction", "x", "--label", "y"), "train.csv, row 3: 2.0 is no"),
    ],
)
def test_what_is_wrong_is_said(train: Path, arguments: tuple[str, ...], said: str) -> None:
    """The option, or the file and row, and what there is instead."""
    assert said in error_of("train.csv", *arguments)


def test_a_row_without_a_label_is_named(train: Path) -> None:
    """Held-out rows have labels: one that has none is a fault of the file, and which row it is."""
    lines = CSV.splitlines()
    lines[7] = "1,0.5,"
    train.write_text("\n".join(lines) + "\n")
    assert error_of("train.csv", *PROBABILITY).startswith("train.csv, row 7: ")
    assert "(--label y), for --task probability" in error_of("train.csv", *PROBABILITY)


def test_an_input_with_a_reserved_name_is_refused(train: Path) -> None:
    """The names that are computed from labels cannot be those of inputs."""
    train.write_text(CSV.replace("x,score,y", "driftline.loss,score,y", 1))
    assert "driftline.loss" in error_of("train.csv", *PROBABILITY)
