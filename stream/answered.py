"""A request with its response as the features of one event: the inputs as they were, and what the model answered."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from stream.labelled import Refused

# The task of pairs that have no label: what comes later for an event is the model's own answer.
Response: TypeAlias = Literal["response"]
RESPONSE: Response = "response"
# The name of the answer; as the tap has it.
ANSWER = "prediction"


def answered_features(
    features: Mapping[str, Any], answer: object, classes: Sequence[str] | None = None
) -> dict[str, Any] | Refused:
    """Return the features of a pair: ``features`` as they are, and the answer as ``prediction``.

    An answer of several values has a feature for each: ``prediction.NAME``, by the names that it has itself, or by
    those of ``classes``, or by their places.

    >>> answered_features({"age": 30}, [0.25, 0.75], ["cat", "dog"])
    {'age': 30, 'prediction.cat': 0.25, 'prediction.dog': 0.75}
    >>> answered_features({"age": 30}, {"price": 4.5})
    {'age': 30, 'prediction.price': 4.5}
    """
    if isinstance(answer, list) and classes is not None and len(classes) != len(answer):
        return Refused("bad_label", f"{len(answer)} values for {len(classes)} classes")
    if isinstance(answer, list):
        answer = dict(zip(classes or map(str, range(len(answer))), answer, strict=True))
    named = {f"{ANSWER}.{name}": value for name, value in answer.items()} if isinstance(answer, Mapping) else None
    added = {ANSWER: answer} if named is None else named
    taken = next((name for name in added if name in features), None)
    if taken is not None:
        return Refused("reserved_name", f"the request has a feature {taken!r}, which is the response's")
    return {**features, **added}
