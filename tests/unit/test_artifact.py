"""The baseline's file."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines import Baseline, BaselineError, CategoricalReference, NumericReference, dumps, load, loads, save
from baselines.fingerprint import fingerprint

AWKWARD = [-1e308, -0.1, 0.0, 5e-324, 0.1 + 0.2, 1 / 3, 1e22]


def awkward_baseline(cell: int = 0) -> Baseline:
    """Make a baseline of floats that are hard to write; ``cell`` rows lie between the first two values."""
    cells = [0, 2, cell, *[1, 0] * 6]
    numeric = NumericReference(
        'näme "1"\n',
        np.array(AWKWARD),
        np.array([*cells, 1, 2, 0, 0, 3]),
        1 / 3,
        0.1,
        -1e308,
        1e22,
        {"0.5": 5e-324},
        note="a note",
    )
    n = int(numeric.counts.sum())
    categorical = CategoricalReference("b", ("", "x", "ü"), np.array([n - 4, 1, 1, 1, 1, 0]), 2, importance=0.25)
    features = (numeric, categorical)
    return Baseline(n, features, fingerprint(n, features), ("train.csv",), "2026-01-31T00:00:00Z")


def damaged(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Return an artefact in which something was changed."""
    document = json.loads(dumps(awkward_baseline()))
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize("cell", [0, 4])
def test_what_is_read_is_what_was_written(cell: int) -> None:
    """Every float, count, name and note survives exactly, with and without rows in open cells."""
    baseline = awkward_baseline(cell)
    again = loads(dumps(baseline), "baseline.json")
    assert dumps(again) == dumps(baseline)
    before, after = baseline.numeric[0], again.numeric[0]
    assert after.values.tobytes() == before.values.tobytes()
    assert after.counts.tolist() == before.counts.tolist()
    assert (after.mean, after.quantiles, after.note) == (before.mean, before.quantiles, before.note)
    assert again.categorical[0].counts.tolist() == baseline.categorical[0].counts.tolist()
    assert (again.categorical[0].importance, again.source, again.created) == (0.25, baseline.source, baseline.created)


def test_empty_open_cells_take_no_room() -> None:
    """Where every distinct value is kept, only the counts at the values are written."""
    assert b'"between"' not in dumps(awkward_baseline())
    assert b'"between":[0,4,0' in dumps(awkward_baseline(4))


def test_negative_zero_is_written_as_zero() -> None:
    """Two baselines that are equal as numbers are one file and one fingerprint."""

    def of(zero: float) -> Baseline:
        counts = np.array([0, 2, 0, 0, 0, 0, 0, 0])
        features = (NumericReference("a", np.array([zero]), counts, zero, 0.0, zero, zero, {"0.5": zero}),)
        return Baseline(2, features, fingerprint(2, features))

    assert dumps(of(-0.0)) == dumps(of(0.0))


def test_importance_notes_and_sources_are_outside_the_fingerprint() -> None:
    """Weights may change without making another baseline of it; the file still reads."""
    weighted = awkward_baseline().with_importance({"b": 1.0})
    assert weighted.fingerprint == fingerprint(weighted.n, weighted.features)
    assert loads(dumps(weighted), "x").importance["b"] == 1.0


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        (0, {"name": "c"}),
        (0, {"values": np.array([*AWKWARD[:-1], 1e23])}),
        (0, {"counts": awkward_baseline(1).numeric[0].counts}),
        (0, {"mean": 0.0}),
        (0, {"std": 0.2}),
        (0, {"minimum": -2e308}),
        (0, {"maximum": 2e22}),
        (0, {"quantiles": {"0.5": 0.0}}),
        (0, {"quantiles": {"0.25": 5e-324}}),
        (1, {"name": "c"}),
        (1, {"categories": ("", "x", "y")}),
        (1, {"counts": np.array([1, 1, 1, 1, 1, 0])}),
        (1, {"singletons": 3}),
        (1, {"boolean": True}),
    ],
)
def test_other_content_is_another_fingerprint(place: int, changed: dict[str, Any]) -> None:
    """The fingerprint covers every number and name that was counted."""
    baseline = awkward_baseline()
    features: list[Any] = list(baseline.features)
    features[place] = replace(features[place], **changed)
    assert fingerprint(baseline.n, features) != baseline.fingerprint
    assert fingerprint(baseline.n + 1, baseline.features) != baseline.fingerprint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b'{"format":', "not JSON in UTF-8"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b'{"format":"\xff"}', "not JSON in UTF-8"),
        (b"[1]", "not a driftline baseline"),
        (b"{}", 'not a driftline baseline: key "format"'),
        (b'{"format":"driftline-baseline"}', 'key "version": 0'),
        (b'{"format":"driftline-baseline","version":2}', "written by a newer driftline (format version 2"),
        (dumps(awkward_baseline())[:-40], "not JSON in UTF-8"),
        (damaged(lambda d: d.pop("n")), "not a whole baseline: Object missing required field `n`"),
        (damaged(lambda d: d["features"][0].pop("mean")), "missing required field `mean` - at `$.features[0]`"),
        (damaged(lambda d: d["features"][0].update(kind="date")), "not a whole baseline: Invalid value 'date'"),
        (damaged(lambda d: d["features"][0]["counts"].pop()), "counts: 6 of them for 7 values"),
        (damaged(lambda d: d["features"][0].update(between=[1])), "between: 1 of them for 7 values, must be 8 or none"),
        (damaged(lambda d: d["features"][0]["values"].reverse()), "values: not strictly increasing"),
        (damaged(lambda d: d["features"][0].update(min=1e23)), "min: larger than max"),
        (damaged(lambda d: d["features"][0]["specials"].update(lost=1)), "specials: 'lost' is none of missing, nan"),
        (damaged(lambda d: d["features"][0]["counts"].__setitem__(0, -1)), "Expected `int` >= 0"),
        (damaged(lambda d: d["features"][0]["counts"].__setitem__(0, 10**30)), "not a whole baseline"),
        (
            damaged(lambda d: d["features"][0]["counts"].__setitem__(0, 9)),
            "counts of 21 rows where the baseline has 14",
        ),
        (damaged(lambda d: d["features"].append(d["features"][1])), "feature 'b' stands there twice"),
        (damaged(lambda d: d["features"][1].update(categories={"b": 2, "a": 1})), "categories: not in ascending order"),
        (damaged(lambda d: d["features"][0].update(mean=0.5)), 'key "fingerprint" does not fit the content'),
        (damaged(lambda d: d.update(fingerprint="sha256:0")), 'key "fingerprint" does not fit the content'),
    ],
)
def test_what_is_no_undamaged_baseline_is_refused(data: bytes, message: str) -> None:
    """The message names the source, the key, and what to do about it."""
    with pytest.raises(BaselineError) as refused:
        loads(data, "some.json")
    assert str(refused.value).startswith("some.json: ")
    assert message in str(refused.value)
    assert "driftline" in str(refused.value)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a directory are told apart from a damaged baseline."""
    with pytest.raises(BaselineError, match=r"none\.json: cannot be read: No such file"):
        load(tmp_path / "none.json")
    with pytest.raises(BaselineError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_saving_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    """A second save is the file, and no scratch file stays."""
    path = tmp_path / "baseline.json"
    path.write_text("old")
    save(awkward_baseline(), path)
    assert load(path).fingerprint == awkward_baseline().fingerprint
    assert os.listdir(tmp_path) == ["baseline.json"]  # noqa: PTH208


def test_saving_where_there_is_no_directory_is_an_error_for_people(tmp_path: Path) -> None:
    """The path is named and nothing is left behind."""
    with pytest.raises(BaselineError, match="cannot be written: No such file"):
        save(awkward_baseline(), tmp_path / "none" / "baseline.json")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk must not cost the baseline that was there."""
    path = tmp_path / "baseline.json"
    path.write_text("old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BaselineError, match="cannot be written: No space left"):
        save(awkward_baseline(), path)
    assert (path.read_text(), len(list(tmp_path.iterdir()))) == ("old", 1)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Saving through a link writes the file it points to."""
    (tmp_path / "v1.json").write_text("old")
    (tmp_path / "current.json").symlink_to("v1.json")
    save(awkward_baseline(), tmp_path / "current.json")
    assert (tmp_path / "current.json").is_symlink()
    assert load(tmp_path / "v1.json").n == awkward_baseline().n
