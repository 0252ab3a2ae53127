"""Sentences for a person on call: true, short, and about what matters most."""

import pytest

from stream.words import advice, feature_sentence, resolved, summary


def _check(check, effect, *, drift=True):
    return {"check": check, "comparator": "baseline", "effect": effect, "drift": drift}


def _numeric(*checks, name="age", **production):
    return {
        "name": name,
        "kind": "numeric",
        "comparator": "baseline",
        "checks": list(checks),
        "reference": {"mean": 34.1, "std": 10.0, "min": 18.0, "max": 90.0, "missing": 0.01},
        "production": {"mean": 41.6, "std": 10.0, "missing": 0.01, **production},
        "moved": [{"from": 55.0, "to": 70.0, "reference_share": 0.05, "share": 0.3}],
    }


def _categorical(*checks, moved=(), **production):
    return {
        "name": "device",
        "kind": "categorical",
        "comparator": "baseline",
        "checks": list(checks),
        "reference": {"missing": 0.0},
        "production": {"missing": 0.0, "unseen": 0.0, **production},
        "moved": list(moved),
    }


def test_a_shift_says_from_where_to_where():
    """Mean before and after, in standard deviations, and the range that gained most."""
    sentence = feature_sentence(_numeric(_check("mean", 0.75), _check("ks", 0.3)))
    assert sentence == "age moved up: mean 34.1 -> 41.6 (+0.75 sd), most of it in 55 to 70"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0.71, 0.08, "no longer move together: rank correlation 0.71 -> 0.08"),
        (-0.6, -0.1, "no longer move together: rank correlation -0.60 -> -0.10"),
        (0.05, 0.66, "now move together: rank correlation 0.05 -> 0.66"),
        (0.3, -0.5, "now move against each other: rank correlation 0.30 -> -0.50"),
    ],
)
def test_a_broken_pair_names_both(before, after, words):
    """What became of the two, by their rank correlation; and what to look for."""
    check = {**_check("correlation", 0.63), "partner": "income", "correlation_reference": before, "correlation": after}
    feature = _numeric(check, _check("ks", 0.01, drift=False), mean=34.1)
    assert feature_sentence(feature) == f"age and income {words}"
    assert "joined by a wrong key" in advice([feature], 1, 20)
    assert "age moved up" in feature_sentence(_numeric(check, _check("mean", 0.75)))


def test_a_shift_down_says_so():
    """The sign is in the words and in the number."""
    assert "age moved down: mean 34.1 -> 20 (-1.41 sd)" in feature_sentence(_numeric(_check("mean", 1.4), mean=20.0))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(None, 20.0, ", most of it at or below 20"), (90.0, None, ", most of it above 90"), (None, None, "")],
)
def test_an_open_range_is_said_in_words(low, high, words):
    """There is no number for infinity."""
    feature = _numeric(_check("mean", 0.5))
    feature["moved"] = [{"from": low, "to": high, "reference_share": 0.05, "share": 0.3}]
    assert feature_sentence(feature).endswith(f"sd){words}")


def test_another_shape_is_not_called_a_move():
    """Where D drifts and the mean does not."""
    assert feature_sentence(_numeric(_check("ks", 0.3), _check("mean", 0.1, drift=False))).startswith(
        "age changed shape"
    )


def test_a_constant_reference_has_no_standard_deviations_to_count_in():
    """No division by zero, no such words."""
    feature = _numeric(_check("ks", 0.9))
    feature["reference"]["std"] = 0.0
    assert " sd)" not in feature_sentence(feature)


def test_a_window_of_one_value_has_a_sentence():
    """Its mean is the value; there is no spread."""
    feature = _numeric(_check("ks", 0.99))
    del feature["production"]["std"]
    assert feature_sentence(feature).startswith("age changed shape: mean 34.1 -> 41.6")


@pytest.mark.parametrize(("std", "word"), [(20.0, "wider"), (5.0, "narrower")])
def test_spread_alone_is_called_spread(std, word):
    """With both standard deviations."""
    assert feature_sentence(_numeric(_check("std", 0.5), std=std)) == f"age is spread {word}: std 10 -> {std:g}"


def test_leaving_the_training_range_says_how_many():
    """With the range that was left."""
    sentence = feature_sentence(_numeric(_check("range", 0.03)))
    assert sentence == "age leaves its training range (18 to 90) in 3.0 % of values"


@pytest.mark.parametrize(("missing", "words"), [(0.3, "missing or unusable more often"), (0.0, "missing less often")])
def test_missing_values_come_first_where_they_are_most(missing, words):
    """Before and after in percent."""
    feature = _numeric(_check("missing", 0.29), _check("ks", 0.2), missing=missing)
    assert feature_sentence(feature) == f"age is {words}: 1.0 % -> {missing * 100:.0f} %"


def test_only_what_drifts_is_told():
    """A check that saw more but is not drift does not take the word from one that is."""
    feature = _numeric(_check("missing", 0.06), _check("ks", 0.09, drift=False), missing=0.07)
    assert feature_sentence(feature) == "age is missing or unusable more often: 1.0 % -> 7.0 %"


def test_a_larger_move_of_the_values_comes_before_few_missing_ones():
    """Both drift; the body of the distribution moved more."""
    assert feature_sentence(_numeric(_check("missing", 0.06), _check("mean", 0.7), _check("ks", 0.4))).startswith(
        "age moved up"
    )


def test_new_categories_are_named():
    """With their share of the values."""
    feature = _categorical(_check("new_category", 0.2), unseen=0.2, new_categories={"watch": 9, "car": 1})
    assert feature_sentence(feature) == ("device has categories that training did not ('watch', 'car'): 20 % of values")


def test_another_mix_names_what_moved():
    """Each category with its share before and after."""
    moved = [
        {"category": "mobile", "reference_share": 0.6, "share": 0.8},
        {"category": "desktop", "reference_share": 0.3, "share": 0.1},
    ]
    sentence = feature_sentence(_categorical(_check("chi2", 0.2), moved=moved))
    assert sentence == "device changed mix: mobile 60 % -> 80 %, desktop 30 % -> 10 %"


def test_a_category_that_looks_like_a_number_is_quoted():
    """Months 1 and 2 are not amounts, and an empty name is not nothing."""
    moved = [{"category": name, "reference_share": 0.1, "share": 0.5} for name in ("1", "")]
    sentence = feature_sentence(_categorical(_check("chi2", 0.4), moved=moved))
    assert sentence == "device changed mix: '1' 10 % -> 50 %, '' 10 % -> 50 %"


def test_many_small_moves_are_not_called_new_categories():
    """Where nothing moved by a hundredth and nothing is new, that is what is said."""
    sentence = feature_sentence(_categorical(_check("chi2", 0.009)))
    assert sentence == "device changed mix: no category by more than 1 %"


def _told(*names, pattern=None, since_ms=0):
    features = [_numeric(_check("mean", 0.75), name=name) | {"since_ms": since_ms} for name in names]
    return [feature | ({"pattern": pattern} if pattern else {}) for feature in features]


def test_others_are_counted():
    """Of all features, in the right number."""
    features = _told("age")
    assert not summary(features, 1, 24, 0).endswith("drift.")
    assert summary(features, 2, 24, 0).endswith(". 1 more feature of 24 drifts.")
    assert summary(features, 3, 24, 0).endswith(". 2 more features of 24 drift.")


def test_a_drift_older_than_the_window_says_since_when():
    """In the time zone that events have; nothing where it began with the window."""
    assert "since" not in summary(_told("age", since_ms=5_000), 1, 24, 5_000)
    assert summary(_told("age", since_ms=0), 1, 24, 60_000).endswith(", since 1970-01-01 00:00 UTC.")


def test_a_fault_takes_the_word_from_the_checks():
    """With both means where they say more than the fault alone."""
    (feature,) = _told(
        "age", pattern={"kind": "unit_change", "factor": 60.0, "sentence": "age looks 60 times as large"}
    )
    assert feature_sentence(feature) == "age looks 60 times as large: mean 34.1 -> 41.6"
    (feature,) = _told("age", pattern={"kind": "stuck", "value": 1.0, "share": 1.0, "sentence": "age is stuck at 1"})
    assert feature_sentence(feature) == "age is stuck at 1"


def test_the_same_fault_elsewhere_is_told_in_one_sentence():
    """By name up to three, and they are not counted again."""
    pattern = {"kind": "gone", "share": 1.0, "sentence": "a went missing entirely"}
    features = _told(*"abcdef", pattern=pattern)
    del features[5]["pattern"]
    told = summary(features, 6, 24, 0)
    assert told == "a went missing entirely. The same in b, c, d and 1 more. 1 more feature of 24 drifts."


def test_a_swap_speaks_of_both_columns_once():
    """The other one is no further feature."""
    features = _told("a", "b", pattern={"kind": "swapped", "column": "b", "sentence": "a and b look swapped"})
    assert summary(features, 2, 24, 0) == "a and b look swapped."
    assert advice(features, 2, 24).endswith("a and b changed places.")


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("unit_change", {"factor": 60.0}, "unit in which age is sent"),
        ("stuck", {"value": 1.0}, "source of age"),
        ("permuted", {"columns": 5}, "5 of them changed places"),
        ("renamed", {"categories": {}}, "Map the new names of age"),
    ],
)
def test_advice_fits_the_fault(kind, facts, words):
    """What a person would look at first for that kind."""
    assert words in advice(_told("age", pattern={"kind": kind, "sentence": "", **facts}), 1, 24)


def test_the_end_names_who_is_back():
    """Three by name, the others by number."""
    features = [{"name": name, "checks": [{"comparator": "baseline"}]} for name in "abcde"]
    assert resolved(features[:1], 1) == "Back to the baseline: a."
    assert resolved(features, 5) == "Back to the baseline: a, b, c and 2 more."
    of_two = [{"name": name, "checks": [{"comparator": "baseline"}, {"comparator": "last_week"}]} for name in "ab"]
    assert resolved(of_two, 2) == "No longer different: a, b."


def test_what_is_no_move_from_the_baseline_says_from_what():
    """A check of another comparator is told as what it is, and the baseline's checks do not mix in."""
    feature = _numeric({**_check("mean", 0.7), "comparator": "last_week"}, _check("missing", 0.9))
    sentence = feature_sentence({**feature, "comparator": "last_week"})
    assert sentence.startswith("age moved up: mean 34.1 -> 41.6")
    assert sentence.endswith(", against the same time of an earlier week")


def test_advice_fits_what_happened():
    """The pipeline when most features move, the source of a missing one, an encoding, or the model."""
    mean, missing = _numeric(_check("mean", 0.7)), _numeric(_check("missing", 0.7))
    new = _categorical(_check("new_category", 0.2))
    assert "pipeline" in advice([mean], 12, 24)
    assert "pipeline" not in advice([mean], 2, 2)
    assert "no longer arrives" in advice([missing], 1, 24)
    assert "encoding" in advice([new], 1, 24)
    assert "retrain" in advice([mean], 1, 24)


def test_values_at_the_edge_are_not_called_wider():
    """Ranks spread where values gather at an edge; the words follow the values."""
    check = {**_check("cusum", 0.2), "trend": {"direction": "wider", "category": None, "since_ms": 0}}
    assert feature_sentence(_numeric(check, std=5.0)) == (
        "age has been moving to the edges of its range: mean 34.1 -> 41.6"
    )
    assert feature_sentence(_numeric(check, std=20.0)) == "age has been getting wider: std 10 -> 20"
