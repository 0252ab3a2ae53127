"""SHAP values that somebody has already."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import BaselineError
from consumers.importance import read_shap

VALUES = np.array([[1.0, -2.0, 0.0], [-3.0, 2.0, 0.0]])
NAMES = ["a", "b", "c"]
WEIGHTS = {"a": 1.0, "b": 1.0, "c": 0.0}


def write_npz(path: Path, **arrays: Any) -> Path:
    """Write arrays."""
    np.savez(path, **arrays)
    return path


def test_npz_with_names_in_the_file_or_beside_it(tmp_path: Path) -> None:
    """The mean of absolute values: 2, 2 and 0, scaled; names that are given are over those of the file."""
    path = write_npz(tmp_path / "s.npz", values=VALUES, feature_names=np.array(NAMES))
    found = read_shap(path)
    assert (found.weights, found.method, found.origin) == (WEIGHTS, "shap", {"values": "s.npz"})
    assert found.date.endswith("Z")
    assert read_shap(path, ["x", "y", "z"]).weights == {"x": 1.0, "y": 1.0, "z": 0.0}
    assert read_shap(write_npz(tmp_path / "t.npz", shap_values=VALUES), NAMES).weights == WEIGHTS


@pytest.mark.parametrize("axes", [(1, 2, 0), (0, 1, 2)])
def test_classes_are_averaged_wherever_their_axis_is(tmp_path: Path, axes: tuple[int, int, int]) -> None:
    """(rows, features, classes), and (classes, rows, features) as older versions of shap give it."""
    classes = np.stack([VALUES, 3 * VALUES, -VALUES, 0 * VALUES])
    path = write_npz(tmp_path / "s.npz", values=classes.transpose(axes))
    assert read_shap(path, NAMES).weights == WEIGHTS


def test_json_in_each_of_its_forms(tmp_path: Path) -> None:
    """Values and names, a list for each feature, or rows alone."""
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"values": VALUES.tolist(), "feature_names": NAMES}))
    assert read_shap(path).weights == WEIGHTS
    path.write_text(json.dumps(dict(zip(NAMES, VALUES.T.tolist(), strict=True))))
    assert read_shap(path).weights == WEIGHTS
    path.write_text(json.dumps(VALUES.tolist()))
    assert read_shap(path, NAMES).weights == WEIGHTS


def test_parquet_and_csv_have_a_column_for_each_feature(tmp_path: Path) -> None:
    """All of the rows count, and only the columns that are named."""
    pa = pytest.importorskip("pyarrow", reason="needs the extra `parquet`")
    import pyarrow.parquet as pq

    pq.write_table(pa.table(dict(zip(NAMES, VALUES.T, strict=True))), tmp_path / "s.parquet")
    assert read_shap(tmp_path / "s.parquet").weights == WEIGHTS
    (tmp_path / "s.csv").write_text("a,b,c,id\n" + "1,-2,0,x\n-3,2,0,y\n" * 3000)
    assert read_shap(tmp_path / "s.csv", NAMES).weights == WEIGHTS


@pytest.mark.parametrize(
    ("arrays", "names", "message"),
    [
        ({"values": VALUES}, (), "no feature names: give them with --features a,b,c"),
        ({"values": VALUES}, ("a", "b"), "SHAP values of shape (2, 3) for 2 features (a, b)"),
        ({"values": VALUES}, ("a", "b", "b"), "a feature is named twice: a, b, b"),
        ({"values": VALUES[0]}, NAMES, "SHAP values of shape (3,): must be (rows, features[, classes])"),
        ({"values": VALUES * np.nan}, NAMES, "a SHAP value is not finite"),
        ({"values": VALUES * 0}, NAMES, "all SHAP values are 0"),
        ({"data": VALUES}, NAMES, "no array called values or shap_values; there are data"),
        ({"values": np.array([["x"]])}, NAMES, "the SHAP values are no array of numbers"),
        ({"values": np.array([{}])}, NAMES, "not an npz of plain arrays"),
    ],
)
def test_what_is_no_shap_values_is_refused(
    tmp_path: Path, arrays: dict[str, Any], names: tuple[str, ...], message: str
) -> None:
    """The file and what is wrong; objects in an npz would have to be unpickled, and are not."""
    path = write_npz(tmp_path / "s.npz", **arrays)
    with pytest.raises(BaselineError) as refused:
        read_shap(path, names)
    assert str(refused.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("name", "data"), [("s.npz", b"x"), ("s.npz", b""), ("s.json", b"{"), ("s.json", b'{"a": [1, "x"]}')]
)
def test_a_damaged_file_is_an_error_for_people(tmp_path: Path, name: str, data: bytes) -> None:
    """And so is one that is not there."""
    path = tmp_path / name
    with pytest.raises(BaselineError, match="cannot be read: No such file"):
        read_shap(path, NAMES)
    path.write_bytes(data)
    with pytest.raises(BaselineError, match=name):
        read_shap(path, NAMES)
