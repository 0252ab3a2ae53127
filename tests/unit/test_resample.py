"""Windows drawn from cells: what a change does to rows and to their moments."""

import numpy as np
import pytest
from scipy import stats

from baselines import Layout
from baselines.baseline import Baseline, CategoricalReference, NumericReference
from stream.resample import CategoricalShape, Drawn, NumericShape, binomial, draw, draw_sample, join, shape_of
from stream.sample import Sample

ROWS = 4000


@pytest.fixture
def baseline(sides) -> Baseline:
    """Return a wide number, a count with many zeros, and a category; some values of each are missing."""
    rng = np.random.default_rng(3)
    wide = rng.normal(50.0, 10.0, ROWS)
    wide[::50] = np.nan
    device = rng.choice(["mobile", "desktop", "tablet"], ROWS, p=[0.45, 0.35, 0.2]).tolist()
    device[::40] = [None] * len(device[::40])
    training = {"wide": wide, "count": rng.poisson(1.5, ROWS).astype(float), "device": device}
    reference, _ = sides(training, training)
    return reference.layout.baseline


def whole(reference: NumericReference | CategoricalReference) -> Drawn:
    """Return the training rows themselves as a draw, with even luck."""
    nudges = np.random.default_rng(8).permutation(np.linspace(0.01, 0.99, len(reference.counts)))
    return Drawn(reference.counts, nudges, 0.5, 1.0)


def test_training_rows_have_the_exact_moments(baseline: Baseline) -> None:
    """Mean and spread of the rows on their places are those that the baseline keeps of the values."""
    for feature in baseline.numeric:
        changed = NumericShape(feature).unchanged(whole(feature))
        assert (changed.mean, changed.std) == pytest.approx((feature.mean, feature.std), rel=1e-12)


def test_moments_are_exact_where_only_some_values_are_kept() -> None:
    """Rows between kept values stand in the middle, and the whole is brought back to the exact mean and spread."""
    values = np.array([0.0, 1.0, 10.0])
    counts = np.array([0, 5, 40, 5, 30, 5, 0, 0, 0, 0, 0, 0])
    feature = NumericReference("x", values, counts, 2.0, 2.5, 0.0, 10.0, {})
    changed = NumericShape(feature).unchanged(whole(feature))
    assert (changed.mean, changed.std) == pytest.approx((2.0, 2.5))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_shift_moves_the_mean_and_loses_no_row(baseline: Baseline, sign: float) -> None:
    """By half a standard deviation, less what stops at the end of the range; the rest of the row is untouched."""
    for feature in baseline.numeric:
        shape, drawn = NumericShape(feature), whole(feature)
        drawn = Drawn(drawn.counts, drawn.nudges, 0.5, sign)
        changed = shape.mean(drawn, 0.5)
        realised = shape.realised("mean", 0.5, sign)
        assert changed.counts.sum() == ROWS
        assert changed.mean == pytest.approx(feature.mean + sign * realised * feature.std)
        assert 0.3 < realised <= 0.5
        assert changed.counts[2 * len(feature.values) + 1 :].tolist() == feature.counts[len(feature.cells) :].tolist()
        # Nothing outside of the training range.
        assert changed.counts[0] == changed.counts[2 * len(feature.values)] == 0


def test_whole_numbers_stay_whole(baseline: Baseline) -> None:
    """A count that rises by a third of one: rows go to the next number, none between; the mean is what they say."""
    feature = baseline.numeric[1]
    changed = NumericShape(feature).mean(whole(feature), 0.3 / feature.std)
    cells = changed.counts[: len(feature.cells)]
    assert cells[0::2].sum() == 0
    assert np.dot(cells[1::2], feature.values) / cells.sum() == pytest.approx(changed.mean, abs=0.01)


def test_a_wider_spread_is_wider_by_as_much(baseline: Baseline) -> None:
    """The standard deviation grows by the share that comes out as realised; the mean stays about where it was."""
    feature = baseline.numeric[0]
    shape = NumericShape(feature)
    changed = shape.spread(whole(feature), 0.2)
    realised = shape.realised("spread", 0.2, 1.0)
    assert changed.std == pytest.approx(feature.std * (1 + realised))
    assert 0.15 < realised <= 0.2
    assert changed.mean == pytest.approx(feature.mean, abs=0.2)


def test_shares_move_by_the_size_asked_for(baseline: Baseline) -> None:
    """Missing, new categories and one category's share grow by 10 % of the rows; rows are kept."""
    (device,) = baseline.categorical
    shape = CategoricalShape(device)
    assert device.categories[shape.rising or 0] == "mobile"
    for name, at in (("share", shape.rising), ("new_category", 3), ("missing", 4)):
        changed = getattr(shape, name)(whole(device), 0.1)
        grown = changed.counts - device.counts
        assert grown.sum() == pytest.approx(0, abs=12)
        # The share is of the values, 39 of 40 rows.
        assert grown[at] == pytest.approx((390 if name == "share" else 400), abs=12)
        assert (np.delete(grown, at) <= 0).all()
    wide = baseline.numeric[0]
    lost = NumericShape(wide).missing(whole(wide), 0.1).counts - wide.counts
    assert lost[len(wide.cells)] == pytest.approx(400, abs=12)
    assert lost.sum() == pytest.approx(0, abs=40)


def test_a_constant_category_has_no_share_to_raise() -> None:
    """One category with all values: there is nothing that could rise at the cost of others."""
    feature = CategoricalReference("x", ("only",), np.array([10, 0, 0, 0]), 0)
    assert CategoricalShape(feature).rising is None


def test_a_larger_change_of_the_same_draw_moves_more(baseline: Baseline) -> None:
    """What is random is drawn once: along growing sizes every mean and share goes one way."""
    rng = np.random.default_rng(5)
    sizes = np.geomspace(0.01, 0.3, 20).tolist()
    wide, (device,) = baseline.numeric[0], baseline.categorical
    drawn = draw(rng, wide.counts, 500)
    means = [drawn.sign * NumericShape(wide).mean(drawn, size).mean for size in sizes]
    assert (np.diff(means) > 0).all()
    drawn = draw(rng, device.counts, 500)
    for name, at in (("share", CategoricalShape(device).rising), ("new_category", 3), ("missing", 4)):
        counts = [getattr(CategoricalShape(device), name)(drawn, size).counts[at] for size in sizes]
        assert (np.diff(counts) >= 0).all()


def test_a_drawn_sample_has_the_rows_asked_for(baseline: Baseline) -> None:
    """Each feature has all rows, usable or not, and moments near the training data's."""
    layout = Layout(baseline)
    sample = draw_sample(layout, [shape_of(f) for f in baseline.features], np.random.default_rng(1), 1000)
    assert isinstance(sample, Sample)
    assert sample.numeric_rows.tolist() == [1000, 1000]
    assert sample.categorical_rows.tolist() == [1000]
    assert sample.means[0] == pytest.approx(50, abs=1.5)
    assert sample.stds[0] == pytest.approx(10, abs=1)


def test_joining_puts_every_feature_in_its_place(baseline: Baseline) -> None:
    """The training rows, joined, are the layout's own reference counts."""
    layout = Layout(baseline)
    parts = {f.name: shape_of(f).unchanged(whole(f)) for f in baseline.features}
    sample = join(layout, parts)
    assert sample.cells.tolist() == layout.reference.tolist()
    assert sample.means.tolist() == pytest.approx([f.mean for f in baseline.numeric])


def test_the_binomial_quantile_is_scipys() -> None:
    """No rows, no share and all of it are no exceptions."""
    luck = np.random.default_rng(6).random(200)
    for share in (0.0, 1e-9, 1e-3, 0.3, 0.999, 1.0):
        for rows in (0, 1, 7, 1000, 10_000_000):
            expected = stats.binom.ppf(luck, rows, share)
            assert binomial(luck, np.full(200, rows), share).tolist() == expected.tolist()
