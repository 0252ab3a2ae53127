"""Power: what the sizes depend on, what limits them, and that a feature alone is judged as in a whole tick."""

from dataclasses import replace

import numpy as np
import pytest

from baselines.baseline import Baseline
from stream.checks import measure
from stream.decision import decide
from stream.policy import Policy
from stream.power import Catch, Question, Simulation, catchable, family_size
from stream.quiet import quiet
from stream.resample import draw_sample, join, shape_of
from tests.builders import layout_of, with_dependence

LEVEL = 1e-3
NO_FLOORS = Policy(thresholds=dict.fromkeys(Policy().thresholds, 0.0), checks=("mean",))


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """Two numbers of 3,000 values and a category of 3,000 rows."""
    from baselines.baseline import CategoricalReference, NumericReference

    rng = np.random.default_rng(2)
    features = []
    for name in ("age", "price"):
        values = np.unique(rng.normal(40.0, 10.0, 3000).round(2))
        counts = np.zeros(2 * len(values) + 6, dtype=np.int64)
        counts[1 : 2 * len(values) : 2] = 1
        moments = float(values.mean()), float(values.std(ddof=1)), float(values[0]), float(values[-1])
        features.append(NumericReference(name, values, counts, *moments, {}))
    device = CategoricalReference("device", ("desktop", "mobile", "tablet"), np.array([1000, 1400, 600, 0, 0, 0]), 0)
    return Baseline(3000, (*features, device), "fingerprint")


def catches(baseline: Baseline, policy: Policy, rows: int = 1000, seed: int = 1, **more: object) -> list[Catch]:
    """Return what is caught, by simulation with few draws."""
    rng = np.random.default_rng(seed)
    question = replace(Question(rows, LEVEL, family_size(baseline, policy, rows, rng), draws=24), **more)
    return list(catchable(baseline, policy, question, rng, lambda done, total: None))


@pytest.fixture(scope="module")
def found(baseline: Baseline) -> list[Catch]:
    """Return what the default policy catches."""
    return catches(baseline, Policy())


def by_name(found: list[Catch]) -> dict[tuple[str, str], Catch]:
    """Return what is caught by feature and change."""
    return {(catch.feature, catch.change): catch for catch in found}


def test_every_feature_has_the_changes_of_its_kind(found: list[Catch]) -> None:
    """In the order of the baseline; the share that grows is named."""
    numeric, categorical = ["mean", "spread", "missing"], ["share", "new_category", "missing"]
    names = [("age", change) for change in numeric] + [("price", change) for change in numeric]
    assert [(catch.feature, catch.change) for catch in found] == names + [("device", change) for change in categorical]
    assert by_name(found)["device", "share"].category == "mobile"


def test_the_same_seed_gives_the_same_sizes(baseline: Baseline) -> None:
    """A generator is all the chance there is."""
    one, same, other = (catches(baseline, NO_FLOORS, seed=seed, draws=4) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_more_windows_catch_smaller_changes_and_too_few_none(found: list[Catch]) -> None:
    """2 of 3: nothing within one window; a size within ten is at most that within two."""
    for catch in found:
        two, ten = catch.sizes[2], catch.sizes[10]
        assert catch.sizes[1] is None
        assert two is not None
        assert ten is not None
        assert ten <= two


def test_floors_limit_large_windows(baseline: Baseline) -> None:
    """20,000 rows: the size caught is the floor, within the training data's own luck, and the floor is named."""
    found = by_name(catches(baseline, Policy(), rows=20_000, draws=16))
    for change, floor in (("spread", 0.1), ("missing", 0.05)):
        size = found["age", change].sizes[2]
        assert size == pytest.approx(floor, rel=0.35)
        assert found["age", change].limit == "floor"
    # ks speaks first: D of a normal that shifts by 0.25 sd is 0.0995, its floor 0.1.
    assert found["age", "mean"].sizes[2] == pytest.approx(0.25, rel=0.15)
    assert found["device", "share"].sizes[2] == pytest.approx(0.05, rel=0.35)
    policy = Policy(thresholds={**Policy().thresholds, "missing": 0.2}, checks=("missing",))
    higher = by_name(catches(baseline, policy, rows=20_000, draws=16))
    assert higher["age", "missing"].sizes[2] == pytest.approx(0.2, rel=0.05)


def test_small_windows_are_limited_by_their_size(baseline: Baseline) -> None:
    """Without floors only rows help: nine times as many see a third of the shift."""
    few, many = (by_name(catches(baseline, NO_FLOORS, rows=rows, draws=40)) for rows in (200, 1800))
    assert few["age", "mean"].limit == "sample size"
    small, large = few["age", "mean"].sizes[2], many["age", "mean"].sizes[2]
    assert small is not None
    assert large is not None
    # The training data has 3,000 rows of its own: sqrt(1/200 + 1/3000) over sqrt(1/1800 + 1/3000).
    assert small / large == pytest.approx(2.45, rel=0.25)


def test_a_larger_family_needs_a_larger_change(baseline: Baseline) -> None:
    """Ten thousand tests share the level: without floors the same features need more."""
    alone, among = (by_name(catches(baseline, NO_FLOORS, rows=300, family=n)) for n in (10, 10_000))
    for feature in ("age", "price"):
        assert (among[feature, "mean"].sizes[2] or 0) > (alone[feature, "mean"].sizes[2] or np.inf)


@pytest.mark.parametrize("size", [0.05, 0.25, 0.3, 0.5])
def test_a_feature_is_judged_as_the_only_one_that_changed(baseline: Baseline, size: float) -> None:
    """All change at once and are judged apart: the same verdict as a tick by Holm in which the others did not."""
    policy, rng = Policy(), np.random.default_rng(11)
    question = Question(400, LEVEL, family_size(baseline, policy, 400, rng))
    simulation = Simulation(baseline, policy, question, rng)
    shapes = [shape_of(feature) for feature in baseline.features]
    verdicts = []
    for _ in range(12):
        trial = simulation._drawn()
        names, sizes = ["mean", "mean", "share"], np.array([size, size, size / 2])
        together = simulation.caught(trial, names, sizes, policy).tolist()
        changed = [shapes[0].mean(trial.drawn[0], size), shapes[1].mean(trial.drawn[1], size)]
        changed.append(shapes[2].share(trial.drawn[2], size / 2))
        for place, feature in enumerate(baseline.features):
            calm = zip(baseline.features, shapes, trial.drawn, strict=True)
            parts = {f.name: shape.unchanged(drawn) for f, shape, drawn in calm} | {feature.name: changed[place]}
            decision = decide(measure(trial.reference, join(simulation.layout, parts), policy), policy, LEVEL)
            assert together[place] == (feature.name in decision.opening())
            verdicts.append(together[place])
    assert size not in (0.25, 0.3) or len(set(verdicts)) == 2


def test_a_level_of_one_asks_for_no_significance(baseline: Baseline) -> None:
    """[decision.alpha] 1 with a correction: the floor alone decides, before any family."""
    policy = replace(Policy(), alpha=dict.fromkeys(Policy().thresholds, 1.0))
    found = by_name(catches(baseline, policy, rows=20_000, family=100_000, draws=8))
    assert found["age", "missing"].sizes[2] == pytest.approx(0.05, rel=0.1)


def test_the_family_counts_every_comparator(baseline: Baseline) -> None:
    """5 + 5 + 4 tests against training; an earlier window is not asked what training never saw."""
    rng = np.random.default_rng(1)
    assert family_size(baseline, Policy(), 1000, rng) == 14
    assert family_size(baseline, Policy(comparators=("baseline", "previous")), 1000, rng) == 14 + 11


def test_the_correlations_of_a_tick_count_in_its_family():
    """A row per scored feature, though pairs are not simulated."""
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(size=500) for name in "abc"}
    plain = layout_of(columns)
    baseline = with_dependence(plain, columns).baseline
    known = family_size(plain.baseline, Policy(), 1000, rng)
    assert family_size(baseline, Policy(), 1000, rng) == known + 3
    question = Question(1000, LEVEL, known + 3, draws=2)
    assert {catch.feature for catch in catchable(baseline, Policy(), question, rng, lambda done, of: None)} == {*"abc"}


def test_quiet_counts_what_alarms_without_a_change(baseline: Baseline) -> None:
    """The budget's level with floors: nothing; a bare 0.05 for each test, uncorrected: often."""
    rng = np.random.default_rng(4)
    calm = quiet(baseline, Policy(), LEVEL, 500, rng)
    assert (calm.windows, calm.alarming, calm.opened) == (200, 0, 0)
    # 1 - 0.05 ** (1 / 200)
    assert calm.most == pytest.approx(0.01487, abs=1e-4)
    bare = replace(NO_FLOORS, correction="none", persist=(1, 1))
    nervous = quiet(baseline, bare, 0.05, 500, rng)
    # Two features, one test each: 1 - 0.95 ** 2 of 200 windows.
    assert 8 <= nervous.alarming <= 34
    assert 5 <= nervous.opened <= nervous.alarming
    assert nervous.most > nervous.opened / 200


def test_a_drawn_sample_stays_within_the_training_cells(baseline: Baseline) -> None:
    """Drawing invents no values: cells without training rows stay empty."""
    simulation = Simulation(baseline, Policy(), Question(500, LEVEL, 14), np.random.default_rng(1))
    shapes = [shape_of(feature) for feature in baseline.features]
    sample = draw_sample(simulation.layout, shapes, np.random.default_rng(9), 500)
    assert sample.cells[simulation.layout.reference == 0].sum() == 0
