"""Real training sets, fitted as a person would fit them."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from baselines.fitting import FitOptions, fit

_BESIDE = Path(__file__).parents[2].parent / "shared" / "data"
DATA = Path(os.environ.get("DRIFTLINE_TEST_DATA", _BESIDE))
SETS = [f"{name}{null}" for name in ("abrupt_insects", "bike_sharing", "nyc_weather") for null in ("", "__null")]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real data sets: point DRIFTLINE_TEST_DATA at their folder")
@pytest.mark.parametrize("name", SETS)
def test_real_sets_have_their_kinds_and_are_counted_whole(name: str) -> None:
    """With the digit-coded categories named, every column has its true kind, all rows, and the bound."""
    truth = json.loads((DATA / name / "truth.json").read_text())
    categorical = frozenset(column for column, kind in truth["kinds"].items() if kind == "categorical")
    baseline = fit([DATA / name / "reference.csv.gz"], FitOptions(categorical=categorical))
    assert {feature.name: feature.kind for feature in baseline.features} == truth["kinds"]
    assert baseline.n == truth["n_reference"]
    assert all(feature.counts.sum() == baseline.n for feature in baseline.features)
    assert all(feature.bound <= 0.001 for feature in baseline.numeric)
    assert all(np.all(np.diff(feature.values) > 0) for feature in baseline.numeric)
