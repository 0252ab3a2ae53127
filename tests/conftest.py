"""Fixtures that every kind of test may ask for."""

import os
from pathlib import Path

import pytest

_DATA_VARIABLE = "DRIFTLINE_TEST_DATA"
_REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout that the tests belong to."""
    return _REPOSITORY


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder with the real data sets; skip the test where there is none."""
    chosen = os.environ.get(_DATA_VARIABLE)
    folder = Path(chosen) if chosen else _REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set {_DATA_VARIABLE} to the folder that holds them")
    return folder
