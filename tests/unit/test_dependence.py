"""How features move together, as it is learned by a fit and kept in the artefact."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from baselines import Baseline, BaselineError, Layout, dumps, loads
from baselines.fitting import FitOptions, delimited, fit, row_sample
from baselines.fitting.dependence import spread_of_correlations
from stream.sample import Sample

ROWS = 3_000


def table(rows: int = ROWS) -> dict[str, list[Any]]:
    """Return columns: two that move together, one with gaps and words, one date, one nearly constant, a category."""
    rng = np.random.default_rng(6)
    x, noise = rng.normal(size=(2, rows)).round(6)
    days = rng.integers(0, 300, rows)
    gaps = rng.random(rows)
    gaps[0] = 1.0  # columns of JSON lines stand in the order in which they first appear
    return {
        "x": x.tolist(),
        "y": (x + 0.3 * noise).round(6).tolist(),
        "gappy": [None if gap < 0.2 else float(value) for gap, value in zip(gaps, -x, strict=True)],
        "when": [str(np.datetime64("2026-01-01") + day) for day in days],
        "dull": np.where(gaps < 0.8, 0.0, x).tolist(),
        "c": np.where(days % 2, "a", "b").tolist(),
    }


def written(folder: Path, form: str) -> Path:
    """Write the table as a file of this form."""
    columns, path = table(), folder / f"train.{form}"
    rows = list(zip(*columns.values(), strict=True))
    if form == "csv":
        lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
        path.write_text("\n".join([",".join(columns), *lines]))
    elif form == "jsonl":
        named = [{k: v for k, v in zip(columns, row, strict=True) if v is not None} for row in rows]
        path.write_text("\n".join(map(json.dumps, named)))
    elif form == "parquet":
        pq.write_table(pa.table(columns), path)
    else:
        feather.write_feather(pa.table(columns), path)
    return path


def learned(path: Path, **options: Any) -> Baseline:
    """Fit, with the date as a number."""
    return fit([path], FitOptions(numeric=frozenset({"when"}), **options))


def correlation(baseline: Baseline, left: str, right: str) -> float:
    """Return the correlation of two features that the baseline knows."""
    assert baseline.dependence is not None
    names = [one.feature for one in baseline.dependence.scores]
    return float(Sample.of_baseline(Layout(baseline)).pairs.correlation[names.index(left), names.index(right)])


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "feather"])
def test_every_format_teaches_the_same_dependence(tmp_path: Path, form: str) -> None:
    """Gaps stay in their rows, dates are numbers, whatever the file's form; features that hardly vary are left out."""
    baseline = learned(written(tmp_path, form))
    assert baseline.dependence is not None
    assert [one.feature for one in baseline.dependence.scores] == ["x", "y", "gappy", "when"]
    assert correlation(baseline, "x", "gappy") == pytest.approx(-1.0, abs=0.002)
    assert correlation(baseline, "x", "y") == pytest.approx(0.94, abs=0.02)
    assert abs(correlation(baseline, "x", "when")) < 0.06
    assert baseline.fingerprint == learned(written(tmp_path, "csv")).fingerprint


def test_chunks_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters and the sample of rows are the same however the rows are cut."""
    monkeypatch.setattr(row_sample, "MOST_ROWS", 500)
    path = written(tmp_path, "csv")
    whole = learned(path)
    monkeypatch.setattr(delimited, "CHUNK_CELLS", 700)
    assert learned(path).fingerprint == whole.fingerprint


def test_the_most_important_are_chosen(tmp_path: Path) -> None:
    """By the weights of the file, ties in the order of the columns; the baseline carries the weights, too."""
    weights = tmp_path / "weights.json"
    weights.write_text('{"when": 1.0, "y": 0.5}')
    baseline = learned(written(tmp_path, "csv"), importance=weights, pairs=3)
    assert baseline.dependence is not None
    assert [one.feature for one in baseline.dependence.scores] == ["when", "y", "x"]
    assert baseline.importance["y"] == 0.5


def test_none_may_be_asked_for(tmp_path: Path) -> None:
    """Without pairs, and where fewer than two features vary, nothing is learned; more than 32 are refused."""
    path = written(tmp_path, "csv")
    assert learned(path, pairs=0).dependence is None
    assert learned(path, pairs=1).dependence is None
    with pytest.raises(BaselineError, match="pairs is 33"):
        FitOptions(pairs=33)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    """Scores, counters and spread survive; the fingerprint covers them; a baseline without them loads as ever."""
    baseline = learned(written(tmp_path, "csv"))
    again = loads(dumps(baseline), "baseline.json")
    assert dumps(again) == dumps(baseline)
    assert again.dependence is not None
    assert baseline.dependence is not None
    assert again.dependence.counters.tolist() == baseline.dependence.counters.tolist()
    without = learned(written(tmp_path, "csv"), pairs=0)
    assert loads(dumps(without), "baseline.json").dependence is None
    assert b"dependence" not in dumps(without)
    assert without.fingerprint != baseline.fingerprint


DAMAGE: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda part: part["products"].pop(), "products: 5 of them for 6 pairs"),
    (lambda part: part["freedom"].append(2.0), "freedom: 7 of them"),
    (lambda part: part["lone"].pop(), "lone: 47 of them"),
    (lambda part: part["features"][0].update(feature="c"), "'c': no such numeric feature"),
    (lambda part: part["features"][1].update(feature="x"), "edges are no values of it|twice"),
    (lambda part: part["features"][0]["levels"].pop(), "11 levels for 11 edges"),
    (lambda part: part["features"][0]["edges"].reverse(), "ascending"),
    (lambda part: part["inflation"].__setitem__(0, 9.0), "fingerprint"),
    (lambda part: part["features"][0]["levels"].__setitem__(0, 99), "not a whole baseline"),
    (lambda part: part["features"].clear(), "features: 0 of them"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], Any], message: str) -> None:
    """The message names the file and the key; nothing that does not fit is loaded."""
    document = json.loads(dumps(learned(written(tmp_path, "csv"))))
    damage(document["dependence"])
    with pytest.raises(BaselineError, match=message) as raised:
        loads(json.dumps(document).encode(), "baseline.json")
    assert str(raised.value).startswith("baseline.json: ")


def test_normal_data_inflate_nothing_and_curved_data_do() -> None:
    """Fisher's variance holds for normal data, bar the error of knowing so; for a curve it would be too small."""
    rng = np.random.default_rng(7)
    x, noise = rng.normal(size=(2, 20_000))
    levels = [np.clip(np.rint(8 * one) + 16, 0, 32).astype(np.uint8) for one in (x, 0.7 * x + 0.7 * noise, np.abs(x))]
    inflation, freedom = spread_of_correlations(np.stack(levels))
    assert 1.0 <= inflation[0, 1] < 1.15
    assert inflation[0, 2] > 2.0
    assert (inflation == inflation.T).all()
    assert freedom[0, 1] > 1_000
    assert (inflation[2, 2], freedom[2, 2]) == (1.0, 1.0)


def test_columns_that_are_one_are_no_trouble() -> None:
    """Of twins, of constants and of columns that are never there together nothing is known, and nothing breaks."""
    x = np.random.default_rng(8).integers(0, 33, 400).astype(np.uint8)
    apart = np.stack([np.where(np.arange(400) < 200, x, 255), np.where(np.arange(400) < 200, 255, x)]).astype(np.uint8)
    for sample in (np.stack([x, x]), np.stack([x, np.zeros_like(x)]), apart):
        inflation, freedom = spread_of_correlations(sample)
        assert np.isfinite(inflation).all()
        assert (inflation >= 1.0).all()
        assert (freedom >= 1.0).all()
