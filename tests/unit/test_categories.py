"""One spelling per category."""

import pytest

from baselines.categories import canonical


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("1.0", "1.0"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (10**30, "1" + "0" * 30),
        (7.0, "7"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (2.0**53, "9007199254740992.0"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_each_value_has_one_name(value: str | bool | int | float, name: str) -> None:
    """Text stays, booleans are JSON's, whole floats are integers as long as they are exact."""
    assert canonical(value) == name
