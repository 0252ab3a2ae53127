"""The policy's floors: of a check, of a feature, in standard deviations or in the feature's own unit."""

from stream.policy import CATEGORICAL_CHECKS, CHECKS, CUSUM, DEFAULT_THRESHOLDS, NUMERIC_CHECKS, Policy


def test_every_check_has_a_floor():
    """And every check is of one kind or of both; only cusum takes its floors from those of the others."""
    assert {*DEFAULT_THRESHOLDS, CUSUM} == set(CHECKS) == {*NUMERIC_CHECKS, *CATEGORICAL_CHECKS}
    assert all(Policy().floor("x", check) == floor for check, floor in DEFAULT_THRESHOLDS.items())


def test_a_feature_overrides_the_check():
    """Only for itself and only for the checks it names."""
    policy = Policy(feature_thresholds={"x": {"ks": 0.3}})
    assert (policy.floor("x", "ks"), policy.floor("y", "ks"), policy.floor("x", "std")) == (0.3, 0.1, 0.1)


def test_a_mean_can_be_asked_for_in_the_features_own_unit():
    """Where both are given the unit wins."""
    policy = Policy(feature_thresholds={"age": {"mean_abs": 5.0, "mean": 0.5}, "x": {"mean": 0.5}})
    assert (policy.floor("age", "mean"), policy.mean_floor_in_units("age")) == (5.0, 5.0)
    assert (policy.floor("x", "mean"), policy.mean_floor_in_units("x")) == (0.5, None)
