"""What is computed from a prediction and its label."""

import math

import pytest

from stream.labelled import Refused, labelled_features


def added(task: str, prediction: object, label: object, classes: list[str] | None = None) -> dict[str, object]:
    """Return what a label adds to an event, without the prefix of its names."""
    found = labelled_features(task, {"x": 1.5}, prediction, label, classes)  # type: ignore[arg-type]
    assert isinstance(found, dict)
    assert found.pop("x") == 1.5
    return {name.removeprefix("driftline."): value for name, value in found.items()}


def refused(task: str, prediction: object, label: object, **features: object) -> str:
    """Return why nothing was computed."""
    found = labelled_features(task, features, prediction, label)  # type: ignore[arg-type]
    assert isinstance(found, Refused)
    return found.reason


@pytest.mark.parametrize(("prediction", "label"), [("cat", "cat"), (1, 1.0), (1, "1"), (True, "true")])
def test_a_class_is_right_however_it_is_spelled(prediction: object, label: object) -> None:
    """Prediction and label are compared by their canonical names."""
    assert added("classification", prediction, label)["error"] == "right"


def test_probabilities_by_class_give_confidence_and_log_loss() -> None:
    """The class predicted is the likeliest; the loss is that of the label's own probability."""
    found = added("classification", {"cat": 0.7, "dog": 0.3}, "dog")
    assert found == {
        "target": "dog",
        "prediction": "cat",
        "error": "wrong",
        "confidence": 0.7,
        "loss": pytest.approx(-math.log(0.3)),
    }


def test_a_list_of_probabilities_is_read_in_the_order_of_the_classes() -> None:
    """Without names, classes are numbered from 0."""
    assert added("classification", [0.2, 0.8], "dog", ["cat", "dog"])["error"] == "right"
    assert added("classification", [0.2, 0.8], 1)["prediction"] == "1"


def test_a_class_that_the_model_excluded_has_a_finite_loss() -> None:
    """The log loss is clipped at a probability of one millionth."""
    assert added("classification", [1.0, 0.0], 7)["loss"] == pytest.approx(-math.log(1e-6))


@pytest.mark.parametrize("label", [1, True, "1", "true", "True", 1.0])
def test_a_probability_is_held_against_the_positive_class(label: object) -> None:
    """Loss and squared error are those of the outcome that came, in any spelling of it."""
    assert added("probability", 0.8, label) == {
        "target": "positive",
        "prediction": 0.8,
        "loss": pytest.approx(-math.log(0.8)),
        "brier": pytest.approx(0.04),
    }


def test_a_number_leaves_a_signed_residual_and_an_absolute_error() -> None:
    """The residual is the label less the prediction."""
    assert added("regression", 10, 7.5) == {"target": 7.5, "prediction": 10.0, "residual": -2.5, "loss": 2.5}


@pytest.mark.parametrize(
    ("task", "prediction"),
    [
        ("classification", None),
        ("classification", {"cat": 0.7}),
        ("classification", {"cat": "0.7", "dog": 0.3}),
        ("classification", [1.2, -0.2]),
        ("classification", []),
        ("probability", 1.5),
        ("probability", "0.5"),
        ("probability", True),
        ("regression", math.nan),
        ("regression", "12"),
        ("regression", 10**400),
    ],
)
def test_a_prediction_of_the_wrong_type_is_refused(task: str, prediction: object) -> None:
    """It is no number, no class or no distribution over classes: said, not guessed."""
    assert refused(task, prediction, 1) == "bad_prediction"


@pytest.mark.parametrize(
    ("task", "prediction", "label"),
    [
        ("classification", "cat", None),
        ("classification", "cat", ["cat"]),
        ("probability", 0.5, "maybe"),
        ("probability", 0.5, 2),
        ("regression", 1.0, "1"),
        ("regression", 1.0, math.inf),
        ("regression", 1e308, -1e308),
    ],
)
def test_a_label_of_the_wrong_type_is_refused(task: str, prediction: object, label: object) -> None:
    """The prediction may be good: the reason names the label."""
    assert refused(task, prediction, label) == "bad_label"


def test_probabilities_for_other_classes_than_there_are_are_refused() -> None:
    """Two probabilities cannot be those of three classes."""
    found = labelled_features("classification", {}, [0.5, 0.5], "a", ["a", "b", "c"])
    assert found == Refused("bad_prediction", "2 probabilities for 3 classes")


def test_an_input_cannot_take_a_name_that_labels_add() -> None:
    """Names that begin with the prefix belong to what is computed from labels."""
    assert refused("regression", 1.0, 1.0, **{"driftline.loss": 3.0}) == "reserved_name"
