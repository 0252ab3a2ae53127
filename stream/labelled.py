"""A labelled prediction as the features of one event: the inputs as they were, and what the label says of the answer.

The same function serves the stream and the fitting of the baseline, so that the two cannot disagree. The features that
it adds begin with ``PREFIX``, which no input may.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from baselines import relation
from baselines.categories import canonical
from baselines.relation import OUTCOMES

Task: TypeAlias = relation.Task
TASKS: tuple[Task, ...] = ("classification", "probability", "regression")

PREFIX = "driftline."
TARGET, PREDICTION, CONFIDENCE = f"{PREFIX}target", f"{PREFIX}prediction", f"{PREFIX}confidence"
ERROR, LOSS, BRIER, RESIDUAL = f"{PREFIX}error", f"{PREFIX}loss", f"{PREFIX}brier", f"{PREFIX}residual"
RIGHT, WRONG = OUTCOMES["classification"]
NEGATIVE, POSITIVE = OUTCOMES["probability"]
# A probability nearer to 0 is taken for this in the log loss, which has no end otherwise.
LEAST_PROBABILITY = 1e-6
# Probabilities may be rounded: they add up to 1 within this.
_ROUNDING = 0.02
_OUTCOMES = {"0": NEGATIVE, "false": NEGATIVE, "1": POSITIVE, "true": POSITIVE}


@dataclass(frozen=True, slots=True)
class Refused:
    """A prediction and label of which nothing can be computed.

    ``reason`` is an entry of the ledger ("bad_prediction", "bad_label", "reserved_name"), ``detail`` a sentence.
    """

    reason: str
    detail: str


class _Unfit(Exception):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def labelled_features(
    task: Task, features: Mapping[str, Any], prediction: object, label: object, classes: Sequence[str] | None = None
) -> dict[str, Any] | Refused:
    """Return the features of a labelled event: ``features`` as they are, and what is added for the task.

    classification: the prediction is a class (text, whole number or boolean), a mapping of class to probability, or a
    list of probabilities in the order of ``classes`` ("0", "1" and so on without them). Added are target, prediction
    and error ("right" or "wrong"); with probabilities also confidence, that of the class predicted, and loss, the log
    loss in nats. probability: the prediction is that of the positive class, 0 to 1, the label 0 or 1 in any spelling.
    Added are target, prediction, loss and brier, the squared error. regression: both are numbers. Added are target,
    prediction, residual (target less prediction) and loss, the absolute error.

    >>> labelled_features("classification", {"age": 30}, "cat", "dog")["driftline.error"]
    'wrong'
    >>> labelled_features("regression", {}, 2.5, "many")
    Refused(reason='bad_label', detail="'many' is not a finite number")
    """
    reserved = next((name for name in features if name.startswith(PREFIX)), None)
    if reserved is not None:
        return Refused(
            "reserved_name", f"the event has a feature {reserved!r}; names that begin so are kept for labels"
        )
    try:
        answer = _ANSWERS[task](prediction, classes)
    except _Unfit as unfit:
        return Refused("bad_prediction", unfit.detail)
    try:
        return {**features, **_ADDED[task](answer, label)}
    except _Unfit as unfit:
        return Refused("bad_label", unfit.detail)


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(number := _float(value)):
        return number
    raise _Unfit(f"{value!r} is not a finite number")


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _share(value: object) -> float:
    share = _number(value)
    if not 0.0 <= share <= 1.0:
        raise _Unfit(f"{value!r} is no probability: it must be 0 to 1")
    return share


def _class(value: object) -> str:
    if isinstance(value, str | bool | int | float):
        return canonical(value)
    raise _Unfit(f"{value!r} is no class: it must be text, a number or a boolean")


def _classes(prediction: object, classes: Sequence[str] | None) -> Mapping[str, float] | str:
    """Return the probability of each class, or the class alone where that is all there is."""
    if isinstance(prediction, Mapping):
        shares = {_class(name): _share(value) for name, value in prediction.items()}
    elif isinstance(prediction, Sequence) and not isinstance(prediction, str):
        if classes is not None and len(classes) != len(prediction):
            raise _Unfit(f"{len(prediction)} probabilities for {len(classes)} classes")
        names = classes or [str(place) for place in range(len(prediction))]
        shares = {name: _share(value) for name, value in zip(names, prediction, strict=True)}
    else:
        return _class(prediction)
    if abs(sum(shares.values()) - 1.0) > _ROUNDING:
        raise _Unfit(f"probabilities that add up to {sum(shares.values()):.4g} instead of 1")
    return shares


def _of_class(answer: Mapping[str, float] | str, label: object) -> dict[str, Any]:
    target = _class(label)
    if isinstance(answer, str):
        return {TARGET: target, PREDICTION: answer, ERROR: RIGHT if answer == target else WRONG}
    # The first of equals, as argmax does it.
    predicted = max(answer, key=lambda name: answer[name])
    return {
        TARGET: target,
        PREDICTION: predicted,
        ERROR: RIGHT if predicted == target else WRONG,
        CONFIDENCE: answer[predicted],
        LOSS: _log_loss(answer.get(target, 0.0)),
    }


def _of_probability(share: float, label: object) -> dict[str, Any]:
    target = _OUTCOMES.get(_class(label).lower())
    if target is None:
        raise _Unfit(f"{label!r} is neither 0 nor 1, false nor true")
    given = share if target == POSITIVE else 1.0 - share
    return {TARGET: target, PREDICTION: share, LOSS: _log_loss(given), BRIER: (1.0 - given) ** 2}


def _of_number(predicted: float, label: object) -> dict[str, Any]:
    target = _number(label)
    residual = target - predicted
    if not math.isfinite(residual):
        raise _Unfit(f"{label!r} is too far from the prediction to tell how far")
    return {TARGET: target, PREDICTION: predicted, RESIDUAL: residual, LOSS: abs(residual)}


def _log_loss(given: float) -> float:
    return -math.log(max(given, LEAST_PROBABILITY)) + 0.0


_ANSWERS: Mapping[Task, Any] = {
    "classification": _classes,
    "probability": lambda prediction, _: _share(prediction),
    "regression": lambda prediction, _: _number(prediction),
}
_ADDED: Mapping[Task, Any] = {
    "classification": _of_class,
    "probability": _of_probability,
    "regression": _of_number,
}
