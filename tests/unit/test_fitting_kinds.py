"""What becomes of a column."""

import json
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import Baseline, BaselineError
from baselines.fitting import FitOptions, columns, fit, names, numbers, references

Column = list[Any]


def fit_columns(
    tmp_path: Path, data: dict[str, Column], options: FitOptions | None = None, *, csv: bool = True
) -> tuple[Baseline, list[str]]:
    """Fit to columns, as csv or as JSON lines; return the baseline and what was said."""
    rows = list(zip(*data.values(), strict=True))
    path = tmp_path / ("train.csv" if csv else "train.jsonl")
    if csv:
        path.write_text(",".join(data) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    else:
        path.write_text("".join(json.dumps(dict(zip(data, row, strict=True))) + "\n" for row in rows))
    said: list[str] = []
    return fit([path], options, tell=said.append), said


def measured(n: int) -> Column:
    """Return n numbers that are nothing but numbers."""
    return [float(x) for x in np.random.default_rng(n).normal(size=n).round(3)]


def test_numbers_are_numeric_and_exact(tmp_path: Path) -> None:
    """Mean, std, ends, quantiles and counts are numpy's."""
    numbers_ = measured(500)
    feature = fit_columns(tmp_path, {"x": numbers_})[0].numeric[0]
    values, counts = np.unique(numbers_, return_counts=True)
    assert (feature.values.tolist(), feature.cells[1::2].tolist()) == (values.tolist(), counts.tolist())
    assert (feature.minimum, feature.maximum, feature.bound) == (min(numbers_), max(numbers_), 0.0)
    assert feature.mean == pytest.approx(np.mean(numbers_), rel=1e-12)
    assert feature.std == pytest.approx(np.std(numbers_, ddof=1), rel=1e-12)
    assert feature.quantiles["0.25"] == pytest.approx(np.quantile(numbers_, 0.25), rel=1e-12)


def test_what_is_no_finite_number_has_a_place_of_its_own(tmp_path: Path) -> None:
    """Missing, NaN, infinities and text are counted apart, and the text is mentioned."""
    cells: Column = [
        1.5,
        "",
        "NA",
        "null",
        "None",
        "N/A",
        "NULL",
        " ",
        "nan",
        "-inf",
        "Infinity",
        "inf",
        "oops",
        "1_0",
        2.5,
    ]
    baseline, said = fit_columns(tmp_path, {"x": cells, "y": [1.5] * len(cells)}, FitOptions(numeric=frozenset({"x"})))
    assert baseline.numeric[0].cells.tolist() == [0, 1, 0, 1, 0]
    assert baseline.numeric[0].counts[-5:].tolist() == [7, 1, 1, 2, 2]
    assert "x: 2 values are no numbers: counted as wrong_type" in said


def test_json_tells_types_apart(tmp_path: Path) -> None:
    """Text that spells a number, a boolean and a list are wrong types; numbers too large are infinite."""
    cells: Column = [
        1,
        2.5,
        None,
        "3",
        True,
        [1],
        {"a": 1},
        10**400,
        -(10**400),
        float("nan"),
        float("inf"),
        1,
        1,
        1,
        1,
    ]
    feature = fit_columns(tmp_path, {"x": cells}, csv=False)[0].numeric[0]
    assert feature.cells.tolist() == [0, 5, 0, 1, 0]
    assert feature.counts[-5:].tolist() == [1, 1, 1, 2, 4]


def test_text_is_categorical_with_missing_apart(tmp_path: Path) -> None:
    """Counts by name, and how many names occur once."""
    feature = fit_columns(tmp_path, {"c": ["b", "a", "", "b", "NA", "c"], "x": measured(6)})[0].categorical[0]
    assert feature.categories == ("a", "b", "c")
    assert feature.counts.tolist() == [1, 2, 1, 0, 2, 0]
    assert (feature.singletons, feature.boolean) == (2, False)


@pytest.mark.parametrize("csv", [True, False])
def test_booleans_are_two_categories(tmp_path: Path, csv: bool) -> None:
    """In any spelling, and as JSON's own."""
    cells: Column = ["True", "FALSE", "true", "true"] if csv else [True, False, "true", True]
    feature = fit_columns(tmp_path, {"b": cells}, csv=csv)[0].categorical[0]
    assert (feature.categories, feature.counts.tolist(), feature.boolean) == (("false", "true"), [1, 3, 0, 0, 0], True)
    assert feature.singletons == 1


def test_mostly_text_is_categorical_with_its_numbers_as_names(tmp_path: Path) -> None:
    """A code column of letters and digits keeps the digits as they stand."""
    feature = fit_columns(tmp_path, {"c": ["A", "B", "A", "1", "01", "B"]})[0].categorical[0]
    assert dict(zip(feature.categories, feature.counts.tolist(), strict=False)) == {"01": 1, "1": 1, "A": 2, "B": 2}


def test_digits_said_to_be_categories_keep_their_spelling(tmp_path: Path) -> None:
    """In csv 1, 1.0 and 01 are three names; JSON numbers have one spelling."""
    options = FitOptions(categorical=frozenset({"c"}))
    assert fit_columns(tmp_path, {"c": ["1", "1.0", "01"]}, options)[0].categorical[0].categories == ("01", "1", "1.0")
    assert fit_columns(tmp_path, {"c": [1, 1.0, True]}, options, csv=False)[0].categorical[0].categories == (
        "1",
        "true",
    )


def test_an_underscore_makes_no_number(tmp_path: Path) -> None:
    """Python alone reads 1_000 as a thousand; a column of such texts is categorical."""
    feature = fit_columns(tmp_path, {"c": ["1_000", "2_000", "1_000"]})[0].categorical[0]
    assert feature.categories == ("1_000", "2_000")


def test_few_whole_numbers_are_pointed_out_as_possible_codes(tmp_path: Path) -> None:
    """They are numeric unless a person says otherwise; saying numeric silences the remark."""
    data: dict[str, Column] = {"season": [1, 2, 3, 4] * 5, "temp": measured(20)}
    assert any("--categorical season" in note for note in fit_columns(tmp_path, data)[1])
    assert fit_columns(tmp_path, data, FitOptions(numeric=frozenset({"season"})))[1] == []


@pytest.mark.parametrize(
    "stamp", [lambda d: d.date().isoformat(), lambda d: d.isoformat(), lambda d: f"{d:%Y-%m-%d %H:%M:%SZ}"]
)
def test_dates_are_left_out_unless_said_to_be_numbers(tmp_path: Path, stamp: Any) -> None:
    """By name they become epoch milliseconds, UTC where they do not say otherwise."""
    cells = [stamp(datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2, 2, 5)]
    data: dict[str, Column] = {"day": cells, "x": measured(4)}
    baseline, said = fit_columns(tmp_path, data)
    assert [feature.name for feature in baseline.features] == ["x"]
    assert said == ["day: left out: dates and times; --numeric day reads them as epoch milliseconds"]
    feature = fit_columns(tmp_path, data, FitOptions(numeric=frozenset({"day"})))[0].numeric[0]
    days = [datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000 for day in (1, 2, 5)]
    assert (feature.values.tolist(), feature.cells[1::2].tolist()) == (days, [1, 2, 1])
    assert feature.note == "epoch milliseconds"


def test_a_date_without_offset_is_utc_wherever_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own time zone must not make another baseline."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        data: dict[str, Column] = {"day": ["1970-01-02", "1970-01-02T00:00:00", "1970-01-02T01:00:00+01:00"]}
        feature = fit_columns(tmp_path, data, FitOptions(numeric=frozenset({"day"})))[0].numeric[0]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert feature.values.tolist() == [86_400_000.0]


def test_typed_dates_and_decimals_read_as_their_text(tmp_path: Path) -> None:
    """Parquet's own dates, timestamps, decimals, small integers and bytes have the treatment of csv."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns_ = {
        "day": pa.array([date(2026, 1, 1), date(2026, 1, 2), None]),
        "at": pa.array([0, 1_500_000_000, None], type=pa.timestamp("ns")),
        "price": pa.array([1.25, 2.5, None]).cast(pa.decimal128(9, 2)),
        "small": pa.array([1, 1, 3], type=pa.int8()),
        "blob": pa.array([b"a", b"b", b"c"]),
        "list": pa.array([[1], [2], None]),
    }
    path = tmp_path / "train.parquet"
    pq.write_table(pa.table(columns_), path)
    options = FitOptions(numeric=frozenset({"day", "at"}), categorical=frozenset({"small"}))
    said: list[str] = []
    baseline = fit([path], options, tell=said.append)
    read = {feature.name: feature for feature in baseline.features}
    assert list(read) == ["day", "at", "price", "small"]
    assert read["day"].values.tolist() == [1767225600000.0, 1767312000000.0]
    assert read["at"].values.tolist() == [0.0, 1500.0]
    assert read["price"].values.tolist() == [1.25, 2.5]
    assert read["small"].categories == ("1", "3")
    assert [note for note in said if "objects or lists" in note] == [
        "blob: left out: holds objects or lists, not values",
        "list: left out: holds objects or lists, not values",
    ]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([f"user-{i}" for i in range(100)], "every value is different, as in an identifier; --categorical c keeps it"),
        (list(range(100)), "whole numbers that only run on, as row numbers do; --numeric c keeps them"),
        (list(range(300, 0, -3)), "whole numbers that only run on, as row numbers do; --numeric c keeps them"),
        ([""] * 100, "no value in any row"),
        (["nan", "inf"] * 50, "no finite number in any row"),
    ],
)
def test_columns_that_say_nothing_are_left_out_with_a_reason(tmp_path: Path, cells: Column, why: str) -> None:
    """Identifiers, row numbers, empty columns: a sentence each, and how to keep them."""
    baseline, said = fit_columns(tmp_path, {"c": cells, "x": measured(100)})
    assert [feature.name for feature in baseline.features] == ["x"]
    assert said == [f"c: left out: {why}"]


def test_a_hundred_rows_make_an_identifier_and_fewer_do_not(tmp_path: Path) -> None:
    """A small sample may be all different by chance."""
    baseline, _ = fit_columns(tmp_path, {"c": [f"user-{i}" for i in range(99)], "n": list(range(99))})
    assert [feature.kind for feature in baseline.features] == ["categorical", "numeric"]


def test_identifiers_can_be_kept_by_name(tmp_path: Path) -> None:
    """What a person says is done."""
    data: dict[str, Column] = {"id": [f"user-{i}" for i in range(100)], "row": list(range(100))}
    options = FitOptions(numeric=frozenset({"row"}), categorical=frozenset({"id"}))
    assert [feature.n for feature in fit_columns(tmp_path, data, options)[0].features] == [100, 100]


def test_objects_are_left_out(tmp_path: Path) -> None:
    """A column of structures is no feature; a few of them among values are wrong types."""
    data: dict[str, Column] = {"o": [{"a": 1}, [1], {}], "c": ["a", "a", ["b"]]}
    baseline, said = fit_columns(tmp_path, data, csv=False)
    assert said == [
        "o: left out: holds objects or lists, not values",
        "c: 1 values are objects or lists: counted as wrong_type",
    ]
    assert baseline.categorical[0].counts.tolist() == [2, 0, 0, 1]


def test_a_constant_is_a_feature_without_spread(tmp_path: Path) -> None:
    """Its standard deviation is zero and its quantiles are all itself."""
    feature = fit_columns(tmp_path, {"x": [0.1] * 10})[0].numeric[0]
    assert (feature.mean, feature.std, set(feature.quantiles.values())) == (0.1, 0.0, {0.1})


def test_dropped_columns_are_gone_and_order_is_the_files(tmp_path: Path) -> None:
    """The features stand in the order of the columns."""
    data: dict[str, Column] = {"z": measured(9), "a": measured(9), "m": ["x", "y", "y"] * 3}
    baseline, _ = fit_columns(tmp_path, data, FitOptions(drop=frozenset({"a"})))
    assert [feature.name for feature in baseline.features] == ["z", "m"]


@pytest.mark.parametrize("option", ["numeric", "categorical", "drop"])
def test_a_misspelt_column_is_answered_with_the_nearest(tmp_path: Path, option: str) -> None:
    """The option and the name are in the message."""
    with pytest.raises(BaselineError) as refused:
        fit_columns(tmp_path, {"user_age": measured(5)}, FitOptions(**{option: frozenset({"user_aeg"})}))
    message = f"--{option}: no column 'user_aeg' in the training data; did you mean 'user_age'?"
    assert str(refused.value) == message


def test_options_that_contradict_are_refused() -> None:
    """One column cannot be two things, and the number of cells has limits."""
    with pytest.raises(BaselineError, match="column 'a' is named in two"):
        FitOptions(numeric=frozenset({"a"}), drop=frozenset({"a"}))
    with pytest.raises(BaselineError, match="cells is 1: must be 2 to 5,000"):
        FitOptions(cells=1)


@pytest.mark.parametrize("option", ["numeric", "categorical"])
def test_a_column_without_values_cannot_be_a_feature_even_by_name(tmp_path: Path, option: str) -> None:
    """Said to be one, it is an error and not left out in silence."""
    with pytest.raises(BaselineError, match=f"--{option} c: the column has no"):
        fit_columns(tmp_path, {"c": [""] * 5, "x": measured(5)}, FitOptions(**{option: frozenset({"c"})}))


def test_a_file_without_any_feature_is_refused(tmp_path: Path) -> None:
    """With the reason for each column."""
    with pytest.raises(BaselineError, match="no column makes a feature: c: left out: no value in any row"):
        fit_columns(tmp_path, {"c": ["NA"] * 5})


def test_many_values_are_counted_twice_over_and_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of distinct values, kept cells still count all rows, and moments stay exact."""
    monkeypatch.setattr(numbers, "MOST_DISTINCT", 200)
    monkeypatch.setattr(numbers, "SAMPLE_ROWS", 1000)
    cells = np.random.default_rng(9).lognormal(size=5000).tolist()
    cells[100:900] = [2.0] * 800
    feature = fit_columns(tmp_path, {"x": cells}, FitOptions(cells=20))[0].numeric[0]
    assert feature.cells.sum() == 5000
    assert (feature.values[0], feature.values[-1]) == (min(cells), max(cells)) == (feature.minimum, feature.maximum)
    assert (feature.cells[0], feature.cells[-1]) == (0, 0)
    assert feature.cells[2 * feature.values.tolist().index(2.0) + 1] == 800
    assert feature.bound <= 1 / 20
    assert feature.mean == pytest.approx(np.mean(cells), rel=1e-12)
    assert feature.std == pytest.approx(np.std(cells, ddof=1), rel=1e-12)
    assert feature.quantiles["0.5"] == pytest.approx(np.quantile(cells, 0.5), rel=0.02)


def test_many_dates_are_counted_twice_over_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second pass reads dates as the first did."""
    monkeypatch.setattr(numbers, "MOST_DISTINCT", 20)
    cells = [datetime.fromtimestamp(i * 86_400, UTC).date().isoformat() for i in range(300)]
    feature = fit_columns(tmp_path, {"d": cells}, FitOptions(numeric=frozenset({"d"}), cells=50))[0].numeric[0]
    assert (feature.n, feature.maximum) == (300, 299 * 86_400_000.0)


def test_rare_categories_count_as_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most frequent stay, ties by name; the rows of the others are kept as a number."""
    monkeypatch.setattr(references, "MOST_CATEGORIES", 2)
    baseline, said = fit_columns(tmp_path, {"c": ["c", "b", "a", "c", "d", "", "b", "a"], "x": measured(8)})
    assert baseline.categorical[0].categories == ("a", "b")
    assert baseline.categorical[0].counts.tolist() == [2, 2, 3, 1, 0]
    assert baseline.categorical[0].singletons == 1
    assert said == ["c: more than 2 categories: 3 rows of the rarer ones count as unseen"]


def test_names_beyond_all_memory_are_counted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second pass counts the frequent ones exactly; every row is somewhere."""
    monkeypatch.setattr(names, "MOST_NAMES", 200)
    monkeypatch.setattr(names, "SAMPLED_NAMES", 100)
    monkeypatch.setattr(references, "MOST_CATEGORIES", 3)
    cells = [f"rare-{i}" for i in range(3000)] + ["a"] * 900 + ["b"] * 800 + ["c"] * 700
    feature = fit_columns(tmp_path, {"c": [cells[i * 1789 % len(cells)] for i in range(len(cells))]})[0].categorical[0]
    assert feature.categories == ("a", "b", "c")
    assert feature.counts.tolist() == [900, 800, 700, 3000, 0, 0]
    assert feature.singletons == pytest.approx(3000, rel=0.3)


def test_a_file_that_changes_between_passes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows appended while the file is read would make counts that do not add up."""
    monkeypatch.setattr(numbers, "MOST_DISTINCT", 20)
    path = tmp_path / "train.csv"
    path.write_text("x\n" + "".join(f"{x}\n" for x in measured(100)))

    def append(rows: int, total: int | None) -> None:
        with path.open("a") as file:
            file.write("1.5\n")

    with pytest.raises(BaselineError, match="changed while it was read"):
        fit([path], progress=append)


def test_progress_knows_the_total_from_the_second_pass_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar can show how far the reading has come."""
    monkeypatch.setattr(numbers, "MOST_DISTINCT", 20)
    path = tmp_path / "train.csv"
    path.write_text("x\n" + "".join(f"{x}\n" for x in measured(100)))
    seen: list[tuple[int, int | None]] = []
    fit([path], progress=lambda rows, total: seen.append((rows, total)))
    assert seen == [(100, None), (100, 100)]


def test_identifier_rows_are_a_number_in_one_place() -> None:
    """The docs name it."""
    assert columns._IDENTIFIER_ROWS == 100
