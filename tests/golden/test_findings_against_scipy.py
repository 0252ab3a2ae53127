"""Every line of `--findings`, recounted from the raw events and held against scipy.

The oracle knows the files alone: it cuts the windows out of the stream by their times, and knows nothing of cells,
panes or watermarks.
"""

import csv
import gzip
import io
import json
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from consumers.cli import app

RealMonitor = Callable[..., Path]
Line = dict[str, Any]
STATISTIC, P_VALUE = 1e-12, 1e-9
# Numbers are counted in steps of at most this share of the reference's standard deviation.
STEP = 2.0**-16
NUMERIC, CATEGORICAL = ("ks", "mean", "std", "range", "missing"), ("chi2", "frequency", "new_category", "missing")


@dataclass(frozen=True)
class Sides:
    """The usable values of a feature in training and in one window, and how many rows had none."""

    reference: list[Any]
    window: list[Any]
    unusable_reference: int
    unusable: int


@dataclass(frozen=True)
class Raw:
    """A data set as its files have it."""

    kinds: dict[str, str]
    reference: dict[str, list[str]]
    events: list[dict[str, Any]]

    def window(self, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        return [event["features"] for event in self.events if start_ms <= event["ts"] < end_ms]

    def sides(self, feature: str, window: list[dict[str, Any]]) -> Sides:
        read: Callable[[Any], Any] = float if self.kinds[feature] == "numeric" else str
        rows = [features.get(feature) for features in window]
        trained = [read(cell) for cell in self.reference[feature] if cell]
        found = [read(value) for value in rows if value is not None]
        return Sides(trained, found, len(self.reference[feature]) - len(trained), len(rows) - len(found))


def raw(folder: Path) -> Raw:
    """Read a data set."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress((folder / "reference.csv.gz").read_bytes()).decode())))
    lines = gzip.decompress((folder / "stream.jsonl.gz").read_bytes()).splitlines()
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Raw(json.loads((folder / "truth.json").read_text())["kinds"], columns, [json.loads(line) for line in lines])


def agrees_ks(line: Line, sides: Sides) -> None:
    """Assert D to 1e-12 and p to 1e-9 relative, exact, or asymptotic where that is below 1e-20."""
    with warnings.catch_warnings():
        # scipy says so where its exact computation fails and it takes the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        method = "asymp" if line["p_method"] == "asymp" and line["p_value"] < 1e-20 else "exact"
        expected = stats.ks_2samp(sides.reference, sides.window, method=method)
    assert line["bound"] == 0
    assert line["statistic"] == pytest.approx(expected.statistic, rel=0, abs=STATISTIC)
    assert line["effect"] == line["statistic"]
    assert line["p_value"] == pytest.approx(expected.pvalue, rel=P_VALUE, abs=0)


def agrees_chi2(line: Line, sides: Sides) -> None:
    """Assert Pearson's statistic and p, uncorrected, on the pooled table; the effect is total variation distance."""
    reference, window = Counter(sides.reference), Counter(sides.window)
    expected = stats.chi2_contingency(pooled(reference, window), correction=False)
    assert line["statistic"] == pytest.approx(expected.statistic, rel=STATISTIC, abs=STATISTIC)
    assert line["p_value"] == pytest.approx(expected.pvalue, rel=P_VALUE, abs=0)
    moved = (window[c] / window.total() - reference[c] / reference.total() for c in {*reference, *window})
    assert line["effect"] == pytest.approx(math.fsum(map(abs, moved)) / 2, rel=0, abs=STATISTIC)


def pooled(reference: Counter[str], window: Counter[str]) -> np.ndarray:
    """Pool what training did not have and what is expected fewer than five times on the smaller side."""
    share = min(reference.total(), window.total()) / (reference.total() + window.total())
    both = {category: reference[category] + window[category] for category in sorted(reference)}
    kept = [category for category, count in both.items() if count * share >= 5]
    rest = reference.total() + window.total() - sum(both[category] for category in kept)
    if 0 < rest * share < 5 and kept:
        kept.remove(min(kept, key=lambda category: both[category]))
    table = np.array([[side[category] for category in kept] for side in (reference, window)])
    others = np.array([[reference.total()], [window.total()]]) - table.sum(axis=1, keepdims=True)
    return np.hstack([table, others]) if others.any() else table


def agrees_mean(line: Line, sides: Sides) -> None:
    """Assert the difference of means, and its size in reference standard deviations, within one step of counting."""
    reference, difference = np.array(sides.reference), np.mean(sides.window) - np.mean(sides.reference)
    std = reference.std(ddof=1)
    assert line["statistic"] == pytest.approx(difference, rel=0, abs=STEP * std)
    assert line["effect"] == pytest.approx(abs(difference) / std, rel=STEP, abs=STEP)


def agrees_std(line: Line, sides: Sides) -> None:
    """Assert the ratio of standard deviations, within one step of counting on either side."""
    ratio = np.std(sides.window, ddof=1) / np.std(sides.reference, ddof=1)
    assert line["statistic"] == pytest.approx(ratio, rel=0, abs=STEP * (1 + ratio))
    assert line["effect"] == pytest.approx(abs(line["statistic"] - 1), rel=0, abs=STATISTIC)


def agrees_range(line: Line, sides: Sides) -> None:
    """Assert the share of values outside the training minimum and maximum, exactly."""
    low, high = min(sides.reference), max(sides.reference)
    share = sum(not low <= value <= high for value in sides.window) / len(sides.window)
    assert line["statistic"] == line["effect"] == share


def agrees_frequency(line: Line, sides: Sides) -> None:
    """Assert the difference of the share that moved most, exactly; p is Fisher's doubled tail times the categories."""
    reference, window = Counter(sides.reference), Counter(sides.window)
    moved = {c: window[c] / len(sides.window) - reference[c] / len(sides.reference) for c in sorted(reference)}
    most = max(moved, key=lambda category: abs(moved[category]))
    assert line["statistic"] == moved[most]
    assert line["effect"] == abs(line["statistic"])
    p = fisher(window[most], len(sides.window), reference[most], len(sides.reference))
    assert line["p_value"] == pytest.approx(min(1, len(reference) * p), rel=P_VALUE, abs=0)


def agrees_new_category(line: Line, sides: Sides) -> None:
    """Assert the share of values that training did not have, exactly."""
    known = set(sides.reference)
    share = sum(value not in known for value in sides.window) / len(sides.window)
    assert line["statistic"] == line["effect"] == share


def agrees_missing(line: Line, sides: Sides) -> None:
    """Assert the difference of the shares of rows without a usable value, exactly; p is Fisher's doubled tail."""
    rows, rows_reference = len(sides.window) + sides.unusable, len(sides.reference) + sides.unusable_reference
    assert (line["n"], line["n_reference"]) == (rows, rows_reference)
    assert line["statistic"] == sides.unusable / rows - sides.unusable_reference / rows_reference
    assert line["effect"] == abs(line["statistic"])
    p = fisher(sides.unusable, rows, sides.unusable_reference, rows_reference)
    assert line["p_value"] == pytest.approx(p, rel=P_VALUE, abs=0)


def fisher(seen: int, n: int, seen_reference: int, n_reference: int) -> float:
    """Return twice the smaller one-sided p of Fisher's exact test, at most 1."""
    table = [[seen, n - seen], [seen_reference, n_reference - seen_reference]]
    if seen + seen_reference == 0:
        return 1.0
    return min(1.0, 2 * min(stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")))


AGREES: dict[str, Callable[[Line, Sides], None]] = {
    "ks": agrees_ks,
    "chi2": agrees_chi2,
    "mean": agrees_mean,
    "std": agrees_std,
    "range": agrees_range,
    "frequency": agrees_frequency,
    "new_category": agrees_new_category,
    "missing": agrees_missing,
}


def expected_lines(data: Raw, summary: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Name window, feature and check of every line there must be: windows of 200 s, each 100 s, that are whole."""
    first = min(event["ts"] for event in data.events)
    assert first % 100_000 == 0
    for number in range(summary["windows"]["tested"]):
        for feature, kind in data.kinds.items():
            for check in NUMERIC if kind == "numeric" else CATEGORICAL:
                yield first + 100_000 * number, feature, check


@pytest.mark.parametrize("name", ["abrupt_insects", "bike_sharing__null"])
def test_findings_are_those_of_scipy_on_the_raw_windows(
    name: str, data_dir: Path, real_monitor: RealMonitor, tmp_path: Path
) -> None:
    """One line per window, feature and check, alarm or not, each as scipy and numpy find it on the raw values.

    But for cusum, which is not of one window and not in scipy.
    """
    config, data = real_monitor(name), raw(data_dir / name)
    findings, summary = tmp_path / "findings.jsonl", tmp_path / "summary.json"
    arguments = ["--findings", str(findings), "--summary", str(summary), "--events", str(tmp_path / "events.jsonl")]
    stream = str(data_dir / name / "stream.jsonl.gz")
    result = CliRunner().invoke(app, ["replay", "--config", str(config), stream, *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    # Pairs of features have an oracle of their own: tests/golden/test_correlation_golden.py.
    every = [line for line in map(json.loads, findings.read_text().splitlines()) if line["check"] != "correlation"]
    lines = [line for line in every if line["check"] != "cusum"]
    assert len(every) - len(lines) == len({(line["window_end_ms"], line["feature"]) for line in lines})
    told = [(line["window_start_ms"], line["feature"], line["check"]) for line in lines]
    assert sorted(told) == sorted(expected_lines(data, json.loads(summary.read_text())))
    window = cache(data.window)
    for line in lines:
        sides = data.sides(line["feature"], window(line["window_start_ms"], line["window_end_ms"]))
        assert line["window_end_ms"] - line["window_start_ms"] == 200_000
        if line["check"] != "missing":
            assert (line["n"], line["n_reference"]) == (len(sides.window), len(sides.reference))
        AGREES[line["check"]](line, sides)
