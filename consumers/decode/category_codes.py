"""Categories as they stand in JSON -> numbers of the feature's cells."""

from collections.abc import Sequence

import numpy as np

from baselines.baseline import CATEGORICAL_SPECIALS, CategoricalReference
from baselines.categories import canonical
from consumers.decode.event_format import Scalar
from stream.rows import CategoricalColumn

# Stands where a category belongs and an object or array was found.
WRONG = object()
_LARGEST_EXACT_FLOAT = 2**53


class CategoryCodes(dict[object, int]):
    """Maps a JSON value to its cell: a look-up in C for the values training knew, one method for the others.

    Keys are texts and, where a category is the text of a number, that number too. ``True == 1`` in Python: values of
    type bool are looked up as "true" and "false" only, except for boolean features, where 1 means true.
    """

    def __init__(self, reference: CategoricalReference) -> None:
        known: dict[str, int] = {
            text.lower() if reference.boolean else text: code for code, text in enumerate(reference.categories)
        }
        self.boolean = reference.boolean
        # Counts the values that no key has, so that a batch without one need not be searched for the unseen.
        self.misses = 0
        self.unseen, missing, wrong_type = (len(reference.categories) + i for i in range(len(CATEGORICAL_SPECIALS)))
        super().__init__()
        self.update(known)
        self.update({None: missing, WRONG: wrong_type})
        self.update(_boolean_keys(self) if reference.boolean else _number_keys(known))

    def __missing__(self, value: Scalar) -> int:
        self.misses += 1
        return self.get(self.name(value), self.unseen)

    def name(self, value: Scalar) -> str:
        """Return the canonical text of a category that no key has; half of a surrogate pair becomes U+FFFD."""
        text = canonical(_as_boolean(value) if self.boolean else value)
        text = text.lower() if self.boolean else text
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def column(self, values: Sequence[object]) -> CategoricalColumn:
        """Return the cells of n values, and the names of those that training did not have."""
        misses = self.misses
        cells = np.fromiter(map(self.__getitem__, values), np.int64, len(values))
        if self.misses == misses:
            return CategoricalColumn(cells)
        unseen = np.flatnonzero(cells == self.unseen).tolist()
        # Neither None nor WRONG has the code of the unseen.
        return CategoricalColumn(cells, {row: self.name(values[row]) for row in unseen})  # type: ignore[arg-type]


def _boolean_keys(known: CategoryCodes) -> dict[object, int]:
    return {value: known[text] for value, text in ((True, "true"), (False, "false")) if text in known}


def _number_keys(known: dict[str, int]) -> dict[object, int]:
    """Return number -> code for the texts that are the canonical text of a number, so that 3 finds "3" at once."""
    keys: dict[object, int] = {}
    for text, code in known.items():
        try:
            number = float(text)
        except ValueError:
            continue
        if abs(number) < _LARGEST_EXACT_FLOAT and canonical(number) == text:
            keys[number] = code
    return keys


def _as_boolean(value: Scalar) -> Scalar:
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else value
