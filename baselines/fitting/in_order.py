"""A column's values one by one, for those who must know which row each of them belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from baselines.cells import FloatArray

BoolArray: TypeAlias = NDArray[np.bool_]

# Stands among names where an object or a list was found.
STRUCTURE: Final = object()


@dataclass(frozen=True, slots=True)
class Numbers:
    """The values of a column one by one: ``numbers`` (v,), and which of them are ``missing`` or ``wrong`` type.

    What is neither may still be NaN or infinite: then it is a number that is not finite.
    """

    numbers: FloatArray
    missing: BoolArray
    wrong: BoolArray

    @classmethod
    def of(cls, numbers: FloatArray) -> "Numbers":
        """Take numbers, of which none is missing."""
        none = np.zeros(len(numbers), dtype=np.bool_)
        return cls(numbers, none, none)

    @classmethod
    def of_each(cls, values: Iterable[float | str | None]) -> "Numbers":
        """Take numbers one by one; "" is a missing value, None one that is no number."""
        each = list(values)
        numbers = np.array([value if isinstance(value, float) else np.nan for value in each], dtype=np.float64)
        missing = np.array([isinstance(value, str) for value in each], dtype=np.bool_)
        return cls(numbers, missing, np.array([value is None for value in each], dtype=np.bool_))
