"""The check correlation: pairs that no longer move together, and nothing that single features explain."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from baselines import Calibration, Layout, Movement
from stream.checks import Measured, measure
from stream.checks.correlation import p_of_difference
from stream.counts import Counts
from stream.policy import Policy
from stream.sample import Sample
from tests.builders import layout_of, rows_of, with_dependence

POLICY = Policy(checks=("correlation",))


def family(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    """Return four columns with a common cause, and one by itself."""
    cause = rng.normal(size=rows)
    columns = {name: 0.8 * cause + 0.6 * rng.normal(size=rows) for name in "abcd"}
    return {"alone": rng.normal(size=rows), **columns}


@pytest.fixture(scope="module")
def training():
    """Return 4,000 rows."""
    return family(np.random.default_rng(11), 4_000)


@pytest.fixture(scope="module")
def layout(training):
    """Return a layout that knows their dependence."""
    return with_dependence(layout_of(training), training)


def side(layout, columns) -> Sample:
    """Return the sample of a window of these columns."""
    rows = len(next(iter(columns.values())))
    return Sample.of_counts(layout, Counts.of(layout, rows_of(layout, np.arange(rows), columns)))


def measured(layout, columns, policy=POLICY, reference=None, comparator="baseline") -> Measured:
    """Return what the check measures."""
    known = Sample.of_baseline(layout) if reference is None else reference
    (one,) = measure(known, side(layout, columns), policy, comparator)
    return one


def broken(found: Measured) -> set[str]:
    """Return the features whose change is large and no chance."""
    return {name for i, name in enumerate(found.features) if found.effect[i] >= 0.2 and found.p_decision(i) <= 1e-6}


def test_every_feature_has_a_row_with_its_partner(layout) -> None:
    """In the order of the baseline; in healthy traffic all effects are small and no p is."""
    found = measured(layout, family(np.random.default_rng(12), 2_000))
    assert found.features == ("alone", "a", "b", "c", "d")
    assert found.index.tolist() == [0, 1, 2, 3, 4]
    assert [partner.feature in found.features for partner in found.partners] == [True] * 5
    assert found.effect.max() < 0.1
    assert min(found.p_value(i)[0] for i in range(5)) > 1e-3
    assert (found.n == 2_000).all()
    assert (found.n_reference == 4_000).all()


def test_the_correlations_are_those_of_scipy(layout, training) -> None:
    """Statistic, and what is told of the partner, are Pearson's of the levels on either side."""
    columns = family(np.random.default_rng(13), 700)
    found = measured(layout, columns)
    names = [one.feature for one in layout.scored.scores]
    levels = [layout.scored.levels(np.stack([data[name] for name in names])) for data in (training, columns)]
    for i, (name, partner) in enumerate(zip(found.features, found.partners, strict=True)):
        places = names.index(name), names.index(partner.feature)
        before, after = (stats.pearsonr(one[places[0]], one[places[1]]).statistic for one in levels)
        assert (partner.reference, partner.production) == pytest.approx((before, after), abs=1e-6)
        assert found.statistic[i] == pytest.approx(after - before, abs=1e-6)
        assert found.effect[i] == abs(found.statistic[i])


def test_a_column_that_lost_its_rows_is_named_alone(layout) -> None:
    """Its own values are the same as ever; the partners it left are not blamed, they still move with each other."""
    columns = family(np.random.default_rng(14), 2_000)
    columns["b"] = np.random.default_rng(1).permutation(columns["b"])
    found = measured(layout, columns)
    assert broken(found) == {"b"}
    row = found.features.index("b")
    assert found.partners[row].reference == pytest.approx(0.62, abs=0.04)
    assert found.partners[row].production == pytest.approx(0.0, abs=0.1)


def test_of_a_single_broken_pair_both_are_named() -> None:
    """Where two features broke with each other alone, neither is more to blame."""
    rng = np.random.default_rng(15)
    x, y, z = rng.normal(size=(3, 3_000))
    training = {"x": x, "y": x + 0.5 * y, "z": z}
    layout = with_dependence(layout_of(training), training)
    u, v, w = rng.normal(size=(3, 1_000))
    assert broken(measured(layout, {"x": u, "y": v * np.sqrt(1.25), "z": w})) == {"x", "y"}


def test_new_dependence_is_seen_too(layout) -> None:
    """A feature that stood by itself and now follows another."""
    columns = family(np.random.default_rng(16), 2_000)
    columns["alone"] = columns["a"].copy()
    found = measured(layout, columns)
    assert broken(found) == {"alone"}
    assert found.statistic[0] > 0.9


@pytest.mark.parametrize(
    "change", [lambda x: x + 3.0, lambda x: 60.0 * x, lambda x: np.where(np.arange(len(x)) % 2, x, 0.0), np.zeros_like]
)
def test_a_feature_that_moved_by_itself_is_left_to_the_other_checks(layout, change) -> None:
    """Shift, unit error, stuck values: correlations follow from them, and its partners are not accused."""
    columns = family(np.random.default_rng(17), 2_000)
    columns["b"] = change(columns["b"])
    found = measured(layout, columns)
    assert found.features == ("alone", "a", "c", "d")
    assert broken(found) == set()


def test_a_small_shift_hides_nothing(layout) -> None:
    """A fifth of a standard deviation is no excuse for having lost the others."""
    columns = family(np.random.default_rng(18), 2_000)
    columns["b"] = np.random.default_rng(1).permutation(columns["b"]) + 0.2
    assert broken(measured(layout, columns)) == {"b"}


def test_missing_partners_are_left_out_pair_by_pair(layout) -> None:
    """Values that are missing at random change no correlation; each pair says over how many rows it was taken."""
    rng = np.random.default_rng(19)
    columns = family(rng, 2_000)
    columns["a"][rng.random(2_000) < 0.5] = np.nan
    found = measured(layout, columns)
    row = found.features.index("a")
    assert broken(found) == set()
    assert found.n[row] == np.isfinite(columns["a"]).sum()


def test_too_few_rows_in_common_are_not_compared(layout) -> None:
    """Two features that are never there together have no correlation to speak of."""
    columns = family(np.random.default_rng(20), 1_000)
    for name in "abc":
        columns[name][:950] = np.nan
    columns["d"][950:] = np.nan
    assert measured(layout, columns).features == ("alone", "d")
    assert measured(layout, family(np.random.default_rng(20), 99)).features == ()
    assert (
        measured(layout, {name: [] for name in columns}, Policy(checks=("correlation",), min_samples=0)).features == ()
    )


def test_an_earlier_window_can_be_the_reference(layout) -> None:
    """Against the window before nothing changed, though both differ from training."""
    rng = np.random.default_rng(21)
    earlier, later = family(rng, 1_000), family(rng, 1_000)
    for columns in (earlier, later):
        columns["c"] = rng.permutation(columns["c"])
    assert broken(measured(layout, later)) == {"c"}
    found = measured(layout, later, reference=side(layout, earlier), comparator="previous")
    assert broken(found) == set()
    assert (found.n_reference == 1_000).all()


def test_a_baseline_without_dependence_is_not_asked(training) -> None:
    """The check has no rows, and costs the family nothing."""
    plain = layout_of(training)
    assert len(measured(plain, family(np.random.default_rng(22), 500))) == 0
    assert Counts.zero(plain).pairs.size == 0


def test_p_is_that_of_fisher_in_large_samples() -> None:
    """Two-sided, from the normal distribution of the difference of transforms (scipy's)."""
    r, n = (np.array([0.5]), np.array([0.4])), (np.array([200_000]), np.array([100_000]))
    z = (np.arctanh(0.5) - np.arctanh(0.4)) / np.sqrt(1 / 199_997 + 1 / 99_997)
    many = np.array([1e12])
    assert p_of_difference(r, n, np.ones(1), many)[0] == pytest.approx(2 * stats.norm.sf(z), rel=0.05)
    assert p_of_difference(r, n, np.full(1, 4.0), many)[0] == pytest.approx(2 * stats.norm.sf(z / 2), rel=0.05)


def test_twins_are_compared_without_infinities(layout, training) -> None:
    """A correlation of one on both sides is no change, and p is 1."""
    twins = {"x": training["a"], "y": training["a"]}
    known = with_dependence(layout_of(twins), twins)
    again = family(np.random.default_rng(23), 500)["a"]
    found = measured(known, {"x": again, "y": again})
    assert found.effect.tolist() == [pytest.approx(0.0, abs=1e-12)] * 2
    assert [found.p_value(i)[0] for i in range(2)] == [1.0, 1.0]


def test_no_more_false_alarms_than_stated_at_100_rows() -> None:
    """Over 1,500 windows of independent, dependent and curved columns p <= 0.01 no more often than 1 % (Poisson)."""
    rng = np.random.default_rng(24)
    hits = 0
    for _ in range(25):
        x, y = rng.normal(size=(2, 1_000))
        training = {"x": x, "y": 0.9 * x + 0.44 * y, "z": np.abs(x) + 0.1 * y}
        layout = with_dependence(layout_of(training), training)
        for _ in range(60):
            u, v = rng.normal(size=(2, 100))
            found = measured(layout, {"x": u, "y": 0.9 * u + 0.44 * v, "z": np.abs(u) + 0.1 * v})
            hits += any(found.p_value(i)[0] <= 0.01 / 3 for i in range(len(found)))
    assert hits <= stats.poisson.ppf(0.999, 15)


def test_what_training_shows_stretches_each_pair_before_they_are_counted(layout) -> None:
    """The pair's own deviate over the root of its design effect, times the number of partners: a union bound."""
    columns = family(np.random.default_rng(31), 400)
    columns["b"] = columns["b"] + 0.35 * columns["alone"]
    movement = Movement(60, 25.0, 0.05, 280.0, 0.0)
    known = {name: {"correlation": movement} for name in columns}
    calibration = Calibration(3_600_000, "UTC", 100, 2, 50, 0, 1, {"baseline": known})
    plain, found = (
        measured(one, columns) for one in (layout, Layout(replace(layout.baseline, calibration=calibration)))
    )
    row = found.features.index("b")
    stretched = 2 * stats.t.sf(found.z(row) / found.design_effect(row) ** 0.5, 25.0)
    assert found.p_decision(row) == pytest.approx(4 * stretched)
    assert found.p_decision(row) > found.p_value(row)[0] == plain.p_decision(row)
    z, rows = found.deviates(row)
    assert np.isnan(z).tolist() == [name == "b" for name in order(layout)]
    assert np.nanmax(z) == found.z(row)
    assert rows[0] == pytest.approx(400 * 4_000 / 4_400)


def order(layout) -> list[str]:
    """Return the scored features."""
    return [one.feature for one in layout.scored.scores]
