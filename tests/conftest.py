"""Fixtures that every kind of test may ask for."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from baselines import save
from baselines.fitting import FitOptions, fit

RealMonitor = Callable[..., Path]

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


@pytest.fixture(scope="session")
def real_monitor(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> RealMonitor:
    """Return ``make(name, every="100s", window="200s")``: fits a real set, returns its new driftline.toml.

    The monitor has the name of the set and the default decisions; categories coded as digits are declared, as a person
    who knows the data would.
    """

    def make(name: str, every: str = "100s", window: str = "200s") -> Path:
        kinds = json.loads((data_dir / name / "truth.json").read_text())["kinds"]
        categorical = frozenset(feature for feature, kind in kinds.items() if kind == "categorical")
        folder = tmp_path_factory.mktemp(name)
        save(fit([data_dir / name / "reference.csv.gz"], FitOptions(categorical=categorical)), folder / "baseline.json")
        config = folder / "driftline.toml"
        config.write_text(
            f"""[monitor]
name = "{name}"
[schedule]
every = "{every}"
window = "{window}"
[events]
timestamp = "ts"
id = "id"
features = "features"
"""
        )
        return config

    return make
