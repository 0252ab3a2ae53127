"""Feature importance from a file."""

import json
from pathlib import Path

import pytest

from baselines import BaselineError
from baselines.importance import Importance, read_importance, save_importance

FEATURES = ["user_age", "country"]


def test_weights_are_read_by_name_and_without_their_sign(tmp_path: Path) -> None:
    """A negative coefficient matters as much as a positive one, and the largest is 1."""
    path = tmp_path / "importance.json"
    path.write_text('{"user_age": -2, "country": 0.5}')
    assert read_importance(path, FEATURES).weights == {"user_age": 1.0, "country": 0.25}


def test_a_feature_that_the_file_leaves_out_weighs_nothing(tmp_path: Path) -> None:
    """Who gives weights says what matters; weights that are all 0 stay so."""
    path = tmp_path / "importance.json"
    path.write_text('{"country": 0.01}')
    assert read_importance(path, FEATURES).weights == {"user_age": 0.0, "country": 1.0}
    path.write_text("{}")
    assert read_importance(path, FEATURES).weights == {"user_age": 0.0, "country": 0.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"user_aeg": 1}', "key 'user_aeg': the baseline has no such feature; did you mean 'user_age'?"),
        ('{"country": "high"}', "key 'country': 'high' is no number"),
        ('{"country": true}', "key 'country': True is no number"),
        ('{"country": null}', "key 'country': None is no number"),
        ('{"country": 1' + "0" * 400 + "}", "key 'country': the weight is too large"),
        ("[1, 2]", "not a JSON object of names and weights"),
        ('{"country": NaN}', "not JSON in UTF-8"),
        ('{"weights": {"country": 1}, "method": 3}', "key 'method': 3 is no text"),
        ("", "not JSON in UTF-8"),
    ],
)
def test_what_is_no_weight_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file, the key, and what is wrong."""
    path = tmp_path / "importance.json"
    path.write_text(text)
    with pytest.raises(BaselineError) as refused:
        read_importance(path, FEATURES)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """No traceback for a wrong path."""
    with pytest.raises(BaselineError, match=r"none\.json: cannot be read"):
        read_importance(tmp_path / "none.json", FEATURES)


def test_method_and_date_beside_the_weights_are_read(tmp_path: Path) -> None:
    """What was written is what is read, and a file of weights alone has neither."""
    path = tmp_path / "importance.json"
    save_importance(Importance({"country": 1.0, "user_age": 0.25}, "shap", "2026-01-31T00:00:00Z", {"rows": 9}), path)
    read = read_importance(path, FEATURES)
    assert read == Importance({"user_age": 0.25, "country": 1.0}, "shap", "2026-01-31T00:00:00Z")
    assert json.loads(path.read_text())["rows"] == 9
    path.write_text('{"country": 1}')
    assert (read_importance(path, FEATURES).method, read_importance(path, FEATURES).date) == ("", "")


def test_features_may_be_called_as_the_keys_are(tmp_path: Path) -> None:
    """A number is a weight, whatever its name."""
    path = tmp_path / "importance.json"
    path.write_text('{"weights": 2, "method": 1, "date": 0}')
    weights = read_importance(path, ["weights", "method", "date"]).weights
    assert weights == {"weights": 1.0, "method": 0.5, "date": 0.0}


def test_importance_that_cannot_be_written_is_an_error_with_the_file(tmp_path: Path) -> None:
    """A directory, for example."""
    with pytest.raises(BaselineError, match="cannot be written"):
        save_importance(Importance({}), tmp_path)
