"""Feature importance from a file."""

from pathlib import Path

import pytest

from baselines import BaselineError
from baselines.importance import read_importance

FEATURES = ["user_age", "country"]


def test_weights_are_read_by_name_and_without_their_sign(tmp_path: Path) -> None:
    """A negative coefficient matters as much as a positive one, and the largest is 1."""
    path = tmp_path / "importance.json"
    path.write_text('{"user_age": -2, "country": 0.5}')
    assert read_importance(path, FEATURES) == {"user_age": 1.0, "country": 0.25}


def test_a_feature_that_the_file_leaves_out_weighs_nothing(tmp_path: Path) -> None:
    """Who gives weights says what matters; weights that are all 0 stay so."""
    path = tmp_path / "importance.json"
    path.write_text('{"country": 0.01}')
    assert read_importance(path, FEATURES) == {"user_age": 0.0, "country": 1.0}
    path.write_text("{}")
    assert read_importance(path, FEATURES) == {"user_age": 0.0, "country": 0.0}


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
