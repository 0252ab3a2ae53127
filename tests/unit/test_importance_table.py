"""The rows that a model is tried on, and what is normal of them."""

import json
from pathlib import Path

import pytest

from baselines import BaselineError
from baselines.fitting import FitOptions, fit
from consumers.importance import Columns, read_table, reference_row

CSV = "b,a,y\n" + "".join(f"{i},{i / 2},{i % 2}\n" for i in range(50))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write rows with two columns and a target."""
    path = tmp_path / "train.csv"
    path.write_text(CSV)
    return path


def test_all_columns_but_the_target_in_their_order(data: Path) -> None:
    """Or those that are named, in the order that the model takes them."""
    table = read_table([data], Columns(target="y"))
    assert (table.names, table.rows[3].tolist(), table.rows.shape) == (("b", "a"), [3.0, 1.5], (50, 2))
    assert table.target is not None
    assert table.target.tolist() == [i % 2 for i in range(50)]
    named = read_table([data, data], Columns(("a",)))
    assert (named.names, named.rows.shape, named.target) == (("a",), (100, 1), None)


def test_the_sample_is_drawn_by_its_seed_and_not_by_how_files_are_cut(data: Path, tmp_path: Path) -> None:
    """Without replacement, in the rows' order; another seed draws others."""
    header, *lines = CSV.splitlines()
    parts = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for part, chunk in zip(parts, (lines[:13], lines[13:]), strict=True):
        part.write_text("\n".join([header, *chunk]))
    whole = read_table([data], Columns(("b",)), 20, seed=4).rows[:, 0].tolist()
    assert whole == read_table(parts, Columns(("b",)), 20, seed=4).rows[:, 0].tolist()
    assert (len(set(whole)), sorted(whole)) == (20, whole)
    assert whole != read_table([data], Columns(("b",)), 20, seed=5).rows[:, 0].tolist()


def test_json_lines_are_read_below_a_path(tmp_path: Path) -> None:
    """As fit reads them."""
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps({"f": {"x": i, "y": -i}}) + "\n" for i in range(5)))
    table = read_table([path], Columns(path="f"))
    assert (table.names, table.rows[2].tolist()) == (("x", "y"), [2.0, -2.0])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(("a", "bb")), "--features: no column 'bb' in the data; did you mean 'b'?"),
        (Columns(target="z"), "--target: no column 'z' in the data"),
        (Columns(("a", "y"), "y"), "--features: names 'y', which is the target"),
        (Columns(("a", "a")), "--features: names a column twice"),
    ],
)
def test_columns_that_are_not_there_are_named(data: Path, columns: Columns, message: str) -> None:
    """With the nearest one that is."""
    with pytest.raises(BaselineError) as refused:
        read_table([data], columns)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("value", ["", "NaN", "inf", "red"])
def test_a_value_that_a_model_cannot_take_is_named_by_its_row(data: Path, value: str) -> None:
    """Missing, not finite, or text: nothing is made up in its place."""
    data.write_text(CSV + f"1,{value},0\n")
    with pytest.raises(BaselineError, match=r"train\.csv, row 51: column 'a': no finite number"):
        read_table([data], Columns())


def test_data_without_rows_is_refused(data: Path) -> None:
    """There is nothing to try a model on."""
    data.write_text("a,b\n")
    with pytest.raises(BaselineError, match="no rows"):
        read_table([data], Columns())


def test_what_is_normal_is_the_mean_or_the_most_frequent_code(tmp_path: Path) -> None:
    """Of the baseline; names that are no codes, and features that it does not have, are refused."""
    path = tmp_path / "train.csv"
    path.write_text("x,code,colour\n" + "".join(f"{i / 4},{[2, 2, 7][i % 3]},red\n" for i in range(9)))
    baseline = fit([path], FitOptions(categorical=frozenset({"code"})))
    assert reference_row(baseline, ["code", "x"]).tolist() == [2.0, 1.0]
    with pytest.raises(BaselineError, match="column 'colour': its categories are names like 'red'"):
        reference_row(baseline, ["colour"])
    with pytest.raises(BaselineError, match="column 'cod': the baseline has no such feature; did you mean 'code'"):
        reference_row(baseline, ["cod"])
