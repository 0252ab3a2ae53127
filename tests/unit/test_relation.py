"""The relation of a baseline: strata, what came of their rows, and the file that keeps it."""

import json
from pathlib import Path

import numpy as np
import pytest

from baselines import Baseline, BaselineError, Layout, dumps, loads
from baselines.fitting import lines
from stream.labelled import Task
from tests.labelled_rows import Labelled, counts, draw, fitted, labelled


@pytest.fixture(scope="module")
def rows() -> Labelled:
    """Return held-out rows."""
    return labelled(*draw(np.random.default_rng(7), 4000), "classification")


@pytest.fixture(scope="module")
def baseline(rows: Labelled, tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    """Return their baseline."""
    return fitted(tmp_path_factory.mktemp("relation") / "train.jsonl", rows, "classification")


def test_every_training_row_is_counted_once(baseline: Baseline) -> None:
    """By stratum and outcome; all are on ground that training covers, for it is training's own."""
    relation = baseline.relation
    assert relation is not None
    assert relation.counts.sum() == baseline.n == 4000
    assert relation.counts[-2:].tolist() == [0, 0]
    wrong = next(one for one in baseline.categorical if one.name == "driftline.error")
    assert relation.table(relation.counts)[:, 1].sum() == wrong.counts[wrong.categories.index("wrong")]


def test_the_stream_counts_the_training_rows_as_the_fit_did(baseline: Baseline, rows: Labelled) -> None:
    """The same rows, decoded and counted, give the baseline's very cells, strata among them."""
    layout = Layout(baseline)
    assert np.array_equal(counts(layout, rows, "classification").cells, layout.reference)


def test_strata_part_rows_by_confidence(baseline: Baseline) -> None:
    """What tells most of where this model errs is how sure it is; each stratum says what its rows have in common."""
    relation = baseline.relation
    assert relation is not None
    assert relation.strata > 3
    assert all("driftline.confidence" in where for where in relation.where)


def test_rows_beyond_training_are_apart(baseline: Baseline) -> None:
    """An input larger than any of training: nobody knows how often the model errs there."""
    layout = Layout(baseline)
    far = labelled(np.array([[50.0, 0.0], [0.0, 0.0], [0.1, -50.0]]), [1, 1, 1], "classification")
    assert counts(layout, far, "classification").cells[layout.relation_cells][-2] == 2


def test_a_relation_survives_its_file(baseline: Baseline) -> None:
    """Written, read, and written again it is the same, and so is the fingerprint."""
    again = loads(dumps(baseline), "baseline.json")
    assert dumps(again) == dumps(baseline)
    assert again.relation is not None
    assert baseline.relation is not None
    assert again.relation.where == baseline.relation.where


def test_the_fingerprint_covers_the_relation(baseline: Baseline) -> None:
    """Rows that moved between strata make another baseline."""
    document = json.loads(dumps(baseline))
    document["relation"]["counts"][0] -= 1
    document["relation"]["counts"][1] += 1
    with pytest.raises(BaselineError, match="fingerprint"):
        loads(json.dumps(document).encode(), "baseline.json")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("outcome", "a", "does not fit classification"),
        ("outcome", "nobody", "no such feature"),
        ("counts", [1, 2, 3], "counts: 3 of them"),
        ("edges", [[1.0, 2.0, 3.0]], "edges: must be 0"),
        ("splits", [{"feature": "a", "no": 0, "yes": -2, "threshold": 1.0}], "do not make a tree"),
        ("splits", [{"feature": "a", "no": -1, "yes": -2}], "does not fit the feature"),
    ],
)
def test_a_damaged_relation_is_refused(baseline: Baseline, key: str, value: object, said: str) -> None:
    """Parts that contradict each other are named, with the file."""
    document = json.loads(dumps(baseline))
    document["relation"][key] = value
    with pytest.raises(BaselineError, match=said) as error:
        loads(json.dumps(document).encode(), "baseline.json")
    assert str(error.value).startswith('baseline.json: key "relation"')


@pytest.mark.parametrize("task", ["probability", "regression"])
def test_other_tasks_relate_their_own_outcomes(task: Task, tmp_path: Path) -> None:
    """A probability's outcome is the label; a number's is where the residual lies in its stratum, in four ranges."""
    rng = np.random.default_rng(8)
    inputs, labels = draw(rng, 3000)
    rows = labelled(inputs, labels, "probability")
    if task == "regression":
        noise = rng.normal(size=3000) * np.where(inputs[:, 0] > 0, 2.0, 1.0)
        rows = (rows[0], inputs[:, 0].tolist(), (inputs[:, 0] + noise).tolist())
    found = fitted(tmp_path / "train.jsonl", rows, task)
    relation = found.relation
    assert relation is not None
    assert relation.strata > 1
    table = relation.table(relation.counts)
    if task == "regression":
        assert table[:, 1:3].sum() / 3000 == pytest.approx(0.8, abs=0.02)
        assert set(relation.marks) == {"error", "bias"}
    assert np.array_equal(counts(Layout(found), rows, task).cells, Layout(found).reference)
    assert dumps(loads(dumps(found), "again")) == dumps(found)


def test_a_model_that_was_never_wrong_has_a_relation_too(tmp_path: Path) -> None:
    """There is nothing to part; the first wrong prediction of the stream is counted as one."""
    inputs = np.random.default_rng(9).normal(size=(500, 2))
    right = labelled(inputs, (inputs @ np.array([1.5, -1.0]) > 0).astype(int).tolist(), "classification")
    baseline = fitted(tmp_path / "train.jsonl", right, "classification")
    layout = Layout(baseline)
    wrong = (right[0], right[1], [1 - label for label in right[2]])
    assert baseline.relation is not None
    assert baseline.relation.strata == 1
    assert counts(layout, wrong, "classification").cells[layout.relation_cells].tolist() == [0, 500, 0, 0]


def test_chunks_do_not_matter_to_the_strata(
    rows: Labelled, baseline: Baseline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sample, tree and counters are the same however the rows are cut."""
    monkeypatch.setattr(lines, "_CHUNK_ROWS", 77)
    assert fitted(tmp_path / "train.jsonl", rows, "classification").fingerprint == baseline.fingerprint
