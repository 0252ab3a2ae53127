"""Data frames as training data: the same rows make the same baseline, whatever they stand in."""

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import baselines
from baselines import BaselineError, FitRemark
from baselines.fitting import FitOptions
from baselines.fitting import fit as fit_files
from baselines.fitting.frame import Frame
from consumers.notebook import calibrate
from consumers.training import Learning, learn
from stream.schedule import Schedule

N = 3_000


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """Return numbers, whole numbers, words, truths and moments, some of each missing."""
    rng = np.random.default_rng(11)
    gaps = {name: rng.random(N) < 0.05 for name in ("price", "rooms", "city", "new")}

    def gappy(name: str, values: Any) -> list[Any]:
        return [None if gap else value for gap, value in zip(gaps[name], values.tolist(), strict=True)]

    return pl.DataFrame(
        {
            "ts": [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=7 * row) for row in range(N)],
            "price": gappy("price", rng.lognormal(10, 1, N)),
            "rooms": gappy("rooms", rng.integers(1, 60, N)),
            "city": gappy("city", rng.choice(["Köln", "a,b", '"x"', "e"], N)),
            "new": gappy("new", rng.random(N) < 0.3),
        }
    )


FORMS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda table: table,
    "polars, lazy": lambda table: table.lazy(),
    "polars, categories": lambda table: table.with_columns(pl.col("city").cast(pl.Categorical)),
    "pandas": lambda table: pd.DataFrame(table.to_dict(as_series=False)),
    "pandas, categories": lambda table: pd.DataFrame(table.to_dict(as_series=False)).astype({"city": "category"}),
    "pandas, times as index": lambda table: pd.DataFrame(table.to_dict(as_series=False)).set_index("ts"),
    "pandas, an index without a name": lambda table: pd.DataFrame(
        table.to_dict(as_series=False), index=pd.date_range("2026-01-01", periods=N)
    ),
    "pyarrow": lambda table: table.to_arrow(),
    "columns": lambda table: table.to_dict(as_series=False),
    "an Arrow stream": lambda table: pa.RecordBatchReader.from_batches(
        table.to_arrow().schema, table.to_arrow().to_batches()
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_fingerprint_of_the_file(form: str, table: pl.DataFrame, tmp_path: Path) -> None:
    """A frame, its csv file and its Parquet file are the same training data, value by value."""
    table.write_csv(tmp_path / "training.csv")
    table.write_parquet(tmp_path / "training.parquet")
    found = baselines.fit(FORMS[form](table), time="ts")
    files = [fit_files([tmp_path / f"training.{kind}"], FitOptions(time="ts")) for kind in ("csv", "parquet")]
    assert [found.fingerprint] * 2 == [baseline.fingerprint for baseline in files]
    assert [feature.name for feature in found.features] == ["price", "rooms", "city", "new"]


def test_nan_is_no_missing_value_where_the_frame_tells_them_apart() -> None:
    """Polars has both; pandas knows only one of them, and csv writes it as nothing."""
    values = [1.0, 2.5, float("nan"), None] * 50
    found = baselines.fit(pl.DataFrame({"a": values}))
    assert found.numeric[0].counts[-5:-3].tolist() == [50, 50]
    found = baselines.fit(pd.DataFrame({"a": values}))
    assert found.numeric[0].counts[-5:-3].tolist() == [100, 0]


def test_paths_are_fitted_as_the_command_line_does(table: pl.DataFrame, tmp_path: Path) -> None:
    """One path, or several as one table."""
    table.head(1_000).write_csv(tmp_path / "a.csv")
    table.tail(N - 1_000).write_csv(tmp_path / "b.csv")
    both = baselines.fit([tmp_path / "a.csv", str(tmp_path / "b.csv")], time="ts")
    assert both.fingerprint == baselines.fit(table, time="ts").fingerprint
    assert baselines.fit(tmp_path / "a.csv", time="ts").n == 1_000


def test_windows_of_a_frame_teach_what_those_of_its_file_do(table: pl.DataFrame, tmp_path: Path) -> None:
    """`calibrate` is `driftline fit --time --every`."""
    table.write_csv(tmp_path / "training.csv")
    baseline = baselines.fit(table, time="ts")
    schedule = Schedule(900_000, 900_000, "UTC")
    of_file = learn(baseline, Learning([tmp_path / "training.csv"], FitOptions(time="ts"), schedule))
    of_frame = calibrate(baseline, table, time="ts", every="15m")
    assert of_frame.calibration is not None
    assert of_frame.calibration == of_file.calibration


def test_weights_and_kinds_are_taken(table: pl.DataFrame) -> None:
    """A mapping of weights, a single name for a list of them."""
    found = baselines.fit(table, categorical="rooms", drop=["city", "ts"], importance={"price": 0.5})
    assert (found.importance["price"], found.features[1].kind) == (0.5, "categorical")


def test_what_was_decided_is_a_warning_in_python(table: pl.DataFrame) -> None:
    """Words of the command line become arguments."""
    with pytest.warns(FitRemark, match=r"dates and times; numeric=\['ts'\] reads them"):
        baselines.fit(table)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([1, 2], "a list is no table"),
        (pd.DataFrame({"m": [1, "a", None]}), "several types"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' 2 times"),
        (pa.table({}), "no columns"),
        (pl.DataFrame({"a": []}), "no rows"),
    ],
)
def test_what_is_no_training_data_is_told(data: object, said: str) -> None:
    """One error for people, whatever the library says."""
    with pytest.raises(BaselineError, match=said):
        baselines.fit(data)


def test_a_missing_library_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback of an import."""
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(BaselineError, match=r"driftline\[notebook\]"):
        Frame.of(pd.DataFrame({"a": [1]}))


def test_a_baseline_shows_its_features(table: pl.DataFrame) -> None:
    """In a console and as HTML, where names are text and no markup."""
    found = baselines.fit(table.rename({"city": "<city>"}), time="ts")
    assert repr(found).startswith("Baseline of 3,000 rows: 2 numeric and 2 categorical features, sha256:")
    assert "rooms" in repr(found)
    html = found._repr_html_()
    assert "&lt;city&gt;" in html
    assert "<city>" not in html
