"""Which of the three moved, where labels are known: the inputs, the target, or the relation between them.

A model errs more for two reasons that ask for different answers: it is asked other questions (the inputs moved), or the
answers have changed (the relation moved: concept drift). Gama et al. 2014 for the terms.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stream.checks.measured import Related
from stream.explain import Explanation
from stream.labelled import PREFIX, TARGET
from stream.words import names_of, percent

# What the tap and other servers say of a model's answers (``docs/pytorch.md``): known before any label.
_ANSWERS = ("prediction", "confidence", "entropy")


@dataclass(frozen=True, slots=True)
class Concept:
    """Whether each of the three moved; of the relation None where too few rows can tell. ``sentence`` says it."""

    inputs: bool
    target: bool
    relation: bool | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as it stands in drift events."""
        return {"inputs": self.inputs, "target": self.target, "relation": self.relation, "sentence": self.sentence}

    @property
    def advice(self) -> str | None:
        """What to do about a relation that changed; None where it did not."""
        if not self.relation:
            return None
        return (
            "Make sure that the labels themselves are right (their source, their delay, their definition); then train "
            "anew on rows since the change, and fit the labelled baseline anew: more rows from before will not help."
        )


def concept(explanation: Explanation) -> Concept | None:
    """Say which of the three moved in a tick; None where the baseline knows no labels."""
    known = explanation.layout.baseline.relation
    if known is None:
        return None
    drifting = explanation.decision.drifting()
    inputs = sorted(name for name in drifting if not name.startswith(PREFIX))
    measured = [one for one in explanation.compared.measured if one.check == "relation" and len(one)]
    changed = [
        trial.measured.related[trial.row]
        for trial in explanation.decision.trials
        if trial.measured.check == "relation" and trial.agrees
    ]
    relation = bool(changed) if measured else None
    words = _Words(known.task, inputs, target=TARGET in drifting, wrong=known.feature in drifting)
    return Concept(bool(inputs), TARGET in drifting, relation, words.sentence(relation, changed))


def early_sign(features: Iterable[str]) -> str | None:
    """Say of a drift of the model's answers that it is an early sign; None where they do not drift."""
    found = sorted(name for name in features if name.rstrip("0123456789").removesuffix("_") in _ANSWERS)
    if not found:
        return None
    return (
        f"The model's own answers drift ({', '.join(found)}): an early sign that comes before any label, and no proof "
        "that they are wrong."
    )


@dataclass(frozen=True, slots=True)
class _Words:
    task: str
    inputs: list[str]
    target: bool
    wrong: bool

    def sentence(self, relation: bool | None, changed: list[Related]) -> str:
        if relation is None:
            told = "too few labelled rows lie where training has any to tell whether the relation to the target changed"
            return f"{self._inputs()}; {told}."
        if changed:
            return f"The relation between inputs and target changed: {self._change(changed[0])}. {self._inputs()}."
        more = "; the model is wrong more often, or less, because it is asked other questions" if self.wrong else ""
        target = "The target's distribution moved. " if self.target else ""
        if self.inputs:
            return f"{target}{self._inputs()}; among alike inputs the outcome is as it was{more}."
        return f"{target}{self._inputs()}, and among alike inputs the outcome is as it was."

    def _inputs(self) -> str:
        if self.inputs:
            return f"The inputs moved ({names_of(self.inputs)})"
        return "The inputs are as they were"

    def _change(self, one: Related) -> str:
        where = f", most where {one.strata[0].where}" if one.strata else ""
        observed, expected = percent(one.observed), percent(one.expected)
        return f"{_QUESTIONS[self.task, one.question].format(observed, expected)}{where}"


_QUESTIONS = {
    ("classification", "error"): "{} of predictions are wrong where {} were expected of such inputs",
    ("probability", "error"): "the rarer outcome came in {} of cases where {} were expected of such inputs",
    ("probability", "bias"): "the positive outcome came in {} of cases where {} were expected of such inputs",
    ("regression", "error"): "{} of residuals are as far out as {} were for such inputs",
    ("regression", "bias"): "{} of targets lie above what training had for such inputs, where {} were expected",
}
