"""importance on the command line, and what fit makes of it."""

import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from baselines import BaselineError, load
from consumers.cli import app


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write training rows in a directory of their own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(60, 2)).round(3)
    lines = [f"{a},{b},{2 * a - b}" for a, b in rows.tolist()]
    Path("train.csv").write_text("\n".join(["rooms,age,price", *lines]))
    return tmp_path / "train.csv"


@pytest.fixture
def model(data: Path) -> str:
    """Write a linear model of the two features as TorchScript."""
    torch = pytest.importorskip("torch", reason="needs the extra `importance`")
    pytest.importorskip("captum", reason="needs the extra `importance`")
    layer = torch.nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[2.0, -1.0]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.script(layer).save("model.pt")
    return "model.pt"


def run(*arguments: str) -> Result:
    """Run a verb."""
    return CliRunner().invoke(app, list(arguments))


def error_of(*arguments: str) -> str:
    """Run importance, which must end with an error for people and write nothing; return its message."""
    result = run("importance", "--out", "importance.json", *arguments)
    assert isinstance(result.exception, BaselineError), result.output
    assert not Path("importance.json").exists()
    return str(result.exception)


def test_from_a_model_to_a_baseline_that_says_so(model: str) -> None:
    """Weights, method and date go from the model through the file into the baseline, and describe shows them."""
    found = run("importance", "--model", model, "--data", "train.csv", "--target", "price", "--out", "importance.json")
    assert found.exit_code == 0, found.output
    assert found.stdout == ""
    written = json.loads(Path("importance.json").read_text())
    assert (written["method"], written["model"], written["rows"]) == ("integrated-gradients", "model.pt", 60)
    assert written["weights"]["rooms"] == 1.0
    assert 0.3 < written["weights"]["age"] < 0.8
    fitted = run("fit", "train.csv", "--drop", "price", "--out", "baseline.json", "--importance", "importance.json")
    assert fitted.exit_code == 0, fitted.output
    baseline = load(Path("baseline.json"))
    assert baseline.importance == written["weights"]
    assert f"weights: integrated-gradients of {written['date']}" in run("describe", "baseline.json").stdout


@pytest.mark.parametrize("method", ["gradient-shap", "permutation"])
def test_other_methods_and_a_baseline_as_reference(model: str, method: str) -> None:
    """The larger coefficient weighs more by each of them."""
    assert run("fit", "train.csv", "--out", "baseline.json").exit_code == 0
    options = ["--model", model, "--data", "train.csv", "--features", "rooms,age", "--method", method]
    done = run("importance", *options, "--baseline", "baseline.json", "--out", "importance.json")
    assert done.exit_code == 0, done.output
    weights = json.loads(Path("importance.json").read_text())["weights"]
    assert list(weights) == ["rooms", "age"]
    assert weights["rooms"] > weights["age"] > 0


def test_shap_values_need_no_model(data: Path) -> None:
    """Nor PyTorch."""
    Path("shap.json").write_text('{"rooms": [1, -3], "age": [0.5, 0.5]}')
    script = (
        "import sys; from consumers.cli import app\n"
        "app(['importance', '--shap', 'shap.json', '--out', 'importance.json'], standalone_mode=False)\n"
        "print([m for m in ('torch', 'captum') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert json.loads(Path("importance.json").read_text())["weights"] == {"rooms": 1.0, "age": 0.25}


def test_a_pickled_model_ends_with_2_and_one_message(data: Path) -> None:
    """As a process: nothing of the file runs, and there is no traceback."""
    Path("model.pt").write_bytes(pickle.dumps({"weights": [1.0]}))
    command = [sys.executable, "-m", "consumers.cli", "importance", "--model", "model.pt", "--data", "train.csv"]
    done = subprocess.run([*command, "--out", "i.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("model.pt: not read: what torch.save or pickle wrote may run any code")
    assert len(done.stderr.splitlines()) == 1


def test_a_model_of_another_width_is_refused(model: str) -> None:
    """The target is a column that the model does not know."""
    message = error_of("--model", model, "--data", "train.csv")
    assert message.startswith("model.pt: the model cannot be called with a torch.float32 tensor of 2 rows of 3 columns")


def test_options_that_do_not_go_together_are_refused(data: Path) -> None:
    """Before anything is read; and nothing that is read is overwritten."""
    assert error_of() == "give either --model and --data, or --shap: what the weights are found from"
    assert error_of("--shap", "s.json", "--model", "m.pt") == error_of()
    assert error_of("--model", "m.pt") == "--model and --data belong together: a model, and rows to try it on"
    assert error_of("--model", "m.pt", "--data", "train.csv", "--embedding", "a").startswith(
        "--embedding a: write NAME=LAYER"
    )
    before = data.read_text()
    result = run("importance", "--model", "m.pt", "--data", "train.csv", "--out", "train.csv")
    assert "is one of the files to read" in str(result.exception)
    assert data.read_text() == before
