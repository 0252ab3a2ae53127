"""Labels in a notebook: the baseline of the command line, and the events that it judges."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from baselines import BaselineError, load
from consumers.cli import app
from consumers.notebook import LabelColumns, calibrate, fit_labelled, labelled_rows, replay

LABELS = LabelColumns("probability", "score", "y")


def frame(seed: int, n: int = 4_000, wrong: float = 0.0) -> pl.DataFrame:
    """Return predictions that know the world, and labels of which some are the other way round."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    score = 1 / (1 + np.exp(-2 * x))
    y = (rng.random(n) < score) != (rng.random(n) < wrong)
    return pl.DataFrame({"ts": np.arange(n) * 60 + 1_767_225_600, "x": x, "score": score, "y": y})


def test_the_baseline_is_that_of_the_command_line(tmp_path: Path) -> None:
    """Same rows, same options, same fingerprint."""
    rows, stored = frame(1), tmp_path / "rows.parquet"
    rows.write_parquet(stored)
    out = str(tmp_path / "baseline.json")
    options = ["--labelled", "--task", "probability", "--prediction", "score", "--label", "y"]
    done = CliRunner().invoke(app, ["fit", str(stored), *options, "--time", "ts", "--every", "8h", "--out", out])
    assert done.exit_code == 0, done.output
    found = calibrate(fit_labelled(rows, LABELS, time="ts"), rows, time="ts", every="8h", labels=LABELS)
    assert found.fingerprint == load(Path(out)).fingerprint


@pytest.mark.parametrize(("wrong", "moved"), [(0.0, None), (0.3, True)])
def test_labelled_rows_are_judged(wrong: float, moved: bool | None) -> None:
    """Labels that turn round are a change of the relation, and nothing else is; without, nothing is said."""
    baseline = fit_labelled(frame(1), LABELS, time="ts")
    live = labelled_rows(frame(2, wrong=wrong), LABELS)
    assert set(live) >= {"ts", "x", "driftline.target", "driftline.loss"}
    result = replay(live, baseline, time="ts", every="8h")
    opened = [event for event in result.events if event.type == "drift.opened"]
    assert result.ledger.counted == 4_000
    assert [event.to_dict()["concept"]["relation"] for event in opened][:1] == ([] if moved is None else [True])


BAD: list[tuple[Any, str]] = [
    (LabelColumns("guessing", "score", "y"), "task='guessing': must be one of"),  # type: ignore[arg-type]
    (LabelColumns("probability", "y", "y"), "label='y'"),
    (LabelColumns("probability", "scores", "y"), "no column 'scores'"),
    (LabelColumns("probability", "x", "y"), "row "),
]


@pytest.mark.parametrize(("labels", "said"), BAD)
def test_labels_that_are_none_are_told(labels: LabelColumns, said: str) -> None:
    """A task that is none, a column that is not there, a value of which nothing can be computed."""
    for work in (fit_labelled, labelled_rows):
        with pytest.raises(BaselineError, match=said):
            work(frame(3), labels)
