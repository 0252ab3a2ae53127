"""fit and describe on the command line."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from baselines import BaselineError, load
from consumers.cli import app
from consumers.cli.baseline_tables import print_tables

CSV = "user_age,season,device,note\n" + "".join(
    f"{20 + i * 7 % 41}.5,{i % 4 + 1},{['mobile', 'desktop', ''][i % 3]},\n" for i in range(200)
)


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a training file in a directory of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.csv"
    path.write_text(CSV)
    return path


def run(*arguments: str) -> Result:
    """Run a verb."""
    return CliRunner().invoke(app, list(arguments))


def error_of(*arguments: str) -> str:
    """Run a verb that must end with an error for people; return its message."""
    result = run(*arguments)
    assert isinstance(result.exception, BaselineError), result.output
    return str(result.exception)


def test_fit_writes_a_baseline_and_says_so_on_stderr(train: Path) -> None:
    """Nothing on stdout; remarks, the tables and one closing line for people."""
    result = run("fit", "train.csv", "--out", "baseline.json")
    assert (result.exit_code, result.stdout) == (0, "")
    baseline = load(Path("baseline.json"))
    assert [feature.name for feature in baseline.features] == ["user_age", "season", "device"]
    assert "note: left out: no value in any row" in result.stderr
    assert "--categorical season" in result.stderr
    assert (
        f"baseline.json: 200 rows, 2 numeric and 1 categorical features, {baseline.fingerprint[:19]}" in result.stderr
    )


def test_fit_takes_lists_with_commas_repeated_and_quoted(train: Path) -> None:
    """Several names in one option, the option several times, a comma inside double quotes."""
    train.write_text(CSV.replace("note", '"a,b"').replace(",\n", ",1\n"))
    result = run(
        "fit", "train.csv", "--out", "b.json", "--categorical", 'season,"a,b"', "--drop", "device", "--drop", "user_age"
    )
    assert result.exit_code == 0, result.output
    assert [(feature.name, feature.kind) for feature in load(Path("b.json")).features] == [
        ("season", "categorical"),
        ("a,b", "categorical"),
    ]


def test_fit_keeps_as_many_values_as_told(train: Path) -> None:
    """--cells bounds the artefact, and describe says what that costs."""
    run("fit", "train.csv", "--out", "b.json", "--cells", "10")
    feature = json.loads(run("describe", "b.json", "--json").stdout)["features"][0]
    assert feature["kept_values"] <= 11
    assert 0 < feature["bound"] <= 0.1


def test_fit_reads_features_below_a_path(train: Path) -> None:
    """--features for JSON lines shaped as events."""
    Path("e.jsonl").write_text("".join(json.dumps({"ts": 1, "f": {"x": i / 3}}) + "\n" for i in range(9)))
    assert run("fit", "e.jsonl", "--out", "b.json", "--features", "f").exit_code == 0
    assert [feature.name for feature in load(Path("b.json")).features] == ["x"]


def test_fit_takes_importance_from_a_file(train: Path) -> None:
    """Weights are stored with the features and shown; the fingerprint stays."""
    Path("weights.json").write_text('{"user_age": 3, "device": -1.5}')
    plain = run("fit", "train.csv", "--out", "plain.json")
    weighted = run("fit", "train.csv", "--out", "weighted.json", "--importance", "weights.json")
    assert load(Path("weighted.json")).importance == {"user_age": 1.0, "season": 0.0, "device": 0.5}
    assert load(Path("weighted.json")).fingerprint == load(Path("plain.json")).fingerprint
    assert ("weight" in weighted.stderr, "weight" in plain.stderr) == (True, False)


def test_where_weights_are_from_is_frozen_and_described(train: Path) -> None:
    """Method and date of an importance file go into the baseline; a file of weights alone leaves no trace of either."""
    Path("weights.json").write_text('{"method": "shap", "date": "2026-01-31T00:00:00Z", "weights": {"device": 4}}')
    assert run("fit", "train.csv", "--out", "b.json", "--importance", "weights.json").exit_code == 0
    baseline = load(Path("b.json"))
    assert (baseline.importance["device"], baseline.importance_method) == (1.0, "shap")
    assert baseline.importance_date == "2026-01-31T00:00:00Z"
    assert "weights: shap of 2026-01-31T00:00:00Z" in run("describe", "b.json").stdout
    described = json.loads(run("describe", "b.json", "--json").stdout)
    assert (described["importance_method"], described["importance_date"]) == ("shap", "2026-01-31T00:00:00Z")
    Path("weights.json").write_text('{"device": 4}')
    run("fit", "train.csv", "--out", "b.json", "--importance", "weights.json")
    assert "importance_method" not in json.loads(Path("b.json").read_text())
    assert json.loads(run("describe", "b.json", "--json").stdout)["importance_method"] is None


def test_a_wrong_importance_leaves_no_baseline(train: Path) -> None:
    """The error names the nearest feature, and nothing was written."""
    Path("weights.json").write_text('{"user_aeg": 3}')
    message = error_of("fit", "train.csv", "--out", "b.json", "--importance", "weights.json")
    assert "did you mean 'user_age'?" in message
    assert not Path("b.json").exists()


def test_fit_replaces_an_older_baseline(train: Path) -> None:
    """As a compiler does."""
    Path("b.json").write_text("old")
    assert run("fit", "train.csv", "--out", "b.json").exit_code == 0
    assert load(Path("b.json")).n == 200


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("none/b.json", "--out none/b.json: must be a file in a directory that exists"),
        (".", "--out .: must be a file in a directory that exists"),
        ("train.csv", "--out train.csv: is one of the training files"),
    ],
)
def test_where_nothing_can_be_written_is_said_before_reading(train: Path, out: str, message: str) -> None:
    """Not after an hour of reading, and the training data is never overwritten."""
    assert error_of("fit", "train.csv", "--out", out).startswith(message)
    assert train.read_text() == CSV


def test_what_is_wrong_with_the_data_is_one_message(train: Path) -> None:
    """The file, the line, what is wrong."""
    train.write_text("a,b\n1,2\n3\n")
    assert (
        error_of("fit", "train.csv", "--out", "b.json") == "train.csv, line 3: 1 cells where the header has 2 columns"
    )


def test_fit_without_out_is_wrong_usage(train: Path) -> None:
    """Exit 2 with the missing option named."""
    result = run("fit", "train.csv")
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_many_features_are_cut_in_the_summary_and_whole_in_describe(train: Path) -> None:
    """A thousand rows of a table help nobody after a fit."""
    Path("wide.csv").write_text(
        ",".join(f"feature_{i}" for i in range(30)) + "\n" + (",".join(["0.5"] * 30) + "\n") * 3
    )
    assert "and 10 more features: driftline describe b.json" in run("fit", "wide.csv", "--out", "b.json").stderr
    described = run("describe", "b.json")
    assert described.stdout.count("feature_") == 30
    assert described.stderr == ""


def test_describe_as_json_is_everything(train: Path) -> None:
    """Names, kinds, numbers and counts for scripts; frequencies with the most frequent first."""
    run("fit", "train.csv", "--out", "b.json", "--categorical", "season")
    described: dict[str, Any] = json.loads(run("describe", "b.json", "--json").stdout)
    baseline = load(Path("b.json"))
    assert (described["n"], described["fingerprint"]) == (200, baseline.fingerprint)
    assert described["size_bytes"] == os.stat("b.json").st_size  # noqa: PTH116
    age, season, device = described["features"]
    assert (age["kind"], age["mean"], age["quantiles"]["0.5"]) == (
        "numeric",
        baseline.numeric[0].mean,
        baseline.numeric[0].quantiles["0.5"],
    )
    assert season["categories"] == {"1": 50, "2": 50, "3": 50, "4": 50}
    assert list(device["categories"].items()) == [("desktop", 67), ("mobile", 67)]
    assert device["missing"] == 66


def test_describe_shows_tables_with_what_was_missing(train: Path) -> None:
    """Numbers, frequencies, shares of missing rows, and where the file came from."""
    run("fit", "train.csv", "--out", "b.json")
    shown = run("describe", "b.json").stdout
    assert "desktop 50.0%, mobile 50.0%" in shown
    assert "33.0%" in shown
    assert "200 rows from train.csv" in shown


def test_describe_of_what_is_no_baseline_is_an_error_for_people(train: Path) -> None:
    """The training file itself, for example."""
    assert error_of("describe", "train.csv").startswith("train.csv: not JSON in UTF-8")


@pytest.mark.parametrize(("width", "quantiles"), [(80, ["50%"]), (100, ["5%", "50%", "95%"]), (160, ["1%", "99%"])])
def test_as_many_quantiles_as_fit(train: Path, width: int, quantiles: list[str]) -> None:
    """No line is wider than the terminal and no number is cut."""
    train.write_text(CSV.replace("user_age", "a_rather_long_feature_name_of_forty_chars"))
    run("fit", "train.csv", "--out", "b.json")
    console = Console(width=width, record=True, file=open(os.devnull, "w"), markup=False)  # noqa: SIM115, PTH123
    print_tables(console, load(Path("b.json")))
    console.file.close()
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    assert all(quantile in text for quantile in quantiles)
    assert "20.5" in text
    assert "60.5" in text


def test_names_that_would_steer_a_terminal_are_shown_harmless(train: Path) -> None:
    """An escape sequence in a column or category is printed as a replacement character."""
    train.write_text('"a\x1b[2J",x\nred\x1b[31m,0.5\nred\x1b[31m,0.7\n')
    result = run("fit", "train.csv", "--out", "b.json")
    assert result.exit_code == 0
    assert "\x1b" not in result.stderr
    assert "\x1b" not in run("describe", "b.json").stdout


def test_help_does_not_load_the_numeric_libraries() -> None:
    """The verbs import what they need when they run."""
    import subprocess

    program = "import sys, consumers.cli.fit, consumers.cli.describe; print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
