"""The check of the relation: alike inputs are compared, a change of mix is none."""

from pathlib import Path

import numpy as np
import pytest

from baselines import Layout
from stream.checks import Measured, measure, untested
from stream.labelled import Task
from stream.policy import Policy
from stream.sample import Sample
from tests.builders import layout_of
from tests.labelled_rows import counts, draw, fitted, labelled

POLICY = Policy(checks=("relation",))
TASKS: list[Task] = ["classification", "probability"]


@pytest.fixture(scope="module", params=TASKS)
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Task, Layout]:
    """Return a task and the layout of a baseline of 8,000 held-out rows."""
    task: Task = request.param
    rows = labelled(*draw(np.random.default_rng(11), 8000), task)
    return task, Layout(fitted(tmp_path_factory.mktemp(task) / "train.jsonl", rows, task))


def check(known: tuple[Task, Layout], n: int = 3000, seed: int = 12, **change: float) -> Measured:
    """Return what the check says of a window in which this changed."""
    task, layout = known
    rows = labelled(*draw(np.random.default_rng(seed), n, **change), task)
    (found,) = measure(Sample.of_baseline(layout), Sample.of_counts(layout, counts(layout, rows, task)), POLICY)
    return found


def test_one_finding_speaks_of_the_error(known: tuple[Task, Layout]) -> None:
    """It belongs to the feature that tells how wrong the model was, and counts the rows in strata."""
    found = check(known)
    assert found.features == ({"classification": "driftline.error", "probability": "driftline.loss"}[known[0]],)
    assert found.n[0] <= 3000
    assert found.n_reference[0] == 8000


def test_flipped_labels_are_found(known: tuple[Task, Layout]) -> None:
    """A tenth of the labels turned round: alike inputs have other outcomes."""
    found = check(known, flipped=0.1)
    assert found.p_decision(0) < 1e-5
    assert found.effect[0] > 0.03
    assert found.related[0].observed > found.related[0].expected


def test_a_turned_boundary_is_found(known: tuple[Task, Layout]) -> None:
    """The same inputs, another relation."""
    assert check(known, turned=0.6).p_decision(0) < 1e-5


@pytest.mark.parametrize("change", [{"mean": 0.7}, {"scale": 0.5}, {"scale": 1.5, "mean": -0.3}])
def test_moved_inputs_are_not_taken_for_it(known: tuple[Task, Layout], change: dict[str, float]) -> None:
    """The model errs less often or more, because it is asked other questions; among alike inputs nothing changed."""
    found = check(known, **change)
    assert found.p_decision(0) > 1e-3
    assert found.effect[0] < POLICY.floor("driftline.error", "relation")


def test_the_effect_is_the_change_at_the_mix_of_the_window(known: tuple[Task, Layout]) -> None:
    """Direct standardisation, computed row by row from the tables."""
    task, layout = known
    relation = layout.baseline.relation
    assert relation is not None
    rows = labelled(*draw(np.random.default_rng(13), 4000, flipped=0.2), task)
    window = counts(layout, rows, task)
    (found,) = measure(Sample.of_baseline(layout), Sample.of_counts(layout, window), POLICY)
    before, now = relation.table(relation.counts), relation.table(window.cells[layout.relation_cells])
    yes = relation.marks[found.related[0].question]
    rates = [(table * yes).sum(axis=1) / table.sum(axis=1) for table in (before, now)]
    expected = np.average(rates[1] - rates[0], weights=now.sum(axis=1))
    assert found.effect[0] == pytest.approx(abs(expected))
    assert found.related[0].observed - found.related[0].expected == pytest.approx(expected)


def test_the_strata_that_moved_are_named(known: tuple[Task, Layout]) -> None:
    """Three at most, the largest part of the change first, each with its share of the window."""
    strata = check(known, flipped=0.2).related[0].strata
    assert 0 < len(strata) <= 3
    parts = [one.share * (one.observed - one.expected) for one in strata]
    assert parts == sorted(parts, reverse=True)
    assert min(parts) > 0.0


def test_too_few_rows_on_known_ground_are_not_tested(known: tuple[Task, Layout]) -> None:
    """Nothing is said, and that nothing was said is known."""
    task, layout = known
    found = check(known, mean=30.0)
    assert found.features == ()
    rows = labelled(*draw(np.random.default_rng(1), 3000, mean=30.0), task)
    window = Sample.of_counts(layout, counts(layout, rows, task))
    relation = layout.baseline.relation
    assert relation is not None
    assert relation.feature in untested(Sample.of_baseline(layout), window, POLICY)
    assert relation.feature not in untested(Sample.of_baseline(layout), window, Policy(checks=("missing",)))


def test_null_windows_are_quiet(known: tuple[Task, Layout]) -> None:
    """Of 300 windows of the same world, about as many lie below a level as it says, baseline's luck included."""
    p_values = np.array([check(known, n=400, seed=100 + seed).p_decision(0) for seed in range(300)])
    assert (p_values <= 0.05).sum() <= 15 + 4 * 15**0.5
    assert (p_values <= 0.001).sum() <= 2


def test_residuals_that_grow_or_shift_are_found(tmp_path: Path) -> None:
    """A number's error may be larger either way, or all to one side; the question says which."""
    rng = np.random.default_rng(14)
    x = rng.normal(size=6000)

    def rows(n: int, shift: float = 0.0, spread: float = 1.0, mean: float = 0.0) -> tuple[list, list, list]:
        x = rng.normal(size=n) + mean
        y = 2.0 * x + shift + spread * rng.normal(size=n) * np.where(x > 0, 2.0, 1.0)
        return [{"x": one} for one in x.tolist()], (2.0 * x).tolist(), y.tolist()

    layout = Layout(fitted(tmp_path / "train.jsonl", rows(len(x)), "regression"))

    def found(**change: float) -> Measured:
        window = Sample.of_counts(layout, counts(layout, rows(3000, **change), "regression"))
        return measure(Sample.of_baseline(layout), window, POLICY)[0]

    grown, shifted, moved = found(spread=1.6), found(shift=0.8), found(mean=0.8)
    assert (grown.features, grown.related[0].question) == (("driftline.loss",), "error")
    assert shifted.related[0].question == "bias"
    assert max(grown.p_decision(0), shifted.p_decision(0)) < 1e-9
    assert min(grown.effect[0], shifted.effect[0]) > 0.1
    assert moved.effect[0] < 0.05


def test_a_baseline_without_labels_has_no_such_finding() -> None:
    """The check is among the defaults, and costs nothing where it does not fit."""
    layout = layout_of({"x": [1.0, 2.0, 3.0]})
    sample = Sample.of_baseline(layout)
    (found,) = measure(sample, sample, POLICY)
    assert len(found) == 0
