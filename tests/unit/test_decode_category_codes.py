"""Categories as JSON values -> numbers of cells."""

import numpy as np
import pytest

from baselines.baseline import CategoricalReference
from consumers.decode.category_codes import WRONG, CategoryCodes


def codes_of(*categories: str, boolean: bool = False) -> CategoryCodes:
    return CategoryCodes(
        CategoricalReference("x", categories, np.zeros(len(categories) + 3, np.int64), 0, boolean=boolean)
    )


def test_special_cells_stand_behind_the_categories() -> None:
    """Unseen, missing and wrong type are the three cells after the last category, in that order."""
    assert codes_of("a", "b").column(["b", "z", None, WRONG]).codes.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("category", "value"),
    [
        ("3", 3),
        ("3", 3.0),
        ("-7", -7),
        ("0.5", 0.5),
        ("1e+300", 1e300),
        ("9007199254740993", 9007199254740993),
        ("0", -0.0),
    ],
)
def test_numbers_find_their_text(category: str, value: float) -> None:
    """An integer or float finds the category that training spelled as text."""
    assert codes_of("a", category)[value] == 1


@pytest.mark.parametrize(
    ("category", "value"), [("1", "true"), ("3.0", 3), ("03", 3), ("nan", 3), ("1", "1.0"), ("1e+16", 10**16)]
)
def test_texts_that_only_look_alike_stay_apart(category: str, value: object) -> None:
    """A text is compared letter by letter, and a number with its canonical text alone."""
    assert codes_of(category)[value] == 1


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "True", "TRUE"])
def test_boolean_features_take_true_in_any_spelling(value: object) -> None:
    """JSON's true, one, and the word in any case are the same category."""
    assert codes_of("false", "true", boolean=True)[value] == 1
    assert codes_of("False", "True", boolean=True)[value] == 1


def test_a_boolean_never_seen_is_named_as_one() -> None:
    """Where training knew only false, a 1 is the unseen category "true"."""
    codes = codes_of("false", boolean=True)
    assert (codes[1], codes.name(1), codes.name("Maybe")) == (1, "true", "maybe")


def test_looking_up_keeps_nothing() -> None:
    """A stream of ever new names does not grow the table: its memory is the baseline's."""
    codes = codes_of("a", "b")
    size = len(codes)
    codes.column([f"name {i}" for i in range(1000)])
    assert (len(codes), codes.misses) == (size, 1000)


def test_names_can_always_be_written() -> None:
    """The name of an unseen category is valid Unicode, whatever halves of pairs came in."""
    assert codes_of("a").name("x\ud800").encode() == "x\ufffd".encode()
    assert codes_of("a").name("😀ü") == "😀ü"
