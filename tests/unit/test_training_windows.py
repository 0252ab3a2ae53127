"""Training rows read again with their times: counted as the fit did, window by window, in any order."""

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from baselines import Baseline, BaselineError, Layout
from baselines.fitting import FitOptions, fit
from consumers.training import Learning, TrainingWindows, learn
from stream.schedule import Schedule

MINUTE_MS = 60_000
T0_MS = 28_333_333 * MINUTE_MS
OPTIONS = FitOptions(time="ts", categorical=frozenset({"code"}), numeric=frozenset({"day"}))
# Everything that a cell can hold: two numbers, special values, words among numbers, dates, codes, truth values.
ROWS = [
    {"ts": T0_MS + 90_000, "x": 1.5, "code": "1", "flag": "True", "day": "2026-01-02"},
    {"ts": T0_MS + 30_000, "x": None, "code": "2", "flag": "false", "day": "2026-01-03"},
    {"ts": T0_MS + 61_000, "x": "seven", "code": None, "flag": "TRUE", "day": None},
    {"ts": T0_MS + 200_000, "x": "nan", "code": "1", "flag": "true", "day": "soon"},
    {"ts": T0_MS + 59_999, "x": "-inf", "code": "3", "flag": None, "day": "2026-01-02T10:00:00Z"},
    {"ts": T0_MS + 60_000, "x": 2.5, "code": "1", "flag": "False", "day": "2026-01-02"},
]
Made = Callable[..., tuple[Baseline, TrainingWindows]]


def csv_of(rows: list[dict[str, object]]) -> str:
    """Return csv text; None is an empty cell."""
    lines = [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    return "\n".join([",".join(rows[0]), *lines]) + "\n"


@pytest.fixture
def made() -> Made:
    """Return what fits files and counts their rows into minutes."""

    def make(*paths: Path, options: FitOptions = OPTIONS) -> tuple[Baseline, TrainingWindows]:
        baseline = fit(paths, options)
        schedule = Schedule(MINUTE_MS, MINUTE_MS)
        return baseline, TrainingWindows.of_files(paths, options, Layout(baseline), schedule, lambda *_: None)

    return make


def assert_windows(baseline: Baseline, windows: TrainingWindows) -> None:
    """Assert that every row is in the window of its time, and that all of them are the baseline."""
    assert (windows.starts - T0_MS).tolist() == [0, 60_000, 180_000]
    assert [windows.rows(T0_MS + start) for start in (0, 60_000, 120_000, 180_000)] == [2, 3, 0, 1]
    assert np.array_equal(windows.total.cells, Layout(baseline).reference)
    assert windows.total.rows == baseline.n == sum(windows.counts(start).rows for start in windows.starts.tolist())


def test_csv_rows_are_counted_as_the_fit_counted_them(tmp_path: Path, made: Made) -> None:
    """Numbers, missing cells, words, infinities, dates, codes and truth values, in the order of nothing."""
    path = tmp_path / "rows.csv"
    path.write_text(csv_of(ROWS))
    assert_windows(*made(path))


def test_json_rows_are_counted_as_the_fit_counted_them(tmp_path: Path, made: Made) -> None:
    """Typed values, absent keys, null, objects and lists; several files; the time outside the features."""
    rows = [{"ts": row.pop("ts"), "f": row} for row in (dict(row) for row in ROWS)]
    rows[0]["f"]["x"] = {"a": 1}  # type: ignore[index]
    rows[1]["f"]["code"] = [1]  # type: ignore[index]
    rows[2]["f"]["flag"] = True  # type: ignore[index]
    rows[5]["f"]["code"] = 1.0  # type: ignore[index]
    rows[3]["f"]["x"], rows[4]["f"]["x"] = math.nan, -math.inf  # type: ignore[index]
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    first.write_text("".join(json.dumps(row) + "\n" for row in rows[:4]))
    second.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows[4:]).encode()))
    options = FitOptions(time="ts", features="f", categorical=OPTIONS.categorical, numeric=frozenset({"day", "x"}))
    assert_windows(*made(first, second, options=options))


def test_parquet_rows_are_counted_as_the_fit_counted_them(tmp_path: Path, made: Made) -> None:
    """Typed columns with nulls, timestamps as time."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "ts": pa.array([row["ts"] for row in ROWS], pa.timestamp("ms")),
        "x": pa.array([1.5, None, 2.5, float("nan"), 2.5, 1.5]),
        "code": pa.array([1, 2, None, 1, 3, 1]),
        "flag": pa.array([True, None, False, True, True, True]),
        "day": pa.array([row["day"] for row in ROWS]),
    }
    parquet.write_table(pa.table(columns), tmp_path / "rows.parquet")
    assert_windows(*made(tmp_path / "rows.parquet"))


def test_names_that_the_baseline_did_not_keep_are_unseen(tmp_path: Path, made: Made) -> None:
    """More categories than are kept: the rows of the rest are in the reference's own unseen cell."""
    path = tmp_path / "names.csv"
    names = [f"n{number}" for number in range(1_200) for _ in range(1 + number % 2)]
    path.write_text("ts,name\n" + "".join(f"{row * 1000},{name}\n" for row, name in enumerate(names)))
    baseline, windows = made(path, options=FitOptions(time="ts"))
    assert int(baseline.categorical[0].counts[1_000]) > 0
    assert np.array_equal(windows.total.cells, Layout(baseline).reference)


def test_the_order_of_rows_does_not_matter(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """However rows fall into chunks and flushes, windows hold the same."""
    rng = np.random.default_rng(4)
    lines = [f"{minute * 60_000},{rng.normal():.2f}\n" for minute in range(30) for _ in range(20)]
    sorted_path, mixed_path = tmp_path / "sorted.csv", tmp_path / "mixed.csv"
    sorted_path.write_text("ts,x\n" + "".join(lines))
    mixed_path.write_text("ts,x\n" + "".join(rng.permutation(lines).tolist()))
    options = FitOptions(time="ts")
    _, one = made(sorted_path, options=options)
    monkeypatch.setattr("consumers.training.windows._HELD_VALUES", 50)
    monkeypatch.setattr("baselines.fitting.delimited.CHUNK_CELLS", 64)
    _, other = made(mixed_path, options=options)
    for start in one.starts.tolist():
        assert np.array_equal(one.counts(start).cells, other.counts(start).cells)
        assert np.array_equal(one.counts(start).moments, other.counts(start).moments)
    assert one.starts.tolist() == other.starts.tolist()


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("", "row 2: column 'ts': there is no time"),
        ("yesterday", "row 2: column 'ts': 'yesterday' is neither a number nor an ISO 8601 time"),
        ("-5", "row 2: column 'ts': '-5' is outside the years 1970 to 9999"),
    ],
)
def test_a_row_without_a_time_is_named(tmp_path: Path, time: str, said: str) -> None:
    """The file, the row and what a time looks like; nothing is guessed."""
    path = tmp_path / "rows.csv"
    path.write_text(f"ts,x\n1000,1\n{time},2\n3000,3\n")
    options = FitOptions(time="ts", numeric=frozenset({"x"}))
    with pytest.raises(BaselineError, match=f"rows.csv, {said}"):
        learn(fit([path], options), Learning([path], options, Schedule(1_000, 1_000)))


def test_a_file_that_changed_after_the_fit_is_noticed(tmp_path: Path) -> None:
    """Windows that do not add up to the baseline are not learned from."""
    path = tmp_path / "rows.csv"
    path.write_text("ts,x\n" + "".join(f"{row}000,{row % 5}\n" for row in range(50)))
    options = FitOptions(time="ts")
    baseline = fit([path], options)
    path.write_text(path.read_text().replace(",3\n", ",4\n"))
    with pytest.raises(BaselineError, match="changed while it was read"):
        learn(baseline, Learning([path], options, Schedule(1_000, 1_000)))


def test_too_short_a_time_is_said_and_nothing_learned(tmp_path: Path) -> None:
    """The sentence names the windows that there are, and the rows that they need."""
    path = tmp_path / "rows.csv"
    path.write_text("ts,x\n" + "".join(f"{row},{row % 5}\n" for row in range(50)))
    options, told = FitOptions(time="ts"), list[str]()
    learning = Learning([path], options, Schedule(10_000, 10_000), min_samples=5)
    assert learn(fit([path], options), learning, tell=told.append).calibration is None
    assert told == ["--every 10s: too short to learn from: of 5 windows fewer than 8 have 5 rows"]
