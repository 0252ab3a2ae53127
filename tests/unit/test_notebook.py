"""Replay from Python: what the command line finds, as objects."""

import datetime as dt
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import orjson
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

from baselines import Baseline, BaselineError, load
from baselines.fitting.frame import Frame
from consumers.cli import app
from consumers.errors import SettingsError
from consumers.notebook import Records, ReplayResult, replay
from consumers.notebook.rows import row_batches

mpl.use("Agg")
SCHEDULE = {"schedule": {"every": "10s", "window": "10s", "lateness": "1s"}, "monitor": {"name": "stage"}}


@pytest.fixture(scope="module")
def rows(incident_lines: list[bytes]) -> pl.DataFrame:
    """Return the events of an incident as a table, one column per feature."""
    events = [json.loads(line) for line in incident_lines]
    return pl.DataFrame([{"ts": event["ts"], **event["features"]} for event in events])


@pytest.fixture(scope="module")
def baseline(stage_assembly: Callable[..., Any]) -> Baseline:
    """Return the stage's baseline."""
    return load(stage_assembly().settings.baseline_path)


@pytest.fixture(scope="module")
def result(rows: pl.DataFrame, baseline: Baseline) -> ReplayResult:
    """Return what comes of the incident."""
    return replay(rows, baseline, time="ts", config=SCHEDULE)


def test_a_frame_is_judged_as_the_command_line_judges_its_lines(
    rows: pl.DataFrame, result: ReplayResult, stage_assembly: Callable[..., Any], tmp_path: Path
) -> None:
    """Same events but for the name of the place in the offsets, same findings, same summary."""
    settings = stage_assembly().settings
    config = settings.path.read_text().replace('features = "features"', 'features = ""')
    (settings.path.parent / "flat.toml").write_text(config)
    rows.write_ndjson(tmp_path / "rows")
    files = {name: str(tmp_path / name) for name in ("events", "findings", "summary")}
    options = [part for name, path in files.items() for part in (f"--{name}", path)]
    flat = str(settings.path.parent / "flat.toml")
    done = CliRunner().invoke(app, ["replay", "--config", flat, str(tmp_path / "rows"), *options])
    assert done.exit_code == 0, done.output
    told = {name: list(map(json.loads, Path(path).read_bytes().splitlines())) for name, path in list(files.items())[:2]}
    assert [orjson.loads(orjson.dumps(event.to_dict())) for event in result.events] == told["events"]
    assert [event["type"] for event in told["events"]] == ["drift.opened", "drift.resolved"]
    assert json.loads(Path(files["summary"]).read_text()) == orjson.loads(orjson.dumps(result.summary))
    assert len(result.findings) == len(told["findings"])
    for found, line in zip(result.findings, told["findings"], strict=True):
        assert {name: found[name] for name in ("feature", "check", "effect", "p_value", "window_end_ms")} == {
            name: line[name] for name in ("feature", "check", "effect", "p_value", "window_end_ms")
        }


@pytest.mark.parametrize("form", ["pandas", "pyarrow", "file", "configuration"])
def test_every_form_is_judged_alike(
    form: str, rows: pl.DataFrame, result: ReplayResult, baseline: Baseline, tmp_path: Path
) -> None:
    """Another library's frame, the events in a file, the settings in a file: the same ids."""
    rows.write_ndjson(tmp_path / "rows")
    (tmp_path / "driftline.toml").write_text(
        '[monitor]\nname = "stage"\n[schedule]\nevery = "10s"\nlateness = "1s"\n[events]\nfeatures = "inputs"\n'
    )
    data: dict[str, Any] = {"pandas": pd.DataFrame(rows.to_dict(as_series=False)), "pyarrow": rows.to_arrow()}
    config = tmp_path / "driftline.toml" if form == "configuration" else SCHEDULE
    found = replay(data.get(form, tmp_path / "rows" if form == "file" else rows), baseline, time="ts", config=config)
    assert [event.id for event in found.events] == [event.id for event in result.events]


@pytest.mark.parametrize(
    "times",
    [
        lambda ts: pl.from_epoch(ts, "ms"),
        lambda ts: pl.from_epoch(ts, "ms").dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
        lambda ts: pl.from_epoch(ts, "ms").dt.cast_time_unit("ns"),
        lambda ts: pl.from_epoch(ts, "ms").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"),
    ],
    ids=["naive", "zone", "nanoseconds", "text"],
)
def test_times_are_read_however_they_are_held(
    times: Callable[[pl.Expr], pl.Expr], rows: pl.DataFrame, result: ReplayResult, baseline: Baseline
) -> None:
    """A moment is the same moment as a number, in any zone, and as text."""
    found = replay(rows.with_columns(times(pl.col("ts"))), baseline, time="ts", config=SCHEDULE)
    assert [event.id for event in found.events] == [event.id for event in result.events]


def test_odd_rows_stand_in_the_ledger(baseline: Baseline) -> None:
    """A row without a time is rejected, one out of order is late, and the text says what to do."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    times = [start, None, start + dt.timedelta(hours=2), start]
    found = replay(pl.DataFrame({"ts": times, "age": 1.0}), baseline, time="ts")
    assert found.ledger.to_dict() == {
        "read": 4, "counted": 2, "late": 1, "ahead": 0, "foreign": 0, "rejected": {"no_timestamp": 1}
    }  # fmt: skip
    assert "1 late, 1 no_timestamp; rows are read in their order: sort them by time" in repr(found)


def test_rows_are_written_as_a_producer_would() -> None:
    """NaN and infinity stay what they are, nothing is null, and dates are text."""
    table = pl.DataFrame({"t": [1, 2], "x": [float("nan"), None], "d": [dt.date(2026, 1, 2)] * 2, "l": [[1], [2]]})
    (batch,) = row_batches(Frame.of(table), "t")
    assert [json.loads(line or b"") for line in batch.values][1] == {"t": 2, "x": None, "d": "2026-01-02", "l": [2]}
    assert b'"x": NaN' in (batch.values[0] or b"")


def test_a_replay_without_findings_has_the_same_events(
    rows: pl.DataFrame, result: ReplayResult, baseline: Baseline
) -> None:
    """Leaving the findings out saves their p-values and nothing else."""
    found = replay(rows, baseline, time="ts", config=SCHEDULE, findings=False)
    assert (len(found.findings), found.events) == (0, result.events)
    assert len(found.windows) == len(result.windows) == 11


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "time: is missing"),
        ({"time": "when"}, "no column 'when'; its columns are ts, age, device"),
        ({"time": "ts", "every": "soon"}, 'every=: schedule.every: must be a whole number and a unit'),
        ({"time": "ts", "config": {"decision": {"persit": "1 of 1"}}}, "config: decision.persit: unknown key; write "),
        ({"time": "ts", "config": "nowhere.toml"}, "there is no such file"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_with_what_to_write(
    how: dict[str, Any], said: str, rows: pl.DataFrame, baseline: Baseline
) -> None:
    """The messages are those of the configuration file."""
    with pytest.raises(SettingsError, match=said):
        replay(rows, baseline, **how)
    with pytest.raises(BaselineError, match="is no table"):
        replay(17, baseline, time="ts")


def test_a_result_shows_itself(result: ReplayResult) -> None:
    """What was tested, what became of the rows, and each event with its sentence; HTML has it as a table."""
    told = repr(result)
    assert told.startswith("11 windows tested; drift opened 1 times\n1,440 rows read, 1,440 counted\nbudget unverified")
    assert result.events[0].summary in told
    html = result._repr_html_()
    assert html.count("<tr>") == 3
    assert "drift.opened" in html
    assert result.drifted


def test_findings_become_frames_of_every_library(result: ReplayResult) -> None:
    """Same rows, same columns; moments are moments."""
    frames = [result.to_pandas(), result.to_polars(), result.findings.to_arrow().to_pandas()]
    assert [list(frame.columns) == list(result.findings.columns) for frame in frames] == [True] * 3
    assert [len(frame) for frame in frames] == [len(result.findings)] * 3
    assert str(frames[0].window_end.dt.tz) == "UTC"
    assert result.windows.to_polars()["n"].sum() == 11 * 120


def test_records_are_picked_and_cut() -> None:
    """Fields in fields have dots; a row without a value has none; markup is text."""
    records = Records([{"a": "<b>", "in": {"x": 1}}, {"a": 2, "at_ms": 0}] * 6)
    assert records.columns == ("a", "in.x", "at_ms", "at")
    assert len(records.where(a=2)) == 6
    assert records[1]["at"] == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert records[:2].to_dict()["in.x"] == [1, None]
    assert "&lt;b&gt;" in records._repr_html_()
    assert repr(records).endswith("... and 2 more")
    assert Records([]).to_dict() == {}


def test_the_pictures_show_features_windows_and_the_incident(result: ReplayResult) -> None:
    """A row per feature, a column per window; one feature's line per check, the incident behind it."""
    axes = result.plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["age", "device"]
    assert axes.images[0].get_array().shape == (2, 11)
    axes = result.plot_feature("age")
    assert {"ks", "mean", "floor"} <= set(axes.get_legend_handles_labels()[1])
    assert len(axes.patches) == 1
    with pytest.raises(KeyError, match="age, device"):
        result.plot_feature("agee")
    mpl.pyplot.close("all")


def test_a_missing_matplotlib_is_named_with_the_extra(result: ReplayResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pictures need it."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SettingsError, match=r"driftline\[notebook\]"):
        result.plot()


def test_the_example_fits_replays_and_draws(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`examples/notebook.py` finds the drift that it simulates, and writes its two pictures."""
    monkeypatch.chdir(tmp_path)
    ran = runpy.run_path(str(repository / "examples" / "notebook.py"))
    assert [event.type for event in ran["result"].events] == ["drift.opened", "drift.resolved"]
    assert "age moved up" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"drift.png", "age.png"}
    mpl.pyplot.close("all")
