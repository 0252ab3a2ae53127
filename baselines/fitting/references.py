"""From finished counts to references."""

from collections.abc import Mapping

import numpy as np

from baselines.baseline import (
    CATEGORICAL_SPECIALS,
    NUMERIC_SPECIALS,
    CategoricalReference,
    NumericReference,
    reference_counts,
)
from baselines.cells import FloatArray, IntArray
from baselines.fitting.cells import BOOLEAN_TEXTS
from baselines.fitting.reduce import quantiles, thin

# The categories a reference keeps; the rows of rarer ones are counted together.
MOST_CATEGORIES = 1_000


def numeric_reference(
    name: str,
    values: FloatArray,
    cells: IntArray,
    specials: Mapping[str, int],
    mean_std: tuple[float, float],
    keep: int,
    note: str,
) -> NumericReference:
    """Make a numeric reference of all rows counted into the cells of ``values``, of which about ``keep`` are kept."""
    kept, thinned = thin(values, cells, keep)
    return NumericReference(
        name=name,
        values=kept,
        counts=reference_counts(thinned, specials, NUMERIC_SPECIALS),
        mean=mean_std[0],
        std=mean_std[1],
        minimum=float(values[0]),
        maximum=float(values[-1]),
        quantiles=quantiles(values, cells),
        note=note,
    )


def categorical_reference(name: str, names: Mapping[str, int], rows: int, singletons: int) -> CategoricalReference:
    """Make a categorical reference of ``rows`` named rows; missing and wrong type are for the caller to fill in.

    The most frequent categories are kept, ties by name; the rows of the others are the reference's own "unseen".
    """
    boolean = all(text.lower() in BOOLEAN_TEXTS for text in names)
    if boolean:
        names = _lower(names)
        singletons = sum(count == 1 for count in names.values())
    kept = sorted(sorted(names, key=lambda text: (-names[text], text))[:MOST_CATEGORIES])
    counts = np.array([names[text] for text in kept], dtype=np.int64)
    return CategoricalReference(
        name=name,
        categories=tuple(kept),
        counts=reference_counts(counts, {"unseen": rows - int(counts.sum())}, CATEGORICAL_SPECIALS),
        singletons=singletons,
        boolean=boolean,
    )


def _lower(names: Mapping[str, int]) -> dict[str, int]:
    folded: dict[str, int] = {}
    for text, count in names.items():
        folded[text.lower()] = folded.get(text.lower(), 0) + count
    return folded
