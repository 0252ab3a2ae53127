"""Values that are no longer there, or no longer of the kind that training had."""

import numpy as np

from baselines.baseline import NUMERIC_SPECIALS
from baselines.cells import IntArray
from stream.patterns.pattern import Pattern
from stream.words import percent

# From this share of the rows on, a feature counts as gone, if training had it in at least half of them.
_GONE = 0.99
# A rise of the share of unusable rows by less is told as the check tells it.
_LEAST_RISE = 0.05
_WORDS = {
    "missing": "is missing",
    "nan": "is NaN",
    "negative_infinity": "is infinite",
    "positive_infinity": "is infinite",
    "wrong_type": "is of the wrong type",
}
_CATEGORICAL = ("missing", "wrong_type")


def absence(name: str, specials: tuple[IntArray, IntArray], rows: tuple[int, int]) -> Pattern | None:
    """Return how values went missing; ``specials`` and ``rows`` are of the reference, then of the window.

    The arrays have the shape of ``NUMERIC_SPECIALS``, or (2,) for a categorical feature: missing, wrong type.
    """
    if not all(rows):
        return None
    before, now = specials[0] / rows[0], specials[1] / rows[1]
    if now.sum() - before.sum() < _LEAST_RISE:
        return None
    gone = now.sum() >= _GONE and before.sum() <= 0.5
    order = NUMERIC_SPECIALS if len(now) == len(NUMERIC_SPECIALS) else _CATEGORICAL
    rises = dict(zip(order, (now - before).tolist(), strict=True))
    kind, share = _most_risen(rises), float(now.sum())
    expected = "text where numbers were" if len(now) == len(NUMERIC_SPECIALS) else "no text or number"
    if kind == "wrong_type":
        much = "every row" if gone else f"{percent(share)} of rows"
        return Pattern("wrong_type", f"{name} is of the wrong type ({expected}) in {much}", {"share": share})
    if gone:
        return Pattern("gone", f"{name} {_gone_word(kind)}", {"share": share})
    sentence = f"{name} {_WORDS[kind]} in {percent(share)} of rows, {percent(float(before.sum()))} before"
    return Pattern("missing", sentence, {"share": share})


def _most_risen(rises: dict[str, float]) -> str:
    infinite = rises.get("negative_infinity", 0.0) + rises.get("positive_infinity", 0.0)
    merged = {**rises, "positive_infinity": infinite} if "positive_infinity" in rises else rises
    return max(merged, key=lambda kind: merged[kind])


def _gone_word(kind: str) -> str:
    return "went missing entirely" if kind == "missing" else f"{_WORDS[kind]} in every row"


def rise(specials: tuple[IntArray, IntArray], rows: tuple[int, int]) -> float:
    """Return by how much the share of rows without a value rose; 0 where it fell."""
    if not all(rows):
        return 0.0
    return float(np.sum(specials[1]) / rows[1] - np.sum(specials[0]) / rows[0])
